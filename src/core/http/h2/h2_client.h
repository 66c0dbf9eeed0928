// The client's side of an HTTP/2 connection. Internal to core/http and core/grpc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/h2/h2_session.h"

namespace starling::http {

// One request and its response. Loop thread only. Whoever drops it before its end should Reset() it first.
class H2ClientStream final : public H2Stream {
 public:
  explicit H2ClientStream(H2Session& session) : H2Stream(session) {}

  // Wait for the response's headers, or for its end with the body gathered (at most `limit` bytes:
  // RESOURCE_EXHAUSTED past that). A failure is that of the stream.
  async::Task<absl::Status> WaitHeaders();
  async::Task<absl::Status> WaitEnd(size_t limit);

  int status() const { return status_; }  // 0 before the headers came
  const Headers& headers() const { return headers_; }
  const Headers& trailers() const { return trailers_in_; }
  bool input_ended() const { return input_ended_; }
  std::string TakeBody() { return std::exchange(input_, {}); }
  // Whether the peer certainly has not seen the request, or said that it has not begun it.
  bool not_processed() const;

 private:
  friend class H2ClientSession;
  bool OnHeader(std::string_view name, std::string_view value) override;
  void OnHeadersDone(bool end_stream) override;
  void OnData(std::string_view data) override;
  void OnHeadersSent() override { sent_ = true; }

  int status_ = 0;
  bool headers_done_ = false, gather_ = false, sent_ = false;
  Headers headers_, trailers_in_;
};

class H2ClientSession final : public H2Session {
 public:
  H2ClientSession(Connection& connection, const H2Options& options);
  using H2Session::Begin;
  void Closed(const absl::Status& reason) override;
  // Called once, when the connection has ended and its streams have failed.
  void set_on_closed(std::function<void(const absl::Status&)> call) { on_closed_ = std::move(call); }

  struct Target {
    std::string_view method, scheme, authority, path;
  };
  // Sends a request with `body`; `last` if nothing follows it. UNAVAILABLE when the connection takes no more.
  absl::StatusOr<std::shared_ptr<H2ClientStream>> Open(const Target& target, const Headers& headers,
                                                       Bytes body, bool last);
  // Whether new requests may be sent.
  bool usable() const { return alive() && !draining_ && !peer_goes_away_ && failure_.ok(); }

 private:
  std::shared_ptr<H2Stream> NewStream() override { return nullptr; }  // nothing is pushed to us
  void OnGoAway(int32_t last_stream_id, uint32_t code) override;

  std::function<void(const absl::Status&)> on_closed_;
};

}  // namespace starling::http
