#include "core/http/listener.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/http/acceptor.h"
#include "core/http/h1/h1_session.h"
#include "core/http/h2/h2_server.h"
#include "core/http/refusal.h"

namespace starling::http {
namespace {

// How long handlers may take to end once they are cancelled.
constexpr std::chrono::seconds kCancelledEnd(5);
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// One loop's share of the listener. That loop's thread only.
struct Shard {
  explicit Shard(async::Loop& l) : loop(l) {}
  async::Loop& loop;
  std::shared_ptr<Acceptor> acceptor;
  std::unordered_set<std::shared_ptr<SocketConnection>> connections;
};

// Held by every connection: outlives the listener as long as one is open.
struct Core final : Handler, std::enable_shared_from_this<Core> {
  Core(ListenerOptions o, Handler& h) : options(std::move(o)), handler(h) {}

  // A handler may outlive its connection: who drains waits for it too, because what it calls is taken down next.
  async::Task<void> Handle(Exchange& exchange) override {
    const auto keep = shared_from_this();
    busy.fetch_add(1);
    co_await handler.Handle(exchange);
    Left();
  }

  void Accepted(Shard& shard, int fd, const SocketAddress& address) {
    Count(stats.connections_accepted);
    bool refused = stats.connections_open.load() >= static_cast<int64_t>(options.max_connections);
    Peer peer{.address = address.ToString(), .tls = options.tls};
    if (address.is_unix()) {
      peer.address = "unix";
      peer.unix_socket = PeerMayUseUnixSocket(fd);
      if (!peer.unix_socket) {
        Count(stats.connections_refused);
        Count(options.metrics, Refused::kWrongUser);
        ::close(fd);
        return;
      }
    }
    if (refused) {
      Count(stats.connections_refused);
      Count(options.metrics, Refused::kTooManyConnections);
      // Telling costs a connection for a moment: beyond some it is only closed.
      if (options.tls || refusals.load() >= 256) {
        ::close(fd);
        return;
      }
    }
    (refused ? refusals : stats.connections_open).fetch_add(1);
    if (!refused) busy.fetch_add(1);
    auto* const target = &shard;
    if (&shard.loop == async::Loop::Current()) return Open(*target, fd, std::move(peer), refused);
    shard.loop.Post([self = shared_from_this(), target, fd, peer = std::move(peer), refused]() mutable {
      self->Open(*target, fd, std::move(peer), refused);
    });
  }

  void Open(Shard& shard, int fd, Peer peer, bool refused) {
    auto slot = std::make_shared<std::weak_ptr<SocketConnection>>();
    auto closed = [self = shared_from_this(), &shard, slot, refused](const absl::Status&) {
      if (const auto connection = slot->lock()) shard.connections.erase(connection);
      self->Closed(refused);
    };
    if (stopping.load()) {
      ::close(fd);
      return Closed(refused);
    }
    auto transport = options.tls ? Tls()->Wrap(fd) : MakePlainTransport(fd);
    ConnectionOptions connection_options = options.connection;
    connection_options.stats = &stats;
    connection_options.metrics = options.metrics;
    SessionChooser chooser;
    if (refused) {
      connection_options.linger_timeout = connection_options.handshake_timeout =
          std::chrono::milliseconds(250);
      chooser = [](Connection& connection, std::string_view, std::string_view) {
        return MakeRefusal(connection);
      };
    } else {
      chooser = [self = shared_from_this()](Connection& connection, std::string_view protocol,
                                            std::string_view bytes) {
        return self->Choose(connection, protocol, bytes);
      };
    }
    auto connection = SocketConnection::Start(shard.loop, fd, std::move(transport), std::move(peer),
                                              connection_options, std::move(chooser), std::move(closed));
    if (connection->closed()) return;
    *slot = connection;
    if (draining.load()) connection->Drain();
    if (!connection->closed()) shard.connections.insert(std::move(connection));
  }

