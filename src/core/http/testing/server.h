// A listener with a handler made of a function, for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/async/loop.h"
#include "core/http/listener.h"

namespace starling::http::testing {

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<async::Task<void>(Exchange&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  async::Task<void> Handle(Exchange& exchange) override { return function_(exchange); }

 private:
  Function function_;
};

class Server {
 public:
  explicit Server(FunctionHandler::Function function, ListenerOptions options = {}, size_t loops = 2)
      : handler_(std::move(function)), loops_(loops) {
    auto listener = Listener::Start(loops_, std::move(options), handler_);
    status_ = listener.status();
    if (listener.ok()) listener_ = *std::move(listener);
  }
  const absl::Status& status() const { return status_; }
  Listener& listener() { return *listener_; }
  const std::string& address() const { return listener_->address(); }
  async::LoopGroup& loops() { return loops_; }
  void Stop() { listener_.reset(); }

 private:
  FunctionHandler handler_;
  async::LoopGroup loops_;
  absl::Status status_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace starling::http::testing
