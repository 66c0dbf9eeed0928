// From messages to JSON: what generated code calls for each field. All append to a string.
#pragma once

#include <google/protobuf/map.h>

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json_quote.h"
#include "core/rpc/json/decode.h"
#include "core/rpc/json/message_info.h"

namespace starling::rpc::json {

inline void Put(bool value, std::string* out) { out->append(value ? "true" : "false"); }

template <typename Int>
  requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>)
inline void Put(Int value, std::string* out) {
  char text[24];
  out->append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// The shortest text that is read back as the same number; "NaN", "Infinity" and "-Infinity" in quotes.
void Put(float value, std::string* out);
void Put(double value, std::string* out);
inline void Put(const std::string& text, std::string* out) { AppendJsonString(text, out); }
void PutBytes(const std::string& bytes, std::string* out);
// The name, or the number where the contract has no name for it.
void PutEnum(std::span<const EnumValue> values, int32_t number, std::string* out);

// Keys of maps.
inline void PutKey(const std::string& key, std::string* out) { AppendJsonString(key, out); }
template <typename Key>
void PutKey(Key key, std::string* out) {
  out->push_back('"');
  Put(key, out);
  out->push_back('"');
}

// Ends an object or array whose members have a comma after each of them.
inline void Close(char bracket, std::string* out) {
  if (out->back() == ',') {
    out->back() = bracket;
  } else {
    out->push_back(bracket);
  }
}

// `put(value)` appends one item.
template <typename List, typename PutItem>
void PutList(const List& list, std::string* out, PutItem put) {
  out->push_back('[');
  for (const auto& item : list) {
    put(item);
    out->push_back(',');
  }
  Close(']', out);
}

template <typename Key, typename Value, typename PutValue>
void PutMap(const google::protobuf::Map<Key, Value>& map, std::string* out, PutValue put) {
  out->push_back('{');
  for (const auto& [key, value] : map) {
    PutKey(key, out);
    out->push_back(':');
    put(value);
    out->push_back(',');
  }
  Close('}', out);
}

}  // namespace starling::rpc::json
