// Addresses of `remote` targets, looked up again and again, because replicas come and go.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::run {

// "unix:/path", "host:port", "[v6]:port": OK, or INVALID_ARGUMENT that says what is wrong.
absl::Status CheckTarget(const std::string& target);

// By address ("1.2.3.4:80", "[::1]:80", or a Unix target as it is) the host that it was looked up by, which is the name that
// its certificate must carry; empty for Unix targets. An address of two hosts has the name of the first.
using Addresses = std::map<std::string, std::string>;

// One lookup, blocking: every address of every target. UNAVAILABLE if a name does not resolve.
absl::StatusOr<Addresses> ResolveTargets(const std::vector<std::string>& targets);

// Looks up on a thread of its own, at once and then every `interval`, and calls `changed` there with each new set; where
// all targets are numbers or Unix sockets, for the first time in the constructor. A failed lookup keeps the last set and
// is told to `failed`. `lookup` is called on the thread alone.
class Resolver {
 public:
  using Lookup = std::function<absl::StatusOr<Addresses>(const std::vector<std::string>&)>;

  Resolver(std::vector<std::string> targets, std::chrono::milliseconds interval,
           std::function<void(const Addresses&)> changed, std::function<void(const absl::Status&)> failed,
           Lookup lookup = ResolveTargets);
  ~Resolver();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace starling::run