  std::shared_ptr<Session> Choose(Connection& connection, std::string_view protocol, std::string_view bytes) {
    const bool http1 = !options.http2 || protocol == "http/1.1" || (options.tls && protocol != "h2");
    if (!http1 && protocol != "h2") {
      // Without TLS the first bytes tell (RFC 9113, section 3.3: prior knowledge).
      const size_t size = std::min(bytes.size(), kHttp2Preface.size());
      if (bytes.substr(0, size) != kHttp2Preface.substr(0, size)) return MakeHttp1(connection);
      if (size < kHttp2Preface.size()) return nullptr;
    } else if (http1) {
      return MakeHttp1(connection);
    }
    return MakeH2ServerSession(connection, *this, options.h2);
  }

  std::shared_ptr<Session> MakeHttp1(Connection& connection) {
    return MakeHttp1ServerSession(connection, *this, options.http1);
  }

  void Closed(bool refused) {
    if (refused) {
      refusals.fetch_sub(1);
      return;
    }
    stats.connections_open.fetch_sub(1);
    Left();
  }

  void Left() {
    if (busy.fetch_sub(1) != 1) return;
    std::unique_lock lock(mutex);
    const auto waiting = std::exchange(none_busy, std::nullopt);
    idle.notify_all();
    lock.unlock();
    if (waiting.has_value()) waiting->Set(true);
  }

  std::shared_ptr<const TlsContext> Tls() {
    std::lock_guard lock(mutex);
    return tls;
  }

  absl::Status LoadTls() {
    if (!options.tls) return absl::OkStatus();
    ASSIGN_OR_RETURN(auto loaded, TlsContext::Server(options.tls_files));
    std::lock_guard lock(mutex);
    tls = std::move(loaded);
    return absl::OkStatus();
  }

  // Sets `done` when no connection comes any more.
  void StopAccepting(const async::Completer<bool>& done) {
    const auto left = std::make_shared<std::atomic<size_t>>(shards.size());
    for (auto& shard : shards) {
      shard->loop.Post([self = shared_from_this(), shard = shard.get(), left, done] {
        if (shard->acceptor != nullptr) shard->acceptor->Close();
        shard->acceptor = nullptr;
        if (left->fetch_sub(1) == 1) done.Set(true);
      });
    }
    if (address.is_unix() && !unlinked.exchange(true)) ::unlink(address.path().c_str());
  }

  // `work` may close the connection it is given.
  template <typename Work>
  void ForEachConnection(Work work) {
    for (auto& shard : shards) {
      shard->loop.Post([self = shared_from_this(), shard = shard.get(), work] {
        const std::vector<std::shared_ptr<SocketConnection>> all(shard->connections.begin(),
                                                                 shard->connections.end());
        for (const auto& connection : all) work(*connection);
      });
    }
  }

  // Completes when no connection is open and no handler runs; false after `limit`.
  async::Task<bool> NoneBusy(std::chrono::milliseconds limit) {
    async::Completion<bool> done;
    const auto completer = done.completer();
    {
      std::lock_guard lock(mutex);
      if (busy.load() == 0) co_return true;
      none_busy = completer;
    }
    const async::Timer timer = async::Loop::Current()->After(limit, [completer] { completer.Set(false); });
    co_return co_await done;
  }

  ListenerOptions options;
  Handler& handler;
  SocketAddress address;
  Stats stats;
  std::atomic<int64_t> refusals{0};
  std::atomic<int64_t> busy{0};  // connections and handlers
  std::vector<std::unique_ptr<Shard>> shards;
  std::atomic<size_t> next_shard{0};
  std::atomic<bool> draining{false};  // what is accepted from now on may ask once
  std::atomic<bool> stopping{false};  // what is accepted from now on is closed
  std::atomic<bool> unlinked{false};
  std::condition_variable idle;  // with `mutex`: nothing is busy any more
  std::mutex mutex;              // guards what follows
  std::shared_ptr<const TlsContext> tls;
  std::optional<async::Completer<bool>> none_busy;
};

class ListenerImpl final : public Listener {
 public:
  explicit ListenerImpl(std::shared_ptr<Core> core)
      : core_(std::move(core)), address_(core_->address.ToString()) {}

