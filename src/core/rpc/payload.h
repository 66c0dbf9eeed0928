// What a call carries: a message, or the bytes of one.
#pragma once

#include <google/protobuf/message_lite.h>

#include <memory>
#include <utility>

#include "base/bytes.h"

namespace starling::rpc {

// One message on its way. Inline it is the caller's or the handler's own object; at a wire's edge it is the
// protobuf encoding, which proxies pass on unread. Nobody changes a message after it was sent.
class Payload {
 public:
  Payload() = default;

  // The message stays the caller's and must live until the call is done. Unary requests only.
  static Payload Borrow(const google::protobuf::MessageLite& message) {
    Payload payload;
    payload.message_ = &message;
    return payload;
  }
  static Payload Own(std::shared_ptr<google::protobuf::MessageLite> message) {
    Payload payload;
    payload.message_ = message.get();
    payload.owner_ = std::move(message);
    return payload;
  }
  // The protobuf wire encoding.
  static Payload Encoded(Bytes bytes) {
    Payload payload;
    payload.bytes_ = std::move(bytes);
    return payload;
  }

  bool has_message() const { return message_ != nullptr; }
  const google::protobuf::MessageLite& message() const { return *message_; }  // only if has_message()
  const Bytes& bytes() const { return bytes_; }                               // only if not has_message()

  // The message, if this payload is its only owner and may be moved from; else null.
  google::protobuf::MessageLite* mutable_message() const {
    return owner_.use_count() == 1 ? owner_.get() : nullptr;
  }
  // The message with shared ownership (null if borrowed or encoded): for what outlives the caller.
  const std::shared_ptr<google::protobuf::MessageLite>& shared() const { return owner_; }

 private:
  const google::protobuf::MessageLite* message_ = nullptr;
  std::shared_ptr<google::protobuf::MessageLite> owner_;
  Bytes bytes_;
};

}  // namespace starling::rpc
