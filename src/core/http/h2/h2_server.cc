#include "core/http/h2/h2_server.h"

#include <nghttp2/nghttp2.h>

#include <utility>
#include <vector>

#include "base/status.h"
#include "core/http/h2/h2_output.h"
#include "core/http/h2/h2_session.h"

namespace starling::http {
namespace {

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

class ServerStream final : public H2Stream, public Exchange {
 public:
  explicit ServerStream(H2Session& session) : H2Stream(session) {}

  const Request& request() const override { return request_; }
  const CancelToken& cancel() const override { return token_; }

  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() override {
    // For the whole body: a piece now and then must not keep a request for ever.
    if (waiting_since_ == std::chrono::steady_clock::time_point{})
      waiting_since_ = std::chrono::steady_clock::now();
    reading_ = true;
    auto piece = co_await ReadInput();
    reading_ = false;
    co_return piece;
  }

  async::Task<absl::Status> Respond(int status, Headers headers, Bytes body, Headers trailers) override {
    CO_RETURN_IF_ERROR(CheckUnstarted());
    if (!body.empty() && trailers.empty() && !headers.Get("content-length").has_value()) {
      headers.Add("content-length", StrCat(body.size()));
    }
    if (request_.method == "HEAD") body = Bytes();
    if (!body.empty()) {
      progress_ = std::chrono::steady_clock::now();
      output_bytes_ = body.size();
      output_.push_back(std::move(body));
    }
    output_ended_ = true;
    const bool has_more = output_bytes_ > 0 || !trailers.empty();
    trailers_ = std::move(trailers);
    co_return SubmitHeaders(status, headers, has_more);
  }

  async::Task<absl::Status> Start(int status, Headers headers) override {
    CO_RETURN_IF_ERROR(CheckUnstarted());
    head_ = request_.method == "HEAD";
    co_return SubmitHeaders(status, headers, true);
  }

  async::Task<absl::Status> Write(Bytes chunk) override {
    if (head_) co_return failure_;
    co_return co_await WriteOutput(std::move(chunk));
  }

  async::Task<absl::Status> Finish(Headers trailers) override {
    EndOutput(std::move(trailers));
    co_return failure_;
  }

  void Abort(uint32_t http2_code) override {
    response_started_ = true;
    output_ended_ = true;
    Reset(http2_code);
  }

  bool response_started() const override { return response_started_; }

  // The handler has ended: what it left undone ends here.
  void HandlerEnded() {
    reading_ = false;
    if (!response_started_) {
      output_ended_ = response_started_ = true;
      if (header_overflow_ && session_ != nullptr)
        Count(session_->options().metrics, Refused::kHeaderTooLarge);
      (void)SubmitHeaders(header_overflow_ ? 431 : 500, {}, false);
    } else if (!output_ended_) {
      Reset(NGHTTP2_INTERNAL_ERROR);
    }
    // Whoever still reads the request (a pump that outlived the handler) hears that it is over.
    if (!input_ended_) Fail(absl::CancelledError("The request was answered."));
  }

  bool header_overflow() const { return header_overflow_; }

 private:
  bool OnHeader(std::string_view name, std::string_view value) override {
    if (!CountHeader(name, value)) {
      header_overflow_ = true;
      return header_bytes_ <= 2 * size_t{session_->options().max_header_list_bytes};
    }
    if (headers_done_) return true;  // a request's trailers mean nothing to us
    if (name.empty() || name[0] != ':') {
      request_.headers.Add(std::string(name), std::string(value));
    } else if (name == ":method") {
      request_.method = value;
    } else if (name == ":path") {
      const size_t question = value.find('?');
      request_.path = value.substr(0, question);
      if (question != std::string_view::npos) request_.query = value.substr(question + 1);
    } else if (name == ":authority") {
      request_.authority = value;
    }
    return true;
  }

  void OnHeadersDone(bool) override;

  void OnClosed(uint32_t code) override {
    const bool answered = output_ended_ && output_bytes_ == 0 && code == NGHTTP2_NO_ERROR;
    H2Stream::OnClosed(code);
    if (!answered) cancel_.Cancel(absl::CancelledError("The client went away."));
  }

