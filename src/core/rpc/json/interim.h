// JSON by protobuf's reflection, until the generated codecs take over.
#pragma once

#include <string>
#include <string_view>

#include "core/rpc/method.h"

namespace starling::rpc::json {

absl::Status FromJson(std::string_view json, const JsonLimits& limits,
                      google::protobuf::MessageLite* message);
void ToJson(const google::protobuf::MessageLite& message, std::string* out);
absl::Status NoRules(const google::protobuf::MessageLite& message);
absl::Status DecodeBody(const HttpParameters& parameters, std::string_view body, const JsonLimits& limits,
                        google::protobuf::MessageLite* request);

}  // namespace starling::rpc::json
