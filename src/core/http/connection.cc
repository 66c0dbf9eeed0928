#include "core/http/connection.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "base/status.h"
#include "core/async/asio.h"

namespace starling::http {
namespace {

using Clock = std::chrono::steady_clock;
using boost::asio::posix::stream_descriptor;
using Outcome = Transport::Outcome;

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kOutputChunk = 64 * 1024;
constexpr size_t kKeptOutputBytes = 256 * 1024;
constexpr int kReadsPerTurn = 8;  // then other connections of the loop have theirs
// A connection that does not read cannot see the peer's end: it looks for it this often.
constexpr std::chrono::milliseconds kPausedCheck{250};
// A client that has just connected may have sent a request that is still on its way when a drain begins.
constexpr std::chrono::milliseconds kDrainUnspoken{200};

// One per thread: a session consumes all it is given, so no connection keeps bytes in it.
char* ReadBuffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  return buffer.get();
}

class Impl final : public SocketConnection, public std::enable_shared_from_this<Impl> {
 public:
  Impl(async::Loop& loop, int fd, std::unique_ptr<Transport> transport, Peer peer,
       const ConnectionOptions& options, SessionChooser chooser, ClosedCallback on_closed)
      : loop_(loop),
        fd_(fd),
        socket_(async::Asio(loop), fd),
        transport_(std::move(transport)),
        peer_(std::make_shared<const Peer>(std::move(peer))),
        options_(options),
        chooser_(std::move(chooser)),
        on_closed_(std::move(on_closed)),
        started_(Clock::now()),
        last_input_(started_) {}

  void Begin() {
    ScheduleCheck(options_.handshake_timeout);
    Handshake();
  }

  async::Loop& loop() override { return loop_; }
  const std::shared_ptr<const Peer>& peer() const override { return peer_; }
  bool closed() const override { return closed_; }

  void WantWrite() override {
    if (!busy_ && !write_waits_) Flush();
  }

  void PauseReading(bool paused) override {
    if (paused == paused_) return;
    paused_ = paused;
    if (closed_ || input_ended_) return;
    if (paused) {
      ScheduleCheck(kPausedCheck);
    } else if (!reading_) {
      ContinueReading();
    }
  }

  void CloseAfterWrite() override {
    if (std::exchange(close_after_write_, true)) return;
    if (!busy_ && !write_waits_) Flush();
  }

  void Drain() override {
    if (closed_) return;
    if (session_ != nullptr) return session_->Drain();
    if (drain_began_ != Clock::time_point{}) return;
    drain_began_ = Clock::now();
    ScheduleCheck(kDrainUnspoken);
  }

  void Close(absl::Status reason) override {
    if (std::exchange(closed_, true)) return;
    check_.Cancel();
    EndSession(reason);
    boost::system::error_code ignored;
    socket_.close(ignored);
    chooser_ = nullptr;
    if (on_closed_) std::exchange(on_closed_, nullptr)(reason);
  }

 private:
  void Handshake() {
    const auto result = transport_->Handshake();
    switch (result.outcome) {
      case Outcome::kBytes:
        return HandshakeDone();
      case Outcome::kWantRead:
        return Wait(stream_descriptor::wait_read, &Impl::Handshake);
      case Outcome::kWantWrite:
        return Wait(stream_descriptor::wait_write, &Impl::Handshake);
      case Outcome::kEnd:
        return CloseLater(Unavailable("The peer ended the connection during the TLS handshake."));
      case Outcome::kError:
        return CloseLater(transport_->error());
    }
  }

  void HandshakeDone() {
    handshake_done_ = true;
    if (peer_->tls) {
      Peer peer = *peer_;
      peer.certificate_name = transport_->certificate_name();
      peer_ = std::make_shared<const Peer>(std::move(peer));
    }
    busy_ = true;
    session_ = chooser_(*this, transport_->protocol(), "");
    busy_ = false;
    if (session_ != nullptr) SessionChosen();
    ContinueReading();
  }

  void SessionChosen() {
    chooser_ = nullptr;
    ScheduleCheck(options_.idle_timeout);
    if (drain_began_ != Clock::time_point{}) session_->Drain();
    Flush();
  }

  // Reads when there is something to read: in its own turn of the loop.
  void ContinueReading() {
    reading_ = true;
    if (transport_->has_pending()) {
      loop_.Post([self = shared_from_this()] { self->OnReadable(); });
    } else {
      Wait(stream_descriptor::wait_read, &Impl::OnReadable);
    }
  }

