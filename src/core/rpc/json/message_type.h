// The operations of a MessageType, made of what generated code says of the message.
#pragma once

#include "core/rpc/json/decode.h"
#include "core/rpc/json/fault.h"
#include "core/rpc/json/message_info.h"
#include "core/rpc/method.h"

namespace starling::rpc::json {

absl::Status ReadDocument(const MessageInfo& type, std::string_view json, const JsonLimits& limits,
                          google::protobuf::MessageLite* message);

template <const MessageInfo& kType>
absl::Status FromJson(std::string_view json, const JsonLimits& limits,
                      google::protobuf::MessageLite* message) {
  return ReadDocument(kType, json, limits, message);
}

template <const MessageInfo& kType>
void ToJson(const google::protobuf::MessageLite& message, std::string* out) {
  kType.write(message, out);
}

// `kCheck` is generated from the contract's rules.
template <bool (*kCheck)(const google::protobuf::MessageLite&, Fault&)>
absl::Status Validate(const google::protobuf::MessageLite& message) {
  Fault fault;
  if (kCheck(message, fault)) return absl::OkStatus();
  return fault.ToStatus();
}

inline bool NoRules(const google::protobuf::MessageLite& /*message*/, Fault& /*fault*/) { return true; }

}  // namespace starling::rpc::json
