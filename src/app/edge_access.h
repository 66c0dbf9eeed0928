// Who may come in, and by which listener.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/app_config.h"
#include "core/http/edge/authenticator.h"
#include "core/http/exchange.h"

namespace starling::app {

// Made once, before anything listens. Thread-safe.
class EdgeAccess {
 public:
  // One sentence for the operator for a wrong key entry, or a listener that would ask nobody who they are.
  static absl::StatusOr<std::unique_ptr<EdgeAccess>> Make(const ServerConfig& server, const AuthConfig& auth);

  // Of the public listeners.
  http::Authenticator& callers() { return *callers_; }
  // Of the admin listener: on loopback, or where the configuration asks nobody, whoever comes without credentials is the
  // operator and has the scope `admin`.
  http::Authenticator& operators() { return *operators_; }
  // What to warn of at every start.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::unique_ptr<http::Authenticator> callers_, operators_;
  std::vector<std::string> warnings_;
};

// A page for those with the scope `admin`: 401 and 403 for others. Thread-safe.
class OperatorPage final : public http::Handler {
 public:
  // The page outlives it, and so does the authenticator, which is set before it serves.
  explicit OperatorPage(http::Handler& page) : page_(page) {}
  void set_authenticator(http::Authenticator* operators) { operators_ = operators; }
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  http::Handler& page_;
  http::Authenticator* operators_ = nullptr;
};

}  // namespace starling::app
