#include "backends/blob_s3/http.h"

#include <curl/curl.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace starling::blob_s3 {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Answer {
  HttpResponse response;
  size_t max_bytes;
};

size_t TakeBody(const char* data, size_t, size_t size, void* to) {
  Answer& answer = *static_cast<Answer*>(to);
  if (answer.response.body.size() + size > answer.max_bytes) return 0;
  answer.response.body.append(data, size);
  return size;
}

size_t TakeHeader(const char* data, size_t, size_t size, void* to) {
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    static_cast<Answer*>(to)->response.headers[absl::AsciiStrToLower(ToAbsl(line.substr(0, colon)))] =
        std::string(ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1)))));
  }
  return size;
}

}  // namespace

class Http::Connection {
 public:
  Connection() : handle_(curl_easy_init()) {}
  ~Connection() { curl_easy_cleanup(handle_); }
  Connection(const Connection&) = delete;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request, const Options& options) {
    curl_easy_reset(handle_);  // connections stay
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_PATH_AS_IS, 1L);
    Set(CURLOPT_USERAGENT, "starling");
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    if (!options.ca_file.empty()) Set(CURLOPT_CAINFO, options.ca_file.c_str());
    Set(CURLOPT_URL, request.url.c_str());
    Set(CURLOPT_CUSTOMREQUEST, request.verb.c_str());
    if (request.verb == "HEAD") {
      Set(CURLOPT_NOBODY, 1L);
    } else if (request.verb != "GET") {
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      Set(CURLOPT_POSTFIELDS, request.body.data());
    }
    // Without the round trip before a body, and without the type that forms have.
    std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Expect:"));
    const auto add = [&headers](const std::string& line) {
      headers.reset(curl_slist_append(headers.release(), line.c_str()));
    };
    add("Content-Type:");
    for (const auto& [name, value] : request.headers) add(StrCat(name, ": ", value));
    Set(CURLOPT_HTTPHEADER, headers.get());
    Answer answer{{}, request.max_answer_bytes};
    Set(CURLOPT_WRITEFUNCTION, &TakeBody);
    Set(CURLOPT_WRITEDATA, &answer);
    Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
    Set(CURLOPT_HEADERDATA, &answer);
    const CURLcode code = curl_easy_perform(handle_);
    if (code == CURLE_WRITE_ERROR) return ResourceExhausted("it answered more than was asked for");
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
      return FailedPrecondition(curl_easy_strerror(code));
    if (code != CURLE_OK) return Unavailable(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    answer.response.status = static_cast<int>(status);
    return std::move(answer.response);
  }

 private:
  template <typename T>
  void Set(CURLoption option, T value) {
    curl_easy_setopt(handle_, option, value);
  }

  CURL* const handle_;
};

Http::Http(Options options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}
Http::~Http() = default;

std::unique_ptr<Http::Connection> Http::Take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Connection>();
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

absl::StatusOr<HttpResponse> Http::Send(const HttpRequest& request) {
  auto connection = Take();
  auto response = connection->Send(request, options_);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  return response;
}

}  // namespace starling::blob_s3
