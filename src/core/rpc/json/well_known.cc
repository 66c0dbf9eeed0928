#include "core/rpc/json/well_known.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/struct.pb.h>

#include "core/rpc/generated.h"
#include "core/rpc/json/interim.h"

namespace starling::rpc::json {
namespace {

template <typename T>
MessageType Make(std::string_view name) {
  return {name, &generated::Create<T>, &FromJson, &ToJson, &NoRules};
}

}  // namespace

const MessageType& EmptyType() {
  static const MessageType kType = Make<google::protobuf::Empty>("google.protobuf.Empty");
  return kType;
}
const MessageType& StructType() {
  static const MessageType kType = Make<google::protobuf::Struct>("google.protobuf.Struct");
  return kType;
}
const MessageType& ValueType() {
  static const MessageType kType = Make<google::protobuf::Value>("google.protobuf.Value");
  return kType;
}
const MessageType& ListValueType() {
  static const MessageType kType = Make<google::protobuf::ListValue>("google.protobuf.ListValue");
  return kType;
}

}  // namespace starling::rpc::json
