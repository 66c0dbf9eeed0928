// One HTTP request and its answer, on the calling thread: REST upstreams are asked this way.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/http/transport/tls.h"

namespace starling::inference_remote {

struct HttpRequest {
  std::string verb, path;
  std::vector<std::string> headers;  // "name: value"
  std::string_view body;
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Thread-safe. Keeps connections that are not in use for the next request; no proxy, no redirects.
class HttpClient {
 public:
  struct Options {
    std::string
        address;  // "1.2.3.4:80", "[::1]:80": the one that is connected to, whatever `host` means elsewhere
    std::string host;  // of the Host header, and must be in the server's certificate
    bool tls = false;
    http::TlsClientOptions tls_files;
    std::chrono::milliseconds connect_timeout{2000};
    size_t max_answer_bytes = 0;
  };

  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;

  // Ends when `context` does: DEADLINE_EXCEEDED, CANCELLED. UNAVAILABLE if no answer came whole, with rpc::WithNotProcessed if the
  // server was not reached; RESOURCE_EXHAUSTED if the answer is larger than max_answer_bytes.
  absl::StatusOr<HttpAnswer> Send(const RequestContext& context, const HttpRequest& request);

 private:
  class Connection;
  std::unique_ptr<Connection> Take();

  const Options options_;
  const std::string origin_;  // "https://host:port"
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

}  // namespace starling::inference_remote
