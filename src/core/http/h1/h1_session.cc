#include "core/http/h1/h1_session.h"

#include <utility>

#include "base/status.h"
#include "core/http/h1/h1_parser.h"
#include "core/http/h1/h1_response.h"
#include "core/http/routing/error_body.h"
#include "core/http/transport/waiter.h"

namespace starling::http {
namespace {

using Clock = std::chrono::steady_clock;

// Pipelined requests that wait for their turn; more pauses the connection.
constexpr size_t kMaxPipelinedBytes = 64 * 1024;

// The client of an idle connection may have sent a request that is still on its way when a drain begins: so long it is
// waited for, and answered.
constexpr std::chrono::milliseconds kDrainIdle(200);

// A coroutine that owns itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// Session and exchange are one object: there is one request at a time. The coroutine of a request holds it.
class Http1Session final : public Session,
                           public Exchange,
                           public std::enable_shared_from_this<Http1Session> {
 public:
  Http1Session(Connection& connection, Handler& handler, const Http1Options& options)
      : connection_(&connection), handler_(handler), options_(options), parser_(options_) {
    parser_.request.peer = connection.peer();
  }

  // Session.
  absl::Status Consume(std::string_view bytes) override {
    if (refused_) return absl::OkStatus();
    const auto keep = shared_from_this();
    if (pending_.empty()) {
      Pump(bytes);
    } else {
      pending_.append(bytes);
      Pump(std::exchange(pending_, {}));
    }
    return absl::OkStatus();
  }

  void Produce(std::string* out, size_t) override {
    if (out->empty()) {
      out->swap(output_);
    } else {
      out->append(output_);
      output_.clear();
    }
    if (writer_.waiting()) connection_->loop().Post([self = shared_from_this()] { self->writer_.Resume(); });
  }

  void Closed(const absl::Status& reason) override {
    const auto keep = shared_from_this();
    connection_ = nullptr;
    timer_.Cancel();
    drain_timer_.Cancel();
    lost_ = reason.ok() ? Cancelled("The connection was closed.") : reason;
    if (running_) cancel_.Cancel(absl::CancelledError("The client went away."));
    reader_.Resume();
    writer_.Resume();
  }

  void Drain() override {
    if (std::exchange(draining_, true) || connection_ == nullptr || !idle()) return;
    drain_timer_ = connection_->loop().After(kDrainIdle, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self != nullptr && self->idle() && self->connection_ != nullptr)
        self->connection_->CloseAfterWrite();
    });
  }

  bool InputEnded() override {
    input_ended_ = true;
    return running_ && parser_.message_done();
  }

  bool idle() const override { return !running_ && !parser_.begun() && pending_.empty(); }

  // Exchange.
  const Request& request() const override { return parser_.request; }
  const CancelToken& cancel() const override { return token_; }
  bool response_started() const override { return started_; }

  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() override {
    while (true) {
      if (!parser_.body.empty()) {
        Bytes piece(std::exchange(parser_.body, {}));
        UpdatePause();
        co_return piece;
      }
      if (parser_.message_done()) co_return std::optional<Bytes>();
      if (parser_.error_status() == 413 || parser_.error_status() == 431)
        co_return ResourceExhausted(parser_.error());
      if (parser_.error_status() != 0) co_return InvalidArgument(parser_.error());
      if (!lost_.ok()) co_return Cancelled("The client went away.");
      if (input_ended_) co_return InvalidArgument("Malformed HTTP request (it ends within its body).");
      if (body_late_) co_return DeadlineExceeded("The request's body did not arrive in time.");
      if (parser_.expects_continue() && !std::exchange(continued_, true) && !started_) {
        output_.append("HTTP/1.1 100 Continue\r\n\r\n");
        connection_->WantWrite();
        continue;
      }
      // For the whole body: a piece now and then must not keep a request for ever.
      if (body_since_ == Clock::time_point{}) body_since_ = Clock::now();
      ScheduleCheck(body_timeout_);
      co_await reader_;
    }
  }

  async::Task<absl::Status> Respond(int status, Headers headers, Bytes body, Headers) override {
    CO_RETURN_IF_ERROR(BeginResponse(status));
    const bool bodyless = Bodyless(status);
    std::string framing;
    if (!bodyless && !headers.Get("content-length").has_value()) {
      StrAppend(&framing, "content-length: ", body.size(), "\r\n");
    }
    framing.append(ConnectionLine());
    AppendHead(status, headers, framing, &output_);
    if (!bodyless && !is_head_) output_.append(body.view());
    finished_ = true;
    connection_->WantWrite();
    co_return absl::OkStatus();
  }

