// The operations of a MessageType, made of what generated code says of the message.
#pragma once

#include "core/rpc/json/decode.h"
#include "core/rpc/json/fault.h"
#include "core/rpc/json/message_info.h"
#include "core/rpc/method.h"

namespace starling::rpc::json {

absl::Status ReadDocument(const MessageInfo& type, std::string_view json, const JsonLimits& limits,
                          google::protobuf::MessageLite* message);

template <const MessageInfo& Type>
absl::Status FromJson(std::string_view json, const JsonLimits& limits,
                      google::protobuf::MessageLite* message) {
  return ReadDocument(Type, json, limits, message);
}

template <const MessageInfo& Type>
void ToJson(const google::protobuf::MessageLite& message, std::string* out) {
  Type.write(message, out);
}

// `Check` is generated from the contract's rules.
template <bool (*Check)(const google::protobuf::MessageLite&, Fault&)>
absl::Status Validate(const google::protobuf::MessageLite& message) {
  Fault fault;
  if (Check(message, fault)) return absl::OkStatus();
  return fault.ToStatus();
}

inline bool NoRules(const google::protobuf::MessageLite& /*message*/, Fault& /*fault*/) { return true; }

}  // namespace starling::rpc::json
