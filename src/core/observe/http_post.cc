#include "core/observe/http_post.h"

#include <curl/curl.h>

#include <mutex>

#include "base/status.h"

namespace starling::observe {
namespace {

size_t Discard(char*, size_t size, size_t count, void*) { return size * count; }

int StopIfCancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const std::function<bool()>*>(cancelled))() ? 1 : 0;
}

void StartCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct HttpPoster::Curl {
  Curl(const Options& options, std::function<bool()> is_cancelled) : cancelled(std::move(is_cancelled)) {
    StartCurl();
    handle = curl_easy_init();
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");  // no round trip before the body
    for (const auto& [name, value] : options.headers) {
      headers = curl_slist_append(headers, StrCat(name, ": ", value).c_str());
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Discard);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "starling");
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &StopIfCancelled);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &this->cancelled);
    if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
  }
  ~Curl() {
    curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
  }

  const std::function<bool()> cancelled;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
};

HttpPoster::HttpPoster(const Options& options, std::function<bool()> cancelled)
    : curl_(std::make_unique<Curl>(options, std::move(cancelled))) {}
HttpPoster::~HttpPoster() = default;

absl::StatusOr<PostReply> HttpPoster::Post(const std::string& url, std::string_view body) {
  CURL* handle = curl_->handle;
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  const CURLcode code = curl_easy_perform(handle);
  if (code == CURLE_ABORTED_BY_CALLBACK) return Cancelled("cancelled");
  if (code == CURLE_OPERATION_TIMEDOUT) return DeadlineExceeded(curl_easy_strerror(code));
  if (code != CURLE_OK) return Unavailable(curl_easy_strerror(code));

  PostReply reply;
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) reply.retry_after = std::chrono::seconds(retry_after);
  return reply;
}

}  // namespace starling::observe