  async::Task<absl::Status> Start(int status, Headers headers) override {
    CO_RETURN_IF_ERROR(BeginResponse(status));
    if (const auto length = headers.Get("content-length")) {
      left_ = std::strtoull(std::string(*length).c_str(), nullptr, 10);
    } else if (!Bodyless(status)) {
      if (parser_.http_1_0()) {
        keep_alive_ = false;  // the end of the connection is the end of the body
      } else {
        chunked_ = true;
      }
    }
    no_body_ = is_head_ || Bodyless(status);
    std::string framing(chunked_ ? "transfer-encoding: chunked\r\n" : "");
    framing.append(ConnectionLine());
    AppendHead(status, headers, framing, &output_);
    connection_->WantWrite();
    co_return absl::OkStatus();
  }

  async::Task<absl::Status> Write(Bytes chunk) override {
    if (!lost_.ok()) co_return lost_;
    if (finished_ || !started_) co_return Internal("Write() outside of a response.");
    if (chunk.empty() || no_body_) co_return absl::OkStatus();
    if (left_.has_value()) {
      if (chunk.size() > *left_) co_return Internal("The response is longer than its Content-Length.");
      *left_ -= chunk.size();
    }
    if (chunked_) StrAppend(&output_, absl::Hex(chunk.size()), "\r\n");
    output_.append(chunk.view());
    if (chunked_) output_.append("\r\n");
    connection_->WantWrite();
    while (lost_.ok() && output_.size() > options_.buffered_output_bytes) co_await writer_;
    co_return lost_;
  }

  async::Task<absl::Status> Finish(Headers) override {
    if (!lost_.ok()) co_return lost_;
    if (finished_ || !started_) co_return Internal("Finish() outside of a response.");
    if (left_.value_or(0) > 0 && !no_body_)
      co_return Internal("The response is shorter than its Content-Length.");
    finished_ = true;
    if (chunked_ && !no_body_) output_.append("0\r\n\r\n");
    connection_->WantWrite();
    co_return absl::OkStatus();
  }

  void Abort(uint32_t) override {
    started_ = true;
    finished_ = false;
    keep_alive_ = false;
  }

 private:
  // Parses and starts requests for as long as there are bytes and no request is under way. `bytes` may be all of what was
  // pending_, which is empty.
  void Pump(std::string_view bytes) {
    if (pumping_) {
      pending_.append(bytes);
      return;
    }
    pumping_ = true;
    while (!refused_ && connection_ != nullptr) {
      if (!parser_.message_done()) bytes.remove_prefix(parser_.Parse(bytes));
      if (!running_) {
        if (parser_.error_status() != 0) {
          Count(options_.metrics, parser_.error_reason());
          Refuse(parser_.error_status(), parser_.error());
        } else if (parser_.headers_done()) {
          RunRequest();
        }
      } else if (parser_.message_done() || !parser_.body.empty() || parser_.error_status() != 0) {
        reader_.Resume();
      }
      // Only a request that ended leaves something to parse: the next one.
      if (running_ || bytes.empty() || parser_.message_done() || parser_.error_status() != 0) break;
    }
    pumping_ = false;
    if (refused_ || connection_ == nullptr) return;
    // Nothing that follows a broken message can be understood.
    if (parser_.error_status() == 0) pending_.insert(0, bytes);
    if (!running_ && parser_.begun()) {
      if (header_since_ == Clock::time_point{}) header_since_ = Clock::now();
      ScheduleCheck(options_.header_timeout);
    }
    if (input_ended_ && !running_) return Stop();
    UpdatePause();
  }

  void RunRequest() {
    running_ = true;
    header_since_ = body_since_ = {};
    started_ = finished_ = chunked_ = no_body_ = continued_ = body_late_ = false;
    left_.reset();
    body_timeout_ = options_.body_timeout;
    is_head_ = parser_.request.method == "HEAD";
    keep_alive_ = parser_.keep_alive();
    ++requests_;
    cancel_ = CancelSource();
    token_ = cancel_.token();
    if (options_.stats != nullptr) Count(options_.stats->requests_in_flight);
    Run(shared_from_this());
  }

  static Detached Run(std::shared_ptr<Http1Session> self) {
    co_await self->handler_.Handle(*self);
    self->HandlerEnded();
  }

  void HandlerEnded() {
    running_ = false;
    if (options_.stats != nullptr) Count(options_.stats->requests_in_flight, -1);
    if (connection_ == nullptr) return;
    if (!started_) return Refuse(500, "The request was not answered.");
    if (!finished_ || !keep_alive_) return Stop();
    parser_.Next();
    if ((draining_ || input_ended_) && pending_.empty()) return Stop();
    if (!pumping_ && !pending_.empty()) Pump(std::exchange(pending_, {}));
    if (!pumping_) UpdatePause();
  }

