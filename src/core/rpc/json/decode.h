// From JSON to messages: what generated code calls for each field.
#pragma once

#include <google/protobuf/map.h>
#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/rpc/json/message_info.h"
#include "core/rpc/json/reader.h"

namespace starling::rpc::json {

// Each takes the next value; false and a fault if it does not fit. Integers and floating-point numbers may stand in strings too, as
// protobuf's JSON allows; "NaN", "Infinity" and "-Infinity" are numbers of floating-point fields.
bool Get(Reader& reader, bool* value);
bool Get(Reader& reader, int32_t* value);
bool Get(Reader& reader, int64_t* value);
bool Get(Reader& reader, uint32_t* value);
bool Get(Reader& reader, uint64_t* value);
bool Get(Reader& reader, float* value);
bool Get(Reader& reader, double* value);
bool Get(Reader& reader, std::string* text);
// Base64, with either alphabet, with or without padding (RFC 4648, sections 4 and 5).
bool GetBytes(Reader& reader, std::string* bytes);

struct EnumValue {
  std::string_view name;
  int32_t number;
};
// By name, or any number: enums are open.
bool GetEnum(Reader& reader, std::span<const EnumValue> values, int32_t* number);

bool GetMessage(Reader& reader, const MessageInfo& type, google::protobuf::MessageLite& message);
// The whole value of a field of `message`. null leaves it unset, unless null is one of its values.
bool GetField(Reader& reader, const Field& field, google::protobuf::MessageLite& message);
// Null if there is none of that name.
const Field* FindField(const MessageInfo& type, std::string_view name);

// Keys of maps are strings in JSON. False if the text is none of the type.
bool ParseKey(std::string_view text, std::string* key);
bool ParseKey(std::string_view text, bool* key);
bool ParseKey(std::string_view text, int32_t* key);
bool ParseKey(std::string_view text, int64_t* key);
bool ParseKey(std::string_view text, uint32_t* key);
bool ParseKey(std::string_view text, uint64_t* key);

// `each(reader, value)` takes the value of one entry.
template <typename Key, typename Value, typename Each>
bool GetMap(Reader& reader, google::protobuf::Map<Key, Value>* map, Each each) {
  return reader.Members("an object", [&](std::string_view text) {
    Key key;
    if (!ParseKey(text, &key)) {
      reader.fault().WrongType("has a key of the wrong type.");
      return reader.fault().AtKey(text);
    }
    if (map->contains(key)) return reader.Duplicate(text);
    return each(reader, (*map)[key]) || reader.fault().AtKey(text);
  });
}

}  // namespace starling::rpc::json
