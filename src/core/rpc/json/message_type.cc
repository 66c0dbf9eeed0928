#include "core/rpc/json/message_type.h"

namespace starling::rpc::json {

absl::Status ReadDocument(const MessageInfo& type, std::string_view json, const JsonLimits& limits,
                          google::protobuf::MessageLite* message) {
  Reader reader(json, limits);
  if (reader.fault().ok() && GetMessage(reader, type, *message) && reader.Finish()) return absl::OkStatus();
  return reader.fault().ToStatus();
}

}  // namespace starling::rpc::json
