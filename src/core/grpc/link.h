// The connection of a channel on one loop. Internal to core/grpc.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/async/completion.h"
#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/grpc/channel.h"
#include "core/http/h2/h2_client.h"
#include "core/resilience/backoff.h"

namespace starling::grpc {

// What all loops' links share, for those who look from outside. Thread-safe.
class ChannelStatus {
 public:
  void Connected();
  void Disconnected(const absl::Status& why);  // a connection that was counted
  void Failed(const absl::Status& why);
  ChannelState Get() const;

 private:
  mutable std::mutex mutex_;
  ChannelState state_;
};

// Loop thread only.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(async::Loop& loop, const ChannelOptions& options, std::shared_ptr<ChannelStatus> status);

  async::Loop& loop() { return loop_; }
  // The session if it takes requests, else null.
  const std::shared_ptr<http::H2ClientSession>& usable();
  // Waits for one, as long as the context allows.
  async::Task<absl::StatusOr<std::shared_ptr<http::H2ClientSession>>> Connect(RequestContext context);
  // No new calls; the connection ends with the last one.
  void Drain();

 private:
  async::Task<void> Attempt();

  async::Loop& loop_;
  const ChannelOptions options_;
  const std::shared_ptr<ChannelStatus> status_;
  std::shared_ptr<http::H2ClientSession> session_;
  resilience::Backoff backoff_;
  std::chrono::steady_clock::time_point next_attempt_{};
  absl::Status last_error_;
  bool connecting_ = false;
  bool drained_ = false;
  std::vector<async::Completer<bool>> waiting_;
};

}  // namespace starling::grpc