  ~ListenerImpl() override {
    core_->stopping = true;
    async::Completion<bool> nobody_waits;
    core_->StopAccepting(nobody_waits.completer());
    core_->ForEachConnection(
        [](SocketConnection& connection) { connection.Close(Cancelled("The server stopped.")); });
    for (auto& shard : core_->shards) {
      std::promise<void> done;
      shard->loop.Post([&done] { done.set_value(); });
      done.get_future().wait();
    }
    // Cancelled handlers end soon.
    std::unique_lock lock(core_->mutex);
    core_->idle.wait_for(lock, kCancelledEnd, [this] { return core_->busy.load() == 0; });
  }

  const std::string& address() const override { return address_; }
  uint16_t port() const override { return core_->address.port(); }
  const Stats& stats() const override { return core_->stats; }
  absl::Status ReloadTls() override { return core_->LoadTls(); }

  async::Task<bool> Drain(std::chrono::milliseconds grace) override {
    const auto core = core_;
    core->draining = true;
    async::Completion<bool> accepted;
    core->StopAccepting(accepted.completer());
    core->ForEachConnection([](SocketConnection& connection) { connection.Drain(); });
    co_await accepted;
    if (co_await core->NoneBusy(grace)) co_return true;
    core->stopping = true;
    core->ForEachConnection(
        [](SocketConnection& connection) { connection.Close(Cancelled("The server stops.")); });
    (void)co_await core->NoneBusy(kCancelledEnd);
    co_return false;
  }

 private:
  const std::shared_ptr<Core> core_;
  const std::string address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(async::LoopGroup& loops, ListenerOptions options,
                                                          Handler& handler) {
  ASSIGN_OR_RETURN(const SocketAddress address, SocketAddress::Parse(options.address));
  auto core = std::make_shared<Core>(std::move(options), handler);
  core->options.http1.stats = core->options.h2.stats = &core->stats;
  core->options.http1.metrics = core->options.h2.metrics = core->options.metrics;
  core->options.tls_files.http2 = core->options.http2;
  RETURN_IF_ERROR(core->LoadTls());
  for (size_t i = 0; i < loops.size(); ++i) core->shards.push_back(std::make_unique<Shard>(loops.at(i)));

  // Two programs that both set SO_REUSEPORT would share the port silently: the first socket finds out without it.
  const size_t sockets = address.is_unix() ? 1 : loops.size();
  const int backlog = core->options.backlog;
  if (sockets > 1 && address.port() != 0) {
    ASSIGN_OR_RETURN(const int probe, OpenListeningSocket(address, backlog, false));
    ::close(probe);
  }
  core->address = address;
  std::vector<int> fds;
  for (size_t i = 0; i < sockets; ++i) {
    auto fd = OpenListeningSocket(core->address, backlog, sockets > 1);
    if (!fd.ok()) {
      for (const int open : fds) ::close(open);
      return fd.status();
    }
    fds.push_back(*fd);
    core->address = LocalAddress(*fd);
  }
  for (size_t i = 0; i < sockets; ++i) {
    auto accepted = [weak = std::weak_ptr<Core>(core), i](int fd, const SocketAddress& peer) {
      const auto self = weak.lock();
      if (self == nullptr) {
        ::close(fd);
        return;
      }
      const size_t shard = self->address.is_unix() ? self->next_shard.fetch_add(1) % self->shards.size() : i;
      self->Accepted(*self->shards[shard], fd, peer);
    };
    core->shards[i]->acceptor = Acceptor::Start(core->shards[i]->loop, fds[i], std::move(accepted));
  }
  return std::unique_ptr<Listener>(std::make_unique<ListenerImpl>(std::move(core)));
}

}  // namespace starling::http
