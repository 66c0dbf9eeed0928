#include "core/http/h2/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/http/h2/h2_callbacks.h"

namespace starling::http {

using std::chrono::steady_clock;

namespace {
constexpr std::chrono::milliseconds kTick(1000);
constexpr std::chrono::milliseconds kDrainPing(1000);
}  // namespace

bool TokenBucket::Take(steady_clock::time_point now) {
  if (last_ != steady_clock::time_point{}) {
    tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
  }
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

H2Session::H2Session(Side side, Connection& connection, const H2Options& options)
    : side_(side),
      options_(options),
      connection_(&connection),
      resets_(options.reset_burst, options.reset_rate),
      idle_frames_(options.idle_frame_burst, options.idle_frame_rate),
      last_frame_(steady_clock::now()) {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  // nghttp2's own limits on floods close without a word: ours are lower, and say ENHANCE_YOUR_CALM.
  nghttp2_option_set_max_outbound_ack(option, size_t{options_.idle_frame_burst} + 1);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_stream_reset_rate_limit(option, 2 * uint64_t{options_.reset_burst},
                                             2 * uint64_t{options_.reset_rate});
  nghttp2_option_set_max_continuations(option, 8);
  nghttp2_option_set_server_fallback_rfc7540_priorities(option, 0);
  if (side_ == Side::kServer) {
    nghttp2_session_server_new2(&ng_, H2SessionCallbacks(), this, option);
  } else {
    nghttp2_option_set_peer_max_concurrent_streams(option, options_.max_concurrent_streams);
    nghttp2_session_client_new2(&ng_, H2SessionCallbacks(), this, option);
  }
  nghttp2_option_del(option);
}

H2Session::~H2Session() { nghttp2_session_del(ng_); }

void H2Session::Begin() {
  std::vector<nghttp2_settings_entry> settings = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.max_header_list_bytes}};
  if (side_ == Side::kServer) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options_.max_concurrent_streams});
    settings.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(ng_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(ng_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(options_.connection_window_bytes));
  ScheduleTick();
}

