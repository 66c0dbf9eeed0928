// The sending half of a streaming call on the client's side. Internal to core/grpc.
#pragma once

#include <memory>
#include <utility>

#include "core/async/stream.h"
#include "core/http/h2/h2_client.h"
#include "core/rpc/payload.h"

namespace starling::grpc {

// Cancels a stream that its reader drops before the end.
class StreamGuard {
 public:
  explicit StreamGuard(std::shared_ptr<http::H2ClientStream> stream) : stream_(std::move(stream)) {}
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  const std::shared_ptr<http::H2ClientStream>& get() const { return stream_; }
  http::H2ClientStream* operator->() const { return stream_.get(); }

 private:
  const std::shared_ptr<http::H2ClientStream> stream_;
};

// Sends what `requests` gives until it ends or the stream does. An error of `requests` fails the stream. Runs beside
// the reader, and stays with `requests` until their next item if the stream ends first.
void StartPump(std::shared_ptr<http::H2ClientStream> stream, async::Stream<rpc::Payload> requests);

}  // namespace starling::grpc
