#include "core/rpc/checked_endpoint.h"

#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/rpc/convert.h"

namespace starling::rpc {
namespace {

absl::StatusOr<Payload> Encoded(const absl::StatusOr<Payload>& payload) {
  RETURN_IF_ERROR(payload.status());
  ASSIGN_OR_RETURN(Bytes bytes, Encode(*payload));
  return Payload::Encoded(std::move(bytes));
}

async::Stream<Payload> EncodedStream(async::Stream<Payload> inner) {
  while (true) {
    auto item = co_await inner.Next();
    if (!item.ok()) co_return item.status();
    if (!item->has_value()) co_return absl::OkStatus();
    if (auto* loop = async::Loop::Current()) co_await loop->Resume();
    auto encoded = Encoded(**std::move(item));
    if (!encoded.ok()) co_return encoded.status();
    co_yield *std::move(encoded);
  }
}

}  // namespace

async::Task<absl::StatusOr<Payload>> CheckedEndpoint::Unary(RequestContext context, const Method& method,
                                                            Payload request) {
  auto encoded = Encoded(std::move(request));
  if (!encoded.ok()) co_return encoded.status();
  if (auto* loop = async::Loop::Current()) co_await loop->Resume();
  auto response = co_await inner_.Unary(std::move(context), method, *std::move(encoded));
  co_return Encoded(response);
}

async::Stream<Payload> CheckedEndpoint::Open(RequestContext context, const Method& method,
                                             async::Stream<Payload> requests) {
  return EncodedStream(inner_.Open(std::move(context), method, EncodedStream(std::move(requests))));
}

}  // namespace starling::rpc
