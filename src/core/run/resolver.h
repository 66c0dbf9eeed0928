// Addresses of `remote` targets, looked up again and again, because replicas come and go.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::run {

// "unix:/path", "host:port", "[v6]:port": OK, or INVALID_ARGUMENT that says what is wrong.
absl::Status CheckTarget(const std::string& target);

// One lookup, blocking: every address of every target as "1.2.3.4:80" or "[::1]:80", sorted, each once; Unix targets as
// they are. UNAVAILABLE if a name does not resolve.
absl::StatusOr<std::vector<std::string>> ResolveTargets(const std::vector<std::string>& targets);

// Looks up on a thread of its own, at once and then every `interval`, and calls `changed` there with each new set. A
// failed lookup keeps the last set and is told to `failed`.
class Resolver {
 public:
  Resolver(std::vector<std::string> targets, std::chrono::milliseconds interval,
           std::function<void(const std::vector<std::string>&)> changed,
           std::function<void(const absl::Status&)> failed);
  ~Resolver();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace starling::run
