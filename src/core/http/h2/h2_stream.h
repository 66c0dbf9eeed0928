// One HTTP/2 stream, of either side. Internal to core/http and core/grpc.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "core/async/task.h"
#include "core/http/exchange.h"

namespace starling::http {

class H2Session;

// Where one coroutine waits for a stream. Loop thread only: waking it puts it on its session's list of what runs once
// nghttp2 has returned.
class H2Waiter {
 public:
  bool waiting() const { return handle_ != nullptr; }
  std::coroutine_handle<> Take() { return std::exchange(handle_, nullptr); }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) noexcept { handle_ = self; }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<> handle_;
};

// Input and output of a stream with their back-pressure. Loop thread only. The session holds it while nghttp2 knows the
// stream; whoever reads or writes holds it too.
class H2Stream : public std::enable_shared_from_this<H2Stream> {
 public:
  explicit H2Stream(H2Session& session);
  virtual ~H2Stream() = default;
  H2Stream(const H2Stream&) = delete;

  int32_t id() const { return id_; }
  // Not OK once the stream was reset or its connection lost, with the reason.
  const absl::Status& failure() const { return failure_; }
  bool closed() const { return closed_; }
  // Whether a reset by the peer ended it, and with which code (RFC 9113, section 7).
  bool reset_by_peer() const { return reset_by_peer_; }
  uint32_t close_code() const { return close_code_; }

  // The next piece of input or nullopt at its end. What came before a failure is given first.
  async::Task<absl::StatusOr<std::optional<Bytes>>> ReadInput();
  // Queues output; returns when the stream takes more.
  async::Task<absl::Status> WriteOutput(Bytes bytes);
  // The two steps of WriteOutput.
  void QueueOutput(Bytes bytes);
  bool output_full() const;
  // No more output; trailers, if any, follow it.
  void EndOutput(Headers trailers);
  // RST_STREAM, unless the stream has ended.
  void Reset(uint32_t code);
  // The reader and the writer, if any wait, go on with `reason` as if the stream had failed.
  void Fail(const absl::Status& reason);
  // The reader alone: what it reads from now on is `reason`, and an answer may still be given.
  void FailInput(const absl::Status& reason);

 protected:
  friend class H2Session;
  friend struct H2Callbacks;

  // Called inside nghttp2, so they must only note what happened and wake waiters.
  // False: the header list is too long to go on.
  virtual bool OnHeader(std::string_view name, std::string_view value) = 0;
  virtual void OnHeadersDone(bool end_stream) = 0;
  virtual void OnData(std::string_view data);
  virtual void OnInputEnd();
  virtual void OnClosed(uint32_t code);
  // Asked when the input first passes its limit.
  virtual size_t LargerInputLimit() { return input_limit_; }
  virtual void OnHeadersSent() {}
  // Now and then, outside nghttp2.
  virtual void OnTick(std::chrono::steady_clock::time_point) {}

  bool CountHeader(std::string_view name, std::string_view value);
  // Gives the peer back the window of `size` bytes of input.
  void OpenWindow(size_t size);

  H2Session* session_;  // null once the stream is closed
  int32_t id_ = 0;
  absl::Status failure_;
  bool closed_ = false;
  bool reset_by_peer_ = false;
  uint32_t close_code_ = 0;
  size_t header_bytes_ = 0;

  // Input.
  std::string input_;
  size_t body_bytes_ = 0;
  size_t counted_bytes_ = 0;          // of input_, those in the session's count of unread input
  size_t held_connection_bytes_ = 0;  // received, and not yet given back to the connection's window
  bool input_ended_ = false;
  bool input_too_large_ = false;
  absl::Status input_failure_;
  size_t input_limit_ = SIZE_MAX;
  H2Waiter reader_;

  // Output.
  std::deque<Bytes> output_;
  size_t output_bytes_ = 0;
  bool output_ended_ = false;
  bool output_deferred_ = false;  // nghttp2 waits to be told that there is output
  Headers trailers_;
  H2Waiter writer_;
  std::chrono::steady_clock::time_point progress_;  // of output; set while there is any
};

}  // namespace starling::http
