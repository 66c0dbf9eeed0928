#include "core/rpc/json/interim.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include "base/status.h"

namespace starling::rpc::json {

absl::Status FromJson(std::string_view json, const JsonLimits& /*limits*/,
                      google::protobuf::MessageLite* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status =
      google::protobuf::util::JsonStringToMessage(google::protobuf::StringPiece(json.data(), json.size()),
                                                  static_cast<google::protobuf::Message*>(message), options);
  if (!status.ok()) return InvalidArgument(status.ToString());
  return absl::OkStatus();
}

void ToJson(const google::protobuf::MessageLite& message, std::string* out) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (google::protobuf::util::MessageToJsonString(static_cast<const google::protobuf::Message&>(message),
                                                  &text, options)
          .ok()) {
    out->append(text);
  }
}

absl::Status NoRules(const google::protobuf::MessageLite& /*message*/) { return absl::OkStatus(); }

absl::Status DecodeBody(const HttpParameters& /*parameters*/, std::string_view body, const JsonLimits& limits,
                        google::protobuf::MessageLite* request) {
  if (body.empty()) return absl::OkStatus();
  return FromJson(body, limits, request);
}

}  // namespace starling::rpc::json