  void OnReadable() {
    reading_ = false;
    char* const buffer = ReadBuffer();
    for (int turn = 0; turn < kReadsPerTurn; ++turn) {
      if (closed_ || (paused_ && !lingering_)) return;
      const auto [outcome, size] = transport_->Read(buffer, kReadBytes);
      if (outcome == Outcome::kEnd) return PeerEnded();
      if (outcome == Outcome::kError) return Close(transport_->error());
      if (outcome == Outcome::kWantWrite) {
        reading_ = true;
        return Wait(stream_descriptor::wait_write, &Impl::OnReadable);
      }
      if (outcome == Outcome::kWantRead) return ContinueReading();
      last_input_ = Clock::now();
      if (options_.stats != nullptr) Count(options_.stats->bytes_read, static_cast<int64_t>(size));
      if (!close_after_write_) Consume({buffer, size});
      // A short read has emptied the socket: no need to ask it again.
      if (size < kReadBytes && !transport_->has_pending()) break;
    }
    if (closed_ || reading_ || (paused_ && !lingering_)) return;
    ContinueReading();
  }

  void Consume(std::string_view bytes) {
    busy_ = true;
    if (session_ == nullptr) {
      first_bytes_.append(bytes);
      session_ = chooser_(*this, transport_->protocol(), first_bytes_);
      if (session_ == nullptr) {
        busy_ = false;
        return;
      }
      chooser_ = nullptr;
      ScheduleCheck(options_.idle_timeout);
      if (drain_began_ != Clock::time_point{}) session_->Drain();
      bytes = first_bytes_;
    }
    const absl::Status status = session_->Consume(bytes);
    busy_ = false;
    if (!first_bytes_.empty()) std::exchange(first_bytes_, {});
    if (!status.ok()) {
      if (options_.stats != nullptr) Count(options_.stats->protocol_errors);
      reason_ = status;
      close_after_write_ = true;
    }
    if (!write_waits_) Flush();
  }

  void Flush() {
    if (closed_ || session_ == nullptr || broken_) return;
    busy_ = true;
    while (true) {
      if (written_ == output_.size()) {
        written_ = 0;
        if (output_.capacity() > kKeptOutputBytes) output_ = std::string();
        output_.clear();
        session_->Produce(&output_, kOutputChunk);
        if (output_.empty()) break;
      }
      const auto [outcome, size] = transport_->Write(output_.data() + written_, output_.size() - written_);
      if (outcome == Outcome::kBytes) {
        written_ += size;
        if (options_.stats != nullptr) Count(options_.stats->bytes_written, static_cast<int64_t>(size));
        blocked_since_ = {};
        continue;
      }
      busy_ = false;
      if (outcome == Outcome::kError || outcome == Outcome::kEnd) return CloseLater(transport_->error());
      write_waits_ = true;
      if (blocked_since_ == Clock::time_point{}) blocked_since_ = Clock::now();
      ScheduleCheck(options_.write_timeout);
      return Wait(
          outcome == Outcome::kWantRead ? stream_descriptor::wait_read : stream_descriptor::wait_write,
          &Impl::OnWritable);
    }
    busy_ = false;
    if (close_after_write_) Linger();
  }

  void OnWritable() {
    write_waits_ = false;
    Flush();
  }

  // All is said. Closing a socket that has unread input resets the connection, and the peer may lose our last bytes: so
  // end our side, and wait a moment for the peer's end.
  void Linger() {
    if (std::exchange(lingering_, true)) return;
    transport_->EndOutput();
    loop_.Post([self = shared_from_this()] {
      if (self->closed_) return;
      if (self->options_.linger_timeout.count() == 0) return self->Close(self->reason_);
      self->EndSession(self->reason_);
      ::shutdown(self->fd_, SHUT_WR);
      self->linger_began_ = Clock::now();
      self->ScheduleCheck(self->options_.linger_timeout);
      if (!self->reading_) self->ContinueReading();
    });
  }

  void PeerEnded() {
    if (!lingering_) {
      if (options_.half_close && session_ != nullptr && session_->InputEnded()) {
        input_ended_ = true;
        return;
      }
      reason_ = Cancelled("The peer closed the connection.");
    }
    Close(reason_);
  }

  // Never inside a call of the session, which could not bear it.
  void CloseLater(absl::Status reason) {
    if (std::exchange(broken_, true)) return;
    if (!handshake_done_) {
      if (options_.stats != nullptr) Count(options_.stats->tls_failures);
      Count(options_.metrics, Refused::kHandshakeFailed);
    }
    loop_.Post([self = shared_from_this(), reason = std::move(reason)] { self->Close(reason); });
  }

  void EndSession(const absl::Status& reason) {
    const auto session = std::exchange(session_, nullptr);
    if (session != nullptr) session->Closed(reason);
  }