  size_t LargerInputLimit() override {
    const BodyLimits* limits = session_->options().body_limits;
    const auto more = limits != nullptr ? limits->For(request_) : std::nullopt;
    return more.has_value() ? std::max(input_limit_, more->max_bytes) : input_limit_;
  }

  void OnTick(std::chrono::steady_clock::time_point now) override {
    if (!reading_ || grpc_ || session_ == nullptr || session_->options().body_timeout.count() == 0) return;
    if (now - waiting_since_ < session_->options().body_timeout) return;
    FailInput(DeadlineExceeded("The body did not arrive in time."));
  }

  absl::Status CheckUnstarted() {
    if (!failure_.ok()) return failure_;
    if (session_ == nullptr) return Cancelled("The stream is closed.");
    if (std::exchange(response_started_, true)) return Internal("A response was started twice.");
    return absl::OkStatus();
  }

  absl::Status SubmitHeaders(int status, const Headers& headers, bool has_body) {
    if (session_ == nullptr) return failure_;
    const std::string code = std::to_string(status);
    std::vector<nghttp2_nv> fields;
    fields.reserve(headers.size() + 1);
    fields.push_back(H2Field(":status", code));
    for (const auto& [name, value] : headers) fields.push_back(H2Field(name, value));
    const auto provider = H2OutputOf(*this);
    const int rv = nghttp2_submit_response(session_->ng(), id_, fields.data(), fields.size(),
                                           has_body ? &provider : nullptr);
    if (rv != 0) {
      Reset(NGHTTP2_INTERNAL_ERROR);
      return Internal("HTTP/2: ", nghttp2_strerror(rv), ".");
    }
    session_->WantWrite();
    return absl::OkStatus();
  }

  Request request_;
  CancelSource cancel_;
  const CancelToken token_ = cancel_.token();
  bool headers_done_ = false, header_overflow_ = false, grpc_ = false, head_ = false;
  bool response_started_ = false, reading_ = false;
  std::chrono::steady_clock::time_point waiting_since_{};

  friend class ServerSession;
};

class ServerSession final : public H2Session {
 public:
  ServerSession(Connection& connection, Handler& handler, const H2Options& options)
      : H2Session(Side::kServer, connection, options), handler_(handler) {}
  using H2Session::Begin;

  void Arrived(std::shared_ptr<ServerStream> stream) { arrived_.push_back(std::move(stream)); }

 private:
  std::shared_ptr<H2Stream> NewStream() override {
    if (running_ + arrived_.size() >= 2 * size_t{options_.max_concurrent_streams}) return nullptr;
    auto stream = std::make_shared<ServerStream>(*this);
    stream->request_.version = Version::kHttp2;
    stream->request_.peer = connection_->peer();
    return stream;
  }

  void RunArrived() override {
    for (size_t i = 0; i < arrived_.size(); ++i) {
      auto stream = std::move(arrived_[i]);
      if (!stream->closed())
        Run(std::static_pointer_cast<ServerSession>(shared_from_this()), std::move(stream));
    }
    arrived_.clear();
  }

  static Detached Run(std::shared_ptr<ServerSession> self, std::shared_ptr<ServerStream> stream) {
    ++self->running_;
    if (!stream->header_overflow()) co_await self->handler_.Handle(*stream);
    stream->HandlerEnded();
    --self->running_;
  }

  Handler& handler_;
  std::vector<std::shared_ptr<ServerStream>> arrived_;
};

void ServerStream::OnHeadersDone(bool) {
  if (std::exchange(headers_done_, true)) return;
  if (request_.authority.empty()) {
    if (const auto host = request_.headers.Get("host")) request_.authority = *host;
  }
  const auto type = request_.headers.Get("content-type");
  grpc_ = type.has_value() && type->substr(0, 16) == "application/grpc";
  if (!grpc_) input_limit_ = session_->options().max_body_bytes;
  static_cast<ServerSession*>(session_)->Arrived(std::static_pointer_cast<ServerStream>(shared_from_this()));
}

}  // namespace

std::shared_ptr<Session> MakeH2ServerSession(Connection& connection, Handler& handler,
                                             const H2Options& options) {
  auto session = std::make_shared<ServerSession>(connection, handler, options);
  session->Begin();
  return session;
}

}  // namespace starling::http
