// The messages that come with protobuf itself and have a JSON form of their own
// (protobuf.dev/programming-guides/proto3, "JSON mapping").
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <string>

#include "core/rpc/json/message_info.h"
#include "core/rpc/json/reader.h"
#include "core/rpc/method.h"

namespace starling::rpc::json {

// Types of requests and responses.
const MessageType& EmptyType();
const MessageType& StructType();
const MessageType& ValueType();
const MessageType& ListValueType();

extern const MessageInfo kEmptyMessage;
extern const MessageInfo kStructMessage;
extern const MessageInfo kValueMessage;
extern const MessageInfo kListValueMessage;

// Fields, as in decode.h.
bool Get(Reader& reader, google::protobuf::Timestamp* value);
bool Get(Reader& reader, google::protobuf::Duration* value);
bool Get(Reader& reader, google::protobuf::FieldMask* value);
bool Get(Reader& reader, google::protobuf::Struct* value);
bool Get(Reader& reader, google::protobuf::Value* value);
bool Get(Reader& reader, google::protobuf::ListValue* value);
bool Get(Reader& reader, google::protobuf::Empty* value);
bool Get(Reader& reader, google::protobuf::DoubleValue* value);
bool Get(Reader& reader, google::protobuf::FloatValue* value);
bool Get(Reader& reader, google::protobuf::Int64Value* value);
bool Get(Reader& reader, google::protobuf::UInt64Value* value);
bool Get(Reader& reader, google::protobuf::Int32Value* value);
bool Get(Reader& reader, google::protobuf::UInt32Value* value);
bool Get(Reader& reader, google::protobuf::BoolValue* value);
bool Get(Reader& reader, google::protobuf::StringValue* value);
bool Get(Reader& reader, google::protobuf::BytesValue* value);

// As in encode.h. What has no JSON form (a timestamp or duration out of range) is null; NaN and infinities in a Value are strings.
void Put(const google::protobuf::Timestamp& value, std::string* out);
void Put(const google::protobuf::Duration& value, std::string* out);
void Put(const google::protobuf::FieldMask& value, std::string* out);
void Put(const google::protobuf::Struct& value, std::string* out);
void Put(const google::protobuf::Value& value, std::string* out);
void Put(const google::protobuf::ListValue& value, std::string* out);
void Put(const google::protobuf::Empty& value, std::string* out);
void Put(const google::protobuf::DoubleValue& value, std::string* out);
void Put(const google::protobuf::FloatValue& value, std::string* out);
void Put(const google::protobuf::Int64Value& value, std::string* out);
void Put(const google::protobuf::UInt64Value& value, std::string* out);
void Put(const google::protobuf::Int32Value& value, std::string* out);
void Put(const google::protobuf::UInt32Value& value, std::string* out);
void Put(const google::protobuf::BoolValue& value, std::string* out);
void Put(const google::protobuf::StringValue& value, std::string* out);
void Put(const google::protobuf::BytesValue& value, std::string* out);

}  // namespace starling::rpc::json