  void Wait(stream_descriptor::wait_type what, void (Impl::*then)()) {
    socket_.async_wait(what, [self = shared_from_this(), then](const boost::system::error_code& error) {
      if (!error && !self->closed_) (self.get()->*then)();
    });
  }

  // One timer per connection, which is not touched by traffic: when it fires it looks at what is due.
  void ScheduleCheck(std::chrono::milliseconds delay) {
    if (delay.count() == 0 || closed_) return;
    const auto at = Clock::now() + delay;
    if (check_at_ != Clock::time_point{} && check_at_ <= at) return;
    check_at_ = at;
    check_ = loop_.After(delay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Check();
    });
  }

  void Check() {
    check_at_ = {};
    const auto now = Clock::now();
    auto next = Clock::time_point::max();
    const auto due = [&](Clock::time_point since, std::chrono::milliseconds timeout) {
      if (timeout.count() == 0) return false;
      next = std::min(next, since + timeout);
      return now >= since + timeout;
    };
    if (lingering_) {
      if (due(linger_began_, options_.linger_timeout)) return Close(reason_);
    } else if (session_ == nullptr) {
      if (drain_began_ != Clock::time_point{} && due(drain_began_, kDrainUnspoken)) {
        return Close(Cancelled("The server stops."));
      }
      if (due(started_, options_.handshake_timeout)) {
        if (!handshake_done_ && options_.stats != nullptr) Count(options_.stats->tls_failures);
        Count(options_.metrics, Refused::kHandshakeTimeout);
        return Close(DeadlineExceeded("The peer did not begin to speak in time."));
      }
    } else {
      if (blocked_since_ != Clock::time_point{} && due(blocked_since_, options_.write_timeout)) {
        Count(options_.metrics, Refused::kWriteTimeout);
        return Close(DeadlineExceeded("The peer takes no output."));
      }
      if (paused_) {
        if (PeerHungUp()) return Close(Cancelled("The peer closed the connection."));
        next = std::min(next, now + kPausedCheck);
      }
      if (!session_->idle()) last_input_ = now;
      if (due(last_input_, options_.idle_timeout)) {
        if (!idle_drained_) Count(options_.metrics, Refused::kIdleTimeout);
        session_->Drain();
        next = now + options_.linger_timeout + kPausedCheck;
        if (std::exchange(idle_drained_, true)) return Close(DeadlineExceeded("The connection was idle."));
      }
    }
    if (closed_ || next == Clock::time_point::max()) return;
    ScheduleCheck(std::chrono::duration_cast<std::chrono::milliseconds>(next - now) +
                  std::chrono::milliseconds(1));
  }

  bool PeerHungUp() const {
    const short gone = options_.half_close ? POLLHUP | POLLERR : POLLRDHUP | POLLHUP | POLLERR;
    pollfd poll_fd{fd_, gone, 0};
    return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & gone) != 0;
  }

  async::Loop& loop_;
  const int fd_;
  stream_descriptor socket_;
  const std::unique_ptr<Transport> transport_;
  std::shared_ptr<const Peer> peer_;
  const ConnectionOptions options_;
  SessionChooser chooser_;
  ClosedCallback on_closed_;
  std::shared_ptr<Session> session_;
  std::string first_bytes_;  // until the session is chosen
  std::string output_;
  size_t written_ = 0;  // of output_
  bool handshake_done_ = false;
  bool busy_ = false;     // inside a call of the session or of Flush: what it wants is done afterwards
  bool reading_ = false;  // a read is on its way: posted, or the socket is waited for
  bool paused_ = false;
  bool write_waits_ = false;  // the socket takes no more for now
  bool close_after_write_ = false;
  bool input_ended_ = false;  // the peer's end was read, and its last requests are still being answered
  bool lingering_ = false;
  bool idle_drained_ = false;
  bool broken_ = false;  // Close is posted
  bool closed_ = false;
  absl::Status reason_ = absl::CancelledError("The connection was closed.");
  async::Timer check_;
  Clock::time_point check_at_{};  // when check_ fires; zero if it is not set
  const Clock::time_point started_;
  Clock::time_point last_input_, blocked_since_{}, linger_began_{}, drain_began_{};
};

}  // namespace

std::shared_ptr<SocketConnection> SocketConnection::Start(async::Loop& loop, int fd,
                                                          std::unique_ptr<Transport> transport, Peer peer,
                                                          const ConnectionOptions& options,
                                                          SessionChooser chooser, ClosedCallback on_closed) {
  auto connection = std::make_shared<Impl>(loop, fd, std::move(transport), std::move(peer), options,
                                           std::move(chooser), std::move(on_closed));
  connection->Begin();
  return connection;
}

}  // namespace starling::http
