// One HTTP request and its answer, on the calling thread. Internal to this folder.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::blob_s3 {

struct HttpRequest {
  std::string verb, url;
  std::map<std::string, std::string> headers;
  std::string_view body;
  size_t max_answer_bytes = 0;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Thread-safe. Keeps connections that are not in use for the next request; no proxy, no redirects.
class Http {
 public:
  struct Options {
    std::string ca_file;  // empty: the system's
    std::chrono::milliseconds connect_timeout, timeout;
  };

  explicit Http(Options options);
  ~Http();
  Http(const Http&) = delete;

  // UNAVAILABLE: no answer came whole; FAILED_PRECONDITION: never will, because of the server's certificate; RESOURCE_EXHAUSTED: the answer
  // is larger than max_answer_bytes.
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request);

 private:
  class Connection;
  std::unique_ptr<Connection> Take();

  const Options options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

}  // namespace starling::blob_s3
