#include "core/grpc/channel.h"

#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/status.h"
#include "core/grpc/client_call.h"
#include "core/grpc/client_stream.h"
#include "core/grpc/frame.h"
#include "core/grpc/link.h"
#include "core/grpc/message_reader.h"
#include "core/rpc/retry_marker.h"

namespace starling::grpc {

// One link per loop. Thread-safe.
class Channel::Links {
 public:
  explicit Links(ChannelOptions channel_options)
      : options(std::move(channel_options)),
        trusted(options.trusted.value_or(options.address.rfind("unix:", 0) == 0)),
        status(std::make_shared<ChannelStatus>()) {}
  ~Links() {
    for (auto& [loop, link] : links_) {
      loop->Post([link = std::move(link)] { link->Drain(); });
    }
  }

  // The link of the loop that runs on this thread; null if none does.
  std::shared_ptr<Link> Mine() {
    async::Loop* const loop = async::Loop::Current();
    if (loop == nullptr) return nullptr;
    std::lock_guard lock(mutex_);
    auto& link = links_[loop];
    if (link == nullptr) link = std::make_shared<Link>(*loop, options, status);
    return link;
  }
  // One message of the response, packed or not.
  async::Task<absl::StatusOr<rpc::Payload>> OnlyMessage(std::shared_ptr<http::H2ClientStream> stream);

  const ChannelOptions options;
  const bool trusted;
  const std::shared_ptr<ChannelStatus> status;

 private:
  std::mutex mutex_;
  std::unordered_map<async::Loop*, std::shared_ptr<Link>> links_;
};

async::Task<absl::StatusOr<rpc::Payload>> Channel::Links::OnlyMessage(
    std::shared_ptr<http::H2ClientStream> stream) {
  CO_ASSIGN_OR_RETURN(const bool gzip, ResponseIsGzip(stream->headers()));
  FrameReader frames(options.max_response_bytes);
  frames.Feed(Bytes(stream->TakeBody()));
  auto frame = frames.Next();
  CO_RETURN_IF_ERROR(frame.status());
  if (!frame->has_value() || !frames.empty())
    co_return Unimplemented("The answer to a unary call is not one message.");
  if (!(**frame).compressed) co_return rpc::Payload::Encoded(std::move((**frame).message));
  auto message = co_await Unpack(**std::move(frame), gzip, options.max_response_bytes, options.pool);
  CO_RETURN_IF_ERROR(message.status());
  co_return rpc::Payload::Encoded(*std::move(message));
}

Channel::Channel(ChannelOptions options) : links_(std::make_shared<Links>(std::move(options))) {}
Channel::~Channel() = default;

ChannelState Channel::state() const { return links_->status->Get(); }
const std::string& Channel::address() const { return links_->options.address; }

async::Task<absl::StatusOr<rpc::Payload>> Channel::Unary(RequestContext context, const rpc::Method& method,
                                                         rpc::Payload request) {
  const auto link = links_->Mine();
  if (link == nullptr) co_return Internal("A channel was called outside a loop.");
  CO_RETURN_IF_ERROR(context.Check());
  auto session = link->usable();
  if (session == nullptr) {
    auto connected = co_await link->Connect(context);
    CO_RETURN_IF_ERROR(connected.status());
    session = *std::move(connected);
  }
  const ChannelOptions& options = links_->options;
  CO_ASSIGN_OR_RETURN(Bytes frame, EncodeFrame(request));
  if (frame.size() > options.max_request_bytes + kFrameHeader) {
    co_return ResourceExhausted("The request is larger than ", options.max_request_bytes, " bytes.");
  }
  const auto target = TargetOf(options, method);
  auto stream = session->Open(target, RequestHeaders(options, context, method, links_->trusted),
                              std::move(frame), true);
  if (!stream.ok()) co_return rpc::WithNotProcessed(stream.status());
  const ContextWatch watch(link->loop(), context, *stream);
  // The frame's own header is not part of the message; its limit is checked when it is cut.
  const absl::Status waited = co_await (*stream)->WaitEnd(options.max_response_bytes + kFrameHeader);
  CO_RETURN_IF_ERROR(CallStatus(**stream, waited, context));
  co_return co_await links_->OnlyMessage(*std::move(stream));
}

async::Stream<rpc::Payload> Channel::Open(RequestContext context, const rpc::Method& method,
                                          async::Stream<rpc::Payload> requests) {
  const auto link = links_->Mine();
  if (link == nullptr) co_return Internal("A channel was called outside a loop.");
  const ChannelOptions& options = links_->options;
  std::optional<Bytes> only;
  if (method.shape == rpc::CallShape::kServerStream) {
    auto first = co_await requests.Next();
    if (!first.ok()) co_return first.status();
    if (!first->has_value()) co_return Internal("A call without a request.");
    auto frame = EncodeFrame(**first);
    if (!frame.ok()) co_return frame.status();
    only = *std::move(frame);
  }
  CO_RETURN_IF_ERROR(context.Check());
  auto session = link->usable();
  if (session == nullptr) {
    auto connected = co_await link->Connect(context);
    if (!connected.ok()) co_return connected.status();
    session = *std::move(connected);
  }
  const auto target = TargetOf(options, method);
  auto opened = session->Open(target, RequestHeaders(options, context, method, links_->trusted),
                              only.value_or(Bytes()), only.has_value());
  if (!opened.ok()) co_return rpc::WithNotProcessed(opened.status());
  const StreamGuard stream(*std::move(opened));
  const ContextWatch watch(link->loop(), context, stream.get());
  if (!only.has_value()) StartPump(stream.get(), std::move(requests));

  const absl::Status head = co_await stream->WaitHeaders();
  if (head.ok() && stream->status() == 200) {
    auto gzip = ResponseIsGzip(stream->headers());
    if (!gzip.ok()) co_return gzip.status();
    const auto read = [&stream] { return stream->ReadInput(); };
    MessageReader reader(read, options.max_response_bytes, options.pool);
    reader.set_gzip(*gzip);
    while (true) {
      // What lies here already is not for a caller who has given up.
      if (context.cancel().cancelled()) co_return context.cancel().status();
      auto message = co_await reader.Next();
      // A failure that is not the stream's own is one of our limits or of the framing.
      if (!message.ok() && stream->failure().ok()) co_return message.status();
      if (!message.ok()) co_return CallStatus(*stream.get(), message.status(), context);
      if (!message->has_value()) break;
      co_yield rpc::Payload::Encoded(**std::move(message));
    }
  }
  co_return CallStatus(*stream.get(), head, context);
}

}  // namespace starling::grpc
