// gRPC's message framing (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"): one byte of flags, four of length, the message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "core/rpc/payload.h"

namespace starling::grpc {

inline constexpr size_t kFrameHeader = 5;

struct Frame {
  bool compressed = false;
  Bytes message;
};

// Cuts a body into messages. A message that lies within one piece shares its bytes.
class FrameReader {
 public:
  // Messages over `max_message_bytes` are RESOURCE_EXHAUSTED as soon as their length is known.
  explicit FrameReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}
  void Feed(Bytes piece);
  // The next whole message, or nullopt if more must be fed.
  absl::StatusOr<std::optional<Frame>> Next();
  // No part of a message is left over.
  bool empty() const { return current_.empty() && partial_.empty(); }

 private:
  const size_t max_message_bytes_;
  Bytes current_;        // unread bytes with at least one whole message, or nothing fed since
  std::string partial_;  // the beginning of a message
};

// A payload as one frame.
absl::StatusOr<Bytes> EncodeFrame(const rpc::Payload& payload);
Bytes MakeFrame(bool compressed, std::string_view message);

}  // namespace starling::grpc
