// What generated code says of a message, for JSON and request lines: tables, without reflection.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace starling::rpc::json {

class Reader;
struct MessageInfo;

enum class FieldKind : uint8_t {
  kOne,   // `read` sets it
  kList,  // `read` adds one item
  kMap,   // `read` takes the whole object
};

struct Field {
  std::string_view name;       // as the contract writes it
  std::string_view json_name;  // lowerCamelCase, or what `json_name` says
  const char* violation;       // the contract's sentence (starling/options/v1/options.proto), or null
  FieldKind kind;
  bool takes_null;  // null is a value of it, not its absence
  uint16_t oneof;   // which oneof of the message it is in, from 1; 0 is none
  bool (*read)(Reader& reader, google::protobuf::MessageLite& message);
  // Of a kOne field whose type is a message with a table; else null.
  const MessageInfo* type;
  google::protobuf::MessageLite* (*mutable_message)(google::protobuf::MessageLite& message);
};

// One of the names of a field.
struct FieldName {
  std::string_view name;
  uint32_t index;
};

struct MessageInfo {
  std::span<const Field> fields;
  std::span<const FieldName> names;  // both names of every field, sorted
  std::span<const std::string_view> oneofs;
  void (*write)(const google::protobuf::MessageLite& message, std::string* out);
  // Of a type whose JSON is not an object of its fields (Struct and so on); else null.
  bool (*read)(Reader& reader, google::protobuf::MessageLite& message);
};

}  // namespace starling::rpc::json
