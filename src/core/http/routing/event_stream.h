// Server-sent events (HTML standard, section 9.2) as one response. Internal to core/http.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/async/completion.h"
#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/http/exchange.h"

namespace starling::http {

// Loop thread only. Finish() must have been awaited before it is destroyed, if anything was started.
class EventStream {
 public:
  EventStream(Exchange& exchange, std::chrono::milliseconds heartbeat)
      : exchange_(exchange), heartbeat_(heartbeat) {}

  bool started() const { return started_; }
  // From now on a comment is sent whenever nothing else was for a while; the first one also sends the headers, so that the
  // client knows that it is connected.
  void KeepAlive();
  // One event; `data` holds no line feed (JSON does not). Waits until the connection takes more.
  async::Task<absl::Status> Send(std::string_view data);
  // Nothing was started, and nothing is to be: the caller answers in another way.
  void Abandon() {
    finished_ = true;
    timer_.Cancel();
  }
  // The end; with `error`, an event of that name before it.
  async::Task<void> Finish(std::string error);

 private:
  async::Task<absl::Status> WriteInTurn(std::string text);
  async::Task<void> Beat();

  Exchange& exchange_;
  const std::chrono::milliseconds heartbeat_;
  async::Timer timer_;
  async::TaskGroup beats_;
  bool started_ = false;
  bool finished_ = false;
  bool writing_ = false;
  std::optional<async::Completer<bool>> next_writer_;
};

}  // namespace starling::http
