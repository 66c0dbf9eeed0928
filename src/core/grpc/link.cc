#include "core/grpc/link.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/http/transport/connect.h"
#include "core/rpc/retry_marker.h"

namespace starling::grpc {

using std::chrono::steady_clock;

void ChannelStatus::Connected() {
  std::lock_guard lock(mutex_);
  ++state_.connections;
  state_.last_error.clear();
}

void ChannelStatus::Disconnected(const absl::Status& why) {
  std::lock_guard lock(mutex_);
  --state_.connections;
  state_.last_error = Message(why);
}

void ChannelStatus::Failed(const absl::Status& why) {
  std::lock_guard lock(mutex_);
  state_.last_error = Message(why);
}

ChannelState ChannelStatus::Get() const {
  std::lock_guard lock(mutex_);
  return state_;
}

Link::Link(async::Loop& loop, const ChannelOptions& options, std::shared_ptr<ChannelStatus> status)
    : loop_(loop),
      options_(options),
      status_(std::move(status)),
      backoff_(options.reconnect_pause, options.reconnect_pause) {}

const std::shared_ptr<http::H2ClientSession>& Link::usable() {
  if (session_ != nullptr && !session_->usable()) session_ = nullptr;
  return session_;
}

async::Task<absl::StatusOr<std::shared_ptr<http::H2ClientSession>>> Link::Connect(RequestContext context) {
  const auto keep = shared_from_this();
  while (usable() == nullptr) {
    CO_RETURN_IF_ERROR(context.Check());
    if (drained_) co_return rpc::WithNotProcessed(Unavailable("The channel is closed."));
    if (!connecting_) {
      if (steady_clock::now() < next_attempt_) co_return rpc::WithNotProcessed(last_error_);
      connecting_ = true;
      async::Spawn(loop_, Attempt());
    }
    async::Completion<bool> done;
    const auto completer = done.completer();
    waiting_.push_back(completer);
    const auto registration =
        context.cancel().OnCancel([completer](const absl::Status&) { completer.Set(false); });
    async::Timer timer;
    if (context.has_deadline()) {
      timer = loop_.After(context.deadline() - steady_clock::now(), [completer] { completer.Set(false); });
    }
    co_await done;
  }
  co_return session_;
}

async::Task<void> Link::Attempt() {
  const auto keep = shared_from_this();
  http::H2Options h2;
  h2.ping_interval = options_.ping_interval;
  h2.ping_timeout = options_.ping_timeout;
  http::ConnectOptions connect;
  connect.connect_timeout = options_.connect_timeout;
  connect.connection.handshake_timeout = options_.connect_timeout;
  connect.tls = options_.tls;
  connect.server_name = options_.server_name;
  const auto session = std::make_shared<std::shared_ptr<http::H2ClientSession>>();
  http::ClientSessionFactory make = [&h2, &connect, session](
                                        http::Connection& connection,
                                        std::string_view protocol) -> std::shared_ptr<http::Session> {
    if (connect.tls != nullptr && protocol != "h2") return nullptr;
    *session = std::make_shared<http::H2ClientSession>(connection, h2);
    (*session)->Begin();
    return *session;
  };
  absl::Status connected;
  auto address = http::SocketAddress::Parse(options_.address);
  if (address.ok()) {
    // Streams and the status hear of the end through the session.
    const auto connection = co_await http::Connect(*address, connect, std::move(make), nullptr);
    connected = connection.status();
  } else {
    connected = address.status();
  }
  connecting_ = false;
  if (connected.ok()) {
    backoff_.Reset();
    status_->Connected();
    session_ = *session;
    session_->set_on_closed([status = status_](const absl::Status& why) { status->Disconnected(why); });
    if (drained_) session_->Drain();
  } else {
    last_error_ = Unavailable("Cannot reach ", options_.address, ". ", Message(connected));
    next_attempt_ = steady_clock::now() + backoff_.Next(RandomId());
    status_->Failed(connected);
  }
  for (auto& waiter : std::exchange(waiting_, {})) waiter.Set(true);
}

void Link::Drain() {
  drained_ = true;
  if (session_ != nullptr) session_->Drain();
}

}  // namespace starling::grpc
