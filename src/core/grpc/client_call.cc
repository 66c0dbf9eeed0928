#include "core/grpc/client_call.h"

#include <chrono>
#include <utility>

#include "base/status.h"
#include "core/grpc/metadata.h"
#include "core/grpc/status_codec.h"
#include "core/rpc/retry_marker.h"

namespace starling::grpc {
namespace {

constexpr uint32_t kHttp2Cancel = 8;

void EndStream(http::H2ClientStream& stream, const absl::Status& why) {
  if (stream.input_ended() || stream.closed()) return;
  stream.Fail(why);
  stream.Reset(kHttp2Cancel);
}

}  // namespace

ContextWatch::ContextWatch(async::Loop& loop, const RequestContext& context,
                           const std::shared_ptr<http::H2ClientStream>& stream) {
  if (context.has_deadline()) {
    deadline_ =
        loop.After(context.deadline() - std::chrono::steady_clock::now(), [weak = std::weak_ptr(stream)] {
          if (const auto late = weak.lock()) EndStream(*late, DeadlineExceeded("The deadline has passed."));
        });
  }
  if (!context.cancel().can_be_cancelled()) return;
  // Any thread may cancel; the stream is the loop's.
  cancel_ = context.cancel().OnCancel([&loop, weak = std::weak_ptr(stream)](const absl::Status& why) {
    loop.Post([weak, why] {
      if (const auto cancelled = weak.lock()) EndStream(*cancelled, why);
    });
  });
}

http::H2ClientSession::Target TargetOf(const ChannelOptions& options, const rpc::Method& method) {
  const std::string_view name = options.server_name;
  const bool is_host = !name.empty() && name.find(':') == std::string_view::npos;
  const std::string_view authority = is_host ? name : "localhost";
  return {"POST", options.tls != nullptr ? "https" : "http", authority, method.path};
}

http::Headers RequestHeaders(const ChannelOptions& options, const RequestContext& context,
                             const rpc::Method& method, bool trusted) {
  http::Headers headers;
  headers.Add("te", "trailers");
  headers.Add("content-type", "application/grpc");
  headers.Add("user-agent", "starling");
  if (options.accept_gzip) headers.Add("grpc-accept-encoding", "gzip");
  WriteContext(context, trusted, &headers);
  if (options.add_headers) options.add_headers(method, &headers);
  return headers;
}

absl::Status CallStatus(const http::H2ClientStream& stream, const absl::Status& waited,
                        const RequestContext& context) {
  if (!waited.ok()) {
    absl::Status status = waited;
    if (stream.reset_by_peer()) {
      status = StatusFromReset(stream.close_code());
      // Both sides keep the deadline; the peer's reset may come first.
      if (status.code() == absl::StatusCode::kCancelled && context.has_deadline() &&
          std::chrono::steady_clock::now() >= context.deadline()) {
        status = DeadlineExceeded("The deadline has passed.");
      }
    }
    return stream.not_processed() ? rpc::WithNotProcessed(std::move(status)) : status;
  }
  if (HasStatus(stream.trailers())) return StatusFrom(stream.trailers());
  if (HasStatus(stream.headers())) return StatusFrom(stream.headers());
  if (stream.status() != 200) return StatusFromHttp(stream.status());
  return StatusFrom(stream.trailers());
}

absl::StatusOr<bool> ResponseIsGzip(const http::Headers& headers) {
  const auto encoding = headers.Get("grpc-encoding");
  if (!encoding.has_value() || *encoding == "identity") return false;
  if (*encoding == "gzip") return true;
  return Internal("The answer has the unknown encoding '", *encoding, "'.");
}

}  // namespace starling::grpc
