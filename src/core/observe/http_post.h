#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::observe {

struct PostReply {
  int status = 0;
  std::optional<std::chrono::seconds> retry_after;
};

// Sends JSON to one server over http or https, on a connection that is kept. It blocks: one thread of its own at a
// time. Neither redirects nor proxies from the environment are followed.
class HttpPoster {
 public:
  struct Options {
    std::chrono::milliseconds timeout = std::chrono::seconds(5);  // of one request
    std::string ca_file;                                          // PEM; empty for the system's
    std::vector<std::pair<std::string, std::string>> headers;
  };
  // A request that is under way ends within a second of `cancelled` giving true; asked on the posting thread.
  HttpPoster(const Options& options, std::function<bool()> cancelled);
  ~HttpPoster();

  // UNAVAILABLE if there was no answer, DEADLINE_EXCEEDED if it took too long, CANCELLED.
  absl::StatusOr<PostReply> Post(const std::string& url, std::string_view body);

 private:
  struct Curl;
  const std::unique_ptr<Curl> curl_;
};

}  // namespace starling::observe