  absl::Status BeginResponse(int status) {
    if (!lost_.ok()) return lost_;
    if (std::exchange(started_, true)) return Internal("A response was started twice.");
    // A body that was not read to its end would be taken for the next request.
    if (!parser_.message_done()) keep_alive_ = false;
    if (draining_ || (options_.max_requests > 0 && requests_ >= options_.max_requests)) keep_alive_ = false;
    CountResponse(status);
    return absl::OkStatus();
  }

  std::string_view ConnectionLine() const {
    if (!keep_alive_) return "connection: close\r\n";
    return parser_.http_1_0() ? "connection: keep-alive\r\n" : "";
  }

  // An answer of the session itself, after which the connection closes.
  void Refuse(int status, std::string_view details) {
    CountResponse(status);
    if (options_.stats != nullptr && status != 500) Count(options_.stats->protocol_errors);
    const std::string body = ErrorBody(ErrorTitle(status), details);
    Headers headers;
    headers.Add("content-type", "application/json");
    AppendHead(status, headers, StrCat("content-length: ", body.size(), "\r\nconnection: close\r\n"),
               &output_);
    if (!is_head_ || status != 500) output_.append(body);
    Stop();
  }

  void Stop() {
    refused_ = true;
    timer_.Cancel();
    connection_->WantWrite();
    connection_->CloseAfterWrite();
  }

  void CountResponse(int status) {
    if (options_.stats != nullptr) Count(options_.stats->responses[static_cast<size_t>(status / 100) % 6]);
  }

  void UpdatePause() {
    if (connection_ == nullptr) return;
    connection_->PauseReading(pending_.size() > kMaxPipelinedBytes ||
                              parser_.body.size() > options_.buffered_body_bytes);
  }

  // One timer, set by what has to wait and left alone by what comes in time.
  void ScheduleCheck(std::chrono::milliseconds delay) {
    if (delay.count() == 0 || connection_ == nullptr) return;
    const auto at = Clock::now() + delay;
    if (check_at_ != Clock::time_point{} && check_at_ <= at) return;
    check_at_ = at;
    timer_ = connection_->loop().After(delay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Check();
    });
  }

  void Check() {
    check_at_ = {};
    if (connection_ == nullptr || refused_) return;
    const auto now = Clock::now();
    const auto overdue = [&](Clock::time_point since, std::chrono::milliseconds timeout) {
      if (since == Clock::time_point{} || timeout.count() == 0) return false;
      if (now >= since + timeout) return true;
      ScheduleCheck(std::chrono::ceil<std::chrono::milliseconds>(since + timeout - now));
      return false;
    };
    if (!running_ && overdue(header_since_, options_.header_timeout)) {
      Count(options_.metrics, Refused::kHeaderTimeout);
      return Refuse(408, "The request's headers did not arrive in time.");
    }
    if (running_ && !parser_.message_done() && overdue(body_since_, body_timeout_)) {
      if (body_timeout_ == options_.body_timeout && options_.body_limits != nullptr) {
        if (const auto more = options_.body_limits->For(parser_.request)) body_timeout_ = more->timeout;
        if (!overdue(body_since_, body_timeout_)) return;
      }
      body_late_ = true;
      reader_.Resume();
    }
  }

  Connection* connection_;  // null once closed
  Handler& handler_;
  const Http1Options options_;
  Http1Parser parser_;
  std::string output_;   // not yet taken by the connection
  std::string pending_;  // behind the message under way
  CancelSource cancel_;
  CancelToken token_ = cancel_.token();
  absl::Status lost_;  // why the connection is gone
  Waiter reader_, writer_;
  async::Timer timer_, drain_timer_;
  Clock::time_point check_at_{};  // when timer_ fires; zero if it is not set
  Clock::time_point header_since_{}, body_since_{};
  std::chrono::milliseconds body_timeout_{};  // of the request under way
  size_t requests_ = 0;
  bool running_ = false;  // a handler is under way
  bool pumping_ = false;
  bool draining_ = false;
  bool input_ended_ = false;  // no more requests come, but those that came are answered
  bool refused_ = false;      // nothing more is read: the connection closes
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool started_ = false, finished_ = false, chunked_ = false, no_body_ = false;
  bool continued_ = false, body_late_ = false;
  std::optional<uint64_t> left_;  // of the response's Content-Length
};

}  // namespace

std::shared_ptr<Session> MakeHttp1ServerSession(Connection& connection, Handler& handler,
                                                const Http1Options& options) {
  return std::make_shared<Http1Session>(connection, handler, options);
}

}  // namespace starling::http
