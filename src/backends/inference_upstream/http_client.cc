#include "backends/inference_upstream/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "core/rpc/retry_marker.h"

namespace starling::inference_remote {
namespace {

using std::chrono::steady_clock;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Taken {
  HttpAnswer answer;
  size_t max_bytes;
};

size_t TakeBody(const char* data, size_t, size_t size, void* to) {
  Taken& taken = *static_cast<Taken*>(to);
  if (taken.answer.body.size() + size > taken.max_bytes) return 0;
  taken.answer.body.append(data, size);
  return size;
}

size_t TakeHeader(const char* data, size_t, size_t size, void* to) {
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    static_cast<Taken*>(to)->answer.headers[absl::AsciiStrToLower(ToAbsl(line.substr(0, colon)))] =
        std::string(ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1)))));
  }
  return size;
}

std::string Origin(const HttpClient::Options& options) {
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  return StrCat(options.tls ? "https://" : "http://", is_ipv6 ? "[" : "", options.host, is_ipv6 ? "]" : "",
                options.address.substr(options.address.rfind(':')));
}

}  // namespace

// A transfer of its own: another thread can wake it.
class HttpClient::Connection {
 public:
  Connection() : handle_(curl_easy_init()), transfers_(curl_multi_init()) {}
  ~Connection() {
    curl_easy_cleanup(handle_);
    curl_multi_cleanup(transfers_);
  }
  Connection(const Connection&) = delete;

  absl::StatusOr<HttpAnswer> Send(const RequestContext& context, const Options& options,
                                  const std::string& url, const HttpRequest& request) {
    curl_easy_reset(handle_);  // connections stay
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_PATH_AS_IS, 1L);
    Set(CURLOPT_USERAGENT, "starling");
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    // The address that was judged, and no other that the name may mean by now.
    std::unique_ptr<curl_slist, FreeList> connect_to(
        curl_slist_append(nullptr, StrCat("::", options.address).c_str()));
    Set(CURLOPT_CONNECT_TO, connect_to.get());
    if (!options.tls_files.ca_file.empty()) Set(CURLOPT_CAINFO, options.tls_files.ca_file.c_str());
    if (!options.tls_files.certificate_file.empty()) {
      Set(CURLOPT_SSLCERT, options.tls_files.certificate_file.c_str());
      Set(CURLOPT_SSLKEY, options.tls_files.key_file.c_str());
    }
    Set(CURLOPT_URL, url.c_str());
    if (request.verb != "GET") {
      Set(CURLOPT_CUSTOMREQUEST, request.verb.c_str());
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      Set(CURLOPT_POSTFIELDS, request.body.data());
    }
    // Without the round trip before a body.
    std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Expect:"));
    for (const std::string& line : request.headers)
      headers.reset(curl_slist_append(headers.release(), line.c_str()));
    Set(CURLOPT_HTTPHEADER, headers.get());
    Taken taken{{}, options.max_answer_bytes};
    Set(CURLOPT_WRITEFUNCTION, &TakeBody);
    Set(CURLOPT_WRITEDATA, &taken);
    Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
    Set(CURLOPT_HEADERDATA, &taken);
    RETURN_IF_ERROR(Perform(context));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    taken.answer.status = static_cast<int>(status);
    return std::move(taken.answer);
  }

 private:
  template <typename T>
  void Set(CURLoption option, T value) {
    curl_easy_setopt(handle_, option, value);
  }

  absl::Status Perform(const RequestContext& context) {
    const CancelRegistration wake =
        context.cancel().OnCancel([this](const absl::Status&) { curl_multi_wakeup(transfers_); });
    curl_multi_add_handle(transfers_, handle_);
    absl::Status status = Wait(context);
    curl_multi_remove_handle(transfers_, handle_);
    return status;
  }

  absl::Status Wait(const RequestContext& context) {
    for (int running = 1;;) {
      if (curl_multi_perform(transfers_, &running) != CURLM_OK) return Internal("libcurl failed.");
      if (running == 0) break;
      RETURN_IF_ERROR(context.Check());
      auto wait = std::chrono::milliseconds(1000);
      if (context.has_deadline()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(context.deadline() - steady_clock::now());
        wait = std::clamp(left, std::chrono::milliseconds(1), wait);
      }
      curl_multi_poll(transfers_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
    int left = 0;
    const CURLMsg* const message = curl_multi_info_read(transfers_, &left);
    return message == nullptr ? Internal("libcurl failed.") : Judged(message->data.result);
  }

  absl::Status Judged(CURLcode code) {
    if (code == CURLE_OK) return absl::OkStatus();
    if (code == CURLE_WRITE_ERROR) return ResourceExhausted("Its answer is larger than max_message_mb.");
    const absl::Status status = Unavailable(curl_easy_strerror(code), ".");
    curl_off_t began_us = 0;  // when the request could begin: 0 if the server was not reached
    curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &began_us);
    return began_us == 0 ? rpc::WithNotProcessed(status) : status;
  }

  CURL* const handle_;
  CURLM* const transfers_;
};

HttpClient::HttpClient(Options options) : options_(std::move(options)), origin_(Origin(options_)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::Take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Connection>();
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

absl::StatusOr<HttpAnswer> HttpClient::Send(const RequestContext& context, const HttpRequest& request) {
  auto connection = Take();
  auto answer = connection->Send(context, options_, StrCat(origin_, request.path), request);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  return answer;
}

}  // namespace starling::inference_remote
