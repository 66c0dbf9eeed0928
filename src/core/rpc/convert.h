// Between the two forms of a payload: a message and its encoding.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/rpc/method.h"
#include "core/rpc/payload.h"

namespace starling::rpc {

// The protobuf encoding; shares the bytes if the payload is encoded already.
absl::StatusOr<Bytes> Encode(const Payload& payload);

// A payload with a message of `type`: `payload` itself if it has one, else parsed. INVALID_ARGUMENT if the bytes are no
// such message. A payload's message must be of `type`.
absl::StatusOr<Payload> Decode(Payload payload, const MessageType& type);

}  // namespace starling::rpc
