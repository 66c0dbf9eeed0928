#include "core/rpc/convert.h"

#include <climits>
#include <string>

#include "base/status.h"

namespace starling::rpc {

absl::StatusOr<Bytes> Encode(const Payload& payload) {
  if (!payload.has_message()) return payload.bytes();
  std::string out;
  if (!payload.message().SerializeToString(&out)) return Internal("A message could not be encoded.");
  return Bytes(std::move(out));
}

absl::StatusOr<Payload> Decode(Payload payload, const MessageType& type) {
  if (payload.has_message()) return payload;
  if (type.decode != nullptr) {
    ASSIGN_OR_RETURN(auto decoded, type.decode(payload.bytes()));
    return Payload::Own(std::move(decoded));
  }
  auto message = type.create();
  const std::string_view bytes = payload.bytes().view();
  if (bytes.size() > INT_MAX || !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return InvalidArgument("The request is not a valid ", type.full_name, ".");
  }
  return Payload::Own(std::move(message));
}

}  // namespace starling::rpc