absl::Status H2Session::Consume(std::string_view bytes) {
  if (!alive()) return absl::OkStatus();
  const auto keep = shared_from_this();
  inside_ = true;
  last_frame_ = steady_clock::now();
  const ssize_t used =
      nghttp2_session_mem_recv(ng_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  RunArrived();
  RunReady();
  inside_ = false;
  if (used == NGHTTP2_ERR_FLOODED) Struck(Http2Limit::kAnswers);
  if (used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) Struck(Http2Limit::kContinuations);
  if (used < 0) return Unavailable("HTTP/2: ", nghttp2_strerror(static_cast<int>(used)), ".");
  FinishTurn();
  return absl::OkStatus();
}

void H2Session::Produce(std::string* out, size_t limit) {
  out_ = out;
  while (out->size() < limit) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(ng_, &data);
    if (size < 0) {
      if (failure_.ok()) failure_ = Internal("HTTP/2: ", nghttp2_strerror(static_cast<int>(size)), ".");
      if (connection_ != nullptr && !std::exchange(close_asked_, true)) connection_->CloseAfterWrite();
      break;
    }
    // Bodies were appended by the callback and come back as size 0 only when nothing else is left.
    if (size == 0) break;
    out->append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  out_ = nullptr;
  if (!inside_ && alive()) FinishTurn();
}

void H2Session::Closed(const absl::Status& reason) {
  const auto keep = shared_from_this();
  if (connection_ == nullptr) return;
  connection_ = nullptr;
  tick_.Cancel();
  const absl::Status why = failure_.ok() ? reason : failure_;
  auto streams = std::exchange(streams_, {});
  // A connection may fail while its own input is worked on: then Consume runs what is woken here.
  const bool outermost = !std::exchange(inside_, true);
  for (auto& [id, stream] : streams) {
    if (stream->failure_.ok()) stream->failure_ = why.ok() ? Unavailable("The connection was closed.") : why;
    stream->OnClosed(NGHTTP2_CANCEL);
    OnStreamClosed(*stream);
  }
  if (!outermost) return;
  RunReady();
  inside_ = false;
}

void H2Session::Drain() {
  if (draining_ || !alive()) return;
  draining_ = true;
  drain_began_ = steady_clock::now();
  if (idle_tick_) ScheduleTick();
  if (side_ == Side::kServer) {
    // Two GOAWAYs with a round trip between them, so that requests on their way are still taken (RFC 9113, 6.8).
    nghttp2_submit_shutdown_notice(ng_);
    nghttp2_submit_ping(ng_, NGHTTP2_FLAG_NONE, nullptr);
    WantWrite();
  }
  FinishTurn();
}

void H2Session::SendGoAway() {
  if (std::exchange(goaway_sent_, true)) return;
  nghttp2_submit_goaway(ng_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(ng_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  WantWrite();
}

void H2Session::FinishTurn() {
  if (!alive() || close_asked_) return;
  const bool drained = draining_ && streams_.empty() && (side_ == Side::kClient || goaway_sent_);
  const bool dead = nghttp2_session_want_read(ng_) == 0 && nghttp2_session_want_write(ng_) == 0;
  if ((drained && nghttp2_session_want_write(ng_) == 0) || dead) {
    close_asked_ = true;
    connection_->CloseAfterWrite();
    return;
  }
  if (nghttp2_session_want_write(ng_) != 0) WantWrite();
}

void H2Session::WantWrite() {
  if (alive() && out_ == nullptr) connection_->WantWrite();
}

void H2Session::Wake(H2Waiter& waiter) {
  if (!waiter.waiting()) return;
  ready_.push_back(waiter.Take());
  if (inside_ || posted_) return;
  posted_ = true;
  auto* loop = connection_ != nullptr ? &connection_->loop() : async::Loop::Current();
  loop->Post([self = shared_from_this()] {
    self->posted_ = false;
    self->RunReady();
  });
}

void H2Session::RunReady() {
  // Those who run may wake others.
  for (size_t i = 0; i < ready_.size(); ++i) {
    const auto next = ready_[i];
    next.resume();
  }
  ready_.clear();
}

void H2Session::AddStream(int32_t id, std::shared_ptr<H2Stream> stream) {
  stream->id_ = id;
  streams_.emplace(id, std::move(stream));
  if (idle_tick_) ScheduleTick();
}

H2Stream* H2Session::Find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void H2Session::OnGoAway(int32_t, uint32_t) { peer_goes_away_ = true; }

void H2Session::Struck(Http2Limit limit) {
  if (options_.stats != nullptr) Count(options_.stats->http2_limits[static_cast<size_t>(limit)]);
}

void H2Session::Terminate(uint32_t code, std::string_view why, Http2Limit limit) {
  if (!failure_.ok()) return;
  Struck(limit);
  failure_ = Unavailable("HTTP/2 connection ended: ", why, ".");
  nghttp2_session_terminate_session(ng_, code);
  WantWrite();
}

void H2Session::CountReset() {
  if (!resets_.Take(last_frame_))
    Terminate(NGHTTP2_ENHANCE_YOUR_CALM, "too many streams reset", Http2Limit::kResets);
}

void H2Session::CountIdleFrame() {
  if (!idle_frames_.Take(last_frame_))
    Terminate(NGHTTP2_ENHANCE_YOUR_CALM, "too many frames that carry nothing", Http2Limit::kControlFrames);
}

void H2Session::ScheduleTick() {
  idle_tick_ = streams_.empty() && !draining_ && !ping_waits_;
  auto period = std::min({kTick, options_.stall_timeout / 4, options_.ping_timeout / 4});
  if (options_.body_timeout.count() > 0) period = std::min(period, options_.body_timeout / 4);
  if (idle_tick_) {
    if (options_.ping_interval.count() == 0) return;
    period = options_.ping_interval / 2;
  }
  tick_ = connection_->loop().After(period, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || !self->alive()) return;
    self->Tick();
    if (self->alive()) self->ScheduleTick();
  });
}

void H2Session::Tick() {
  const auto now = steady_clock::now();
  for (auto& [id, stream] : streams_) {
    if (stream->output_bytes_ > 0 && now - stream->progress_ > options_.stall_timeout) {
      Struck(Http2Limit::kStalledStream);
      stream->Fail(DeadlineExceeded("The peer takes no output."));
      nghttp2_submit_rst_stream(ng_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    stream->OnTick(now);
  }
  if (draining_ && side_ == Side::kServer && now - drain_began_ > kDrainPing) SendGoAway();
  if (ping_waits_) {
    if (now - ping_sent_ > options_.ping_timeout) {
      Struck(Http2Limit::kSilence);
      failure_ = Unavailable("The peer does not answer.");
      nghttp2_session_terminate_session(ng_, NGHTTP2_NO_ERROR);
      WantWrite();
      if (alive() && !std::exchange(close_asked_, true)) connection_->CloseAfterWrite();
      return;
    }
  } else if (options_.ping_interval.count() > 0 && now - last_frame_ > options_.ping_interval) {
    ping_waits_ = true;
    ping_sent_ = now;
    nghttp2_submit_ping(ng_, NGHTTP2_FLAG_NONE, nullptr);
  }
  FinishTurn();
}

}  // namespace starling::http
