#include "core/grpc/client_stream.h"

#include <exception>

#include "base/status.h"
#include "core/grpc/frame.h"

namespace starling::grpc {
namespace {

constexpr uint32_t kHttp2Cancel = 8;

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

void Break(http::H2ClientStream& stream, const absl::Status& why) {
  stream.Fail(why);
  stream.Reset(kHttp2Cancel);
}

Detached Pump(std::shared_ptr<http::H2ClientStream> stream, async::Stream<rpc::Payload> requests) {
  while (true) {
    auto item = co_await requests.Next();
    if (stream->closed() || !stream->failure().ok()) co_return;
    if (!item.ok()) {
      Break(*stream, item.status());
      co_return;
    }
    if (!item->has_value()) {
      stream->EndOutput({});
      co_return;
    }
    auto frame = EncodeFrame(**item);
    if (!frame.ok()) {
      Break(*stream, frame.status());
      co_return;
    }
    const absl::Status written = co_await stream->WriteOutput(*std::move(frame));
    if (!written.ok()) co_return;
  }
}

}  // namespace

StreamGuard::~StreamGuard() {
  if (!stream_->closed()) Break(*stream_, absl::CancelledError("The reader went away."));
}

void StartPump(std::shared_ptr<http::H2ClientStream> stream, async::Stream<rpc::Payload> requests) {
  Pump(std::move(stream), std::move(requests));
}

}  // namespace starling::grpc
