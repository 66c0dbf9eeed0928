// The types of messages that come with protobuf itself and may be a method's request or response.
#pragma once

#include "core/rpc/method.h"

namespace starling::rpc::json {

const MessageType& EmptyType();
const MessageType& StructType();
const MessageType& ValueType();
const MessageType& ListValueType();

}  // namespace starling::rpc::json
