// What the two sides of HTTP/2 share: nghttp2, the waiting coroutines, limits and liveness. Internal to core/http and
// core/grpc.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "core/http/h2/h2_options.h"
#include "core/http/h2/h2_stream.h"
#include "core/http/session.h"

struct nghttp2_session;

namespace starling::http {

// At most `burst` at once and `rate` per second.
class TokenBucket {
 public:
  TokenBucket(uint32_t burst, uint32_t rate) : burst_(burst), rate_(rate), tokens_(burst) {}
  bool Take(std::chrono::steady_clock::time_point now);
  void Refund() { tokens_ = tokens_ + 1 > burst_ ? burst_ : tokens_ + 1; }

 private:
  double burst_, rate_, tokens_;
  std::chrono::steady_clock::time_point last_{};
};

// Loop thread only. Never resumes a coroutine inside nghttp2: whom its callbacks wake runs when it has returned.
class H2Session : public Session, public std::enable_shared_from_this<H2Session> {
 public:
  ~H2Session() override;
  absl::Status Consume(std::string_view bytes) override;
  void Produce(std::string* out, size_t limit) override;
  void Closed(const absl::Status& reason) override;
  void Drain() override;
  bool idle() const override { return streams_.empty() && running_ == 0; }

  const H2Options& options() const { return options_; }
  nghttp2_session* ng() { return ng_; }
  bool alive() const { return connection_ != nullptr; }
  Connection* connection() { return connection_; }
  void Wake(H2Waiter& waiter);
  void WantWrite();

 protected:
  friend class H2Stream;
  friend struct H2Callbacks;

  enum class Side { kServer, kClient };
  H2Session(Side side, Connection& connection, const H2Options& options);
  // Sends the connection preface. After construction, because output may leave at once.
  void Begin();

  // Inside nghttp2.
  virtual std::shared_ptr<H2Stream> NewStream() = 0;  // the peer opens one; null refuses it
  virtual void OnStreamClosed(H2Stream&) {}
  virtual void OnGoAway(int32_t last_stream_id, uint32_t code);
  // After nghttp2: start what arrived.
  virtual void RunArrived() {}

  void AddStream(int32_t id, std::shared_ptr<H2Stream> stream);
  H2Stream* Find(int32_t id);
  // Ends the connection with GOAWAY.
  void Terminate(uint32_t code, std::string_view why, Http2Limit limit);
  void Struck(Http2Limit limit);
  void CountReset();
  void CountIdleFrame();

  const Side side_;
  const H2Options options_;
  Connection* connection_;
  nghttp2_session* ng_ = nullptr;
  std::unordered_map<int32_t, std::shared_ptr<H2Stream>> streams_;
  size_t running_ = 0;  // coroutines of this session under way
  bool draining_ = false;
  bool peer_goes_away_ = false;
  absl::Status failure_;  // why the connection ends, if we end it

 private:
  void RunReady();
  void FinishTurn();
  void ScheduleTick();
  void Tick();
  void SendGoAway();

  std::vector<std::coroutine_handle<>> ready_;
  bool inside_ = false;  // Consume or Closed is under way: it will run what is ready
  bool posted_ = false;
  bool close_asked_ = false;
  bool goaway_sent_ = false;
  std::string* out_ = nullptr;  // during Produce
  size_t buffered_input_ = 0;
  TokenBucket resets_, idle_frames_;
  async::Timer tick_;
  bool idle_tick_ = true;  // the next tick is far away: nothing is under way
  std::chrono::steady_clock::time_point last_frame_, ping_sent_{}, drain_began_{};
  bool ping_waits_ = false;
};

}  // namespace starling::http
