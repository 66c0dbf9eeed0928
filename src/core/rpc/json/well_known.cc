#include "core/rpc/json/well_known.h"

#include <cctype>

#include "core/rpc/generated.h"
#include "core/rpc/json/decode.h"
#include "core/rpc/json/encode.h"
#include "core/rpc/json/message_type.h"
#include "core/rpc/json/time_text.h"

namespace starling::rpc::json {
namespace {

namespace pb = google::protobuf;

template <typename T>
bool ReadAs(Reader& reader, pb::MessageLite& message) {
  return Get(reader, static_cast<T*>(&message));
}
template <typename T>
void WriteAs(const pb::MessageLite& message, std::string* out) {
  Put(static_cast<const T&>(message), out);
}
template <typename T, const MessageInfo& Info>
MessageType MakeType(std::string_view name) {
  return {name, &generated::Create<T>, &FromJson<Info>, &ToJson<Info>, &Validate<&NoRules>};
}

// A string, as text that is parsed by `parse(text)`.
template <typename Parse>
bool GetText(Reader& reader, const char* expected, Parse parse) {
  std::string text;
  if (!reader.TakeString(expected, &text)) return false;
  return parse(text) || reader.fault().WrongType(StrCat("must be ", expected, "."));
}

// Between "place.cityName" and "place.city_name". False where the way back would not give the same.
bool SnakeCase(std::string_view camel, std::string* out) {
  for (const char c : camel) {
    if (c == '_') return false;
    if (std::isupper(static_cast<unsigned char>(c)) != 0) out->push_back('_');
    out->push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return true;
}
std::string CamelCase(std::string_view snake) {
  std::string camel;
  bool upper = false;
  for (const char c : snake) {
    if (c != '_') camel.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    upper = c == '_';
  }
  return camel;
}

}  // namespace

constinit const MessageInfo kEmptyMessage{.write = &WriteAs<pb::Empty>, .read = &ReadAs<pb::Empty>};
constinit const MessageInfo kStructMessage{.write = &WriteAs<pb::Struct>, .read = &ReadAs<pb::Struct>};
constinit const MessageInfo kValueMessage{.write = &WriteAs<pb::Value>, .read = &ReadAs<pb::Value>};
constinit const MessageInfo kListValueMessage{.write = &WriteAs<pb::ListValue>,
                                              .read = &ReadAs<pb::ListValue>};

const MessageType& EmptyType() {
  static const MessageType type = MakeType<pb::Empty, kEmptyMessage>("google.protobuf.Empty");
  return type;
}
const MessageType& StructType() {
  static const MessageType type = MakeType<pb::Struct, kStructMessage>("google.protobuf.Struct");
  return type;
}
const MessageType& ValueType() {
  static const MessageType type = MakeType<pb::Value, kValueMessage>("google.protobuf.Value");
  return type;
}
const MessageType& ListValueType() {
  static const MessageType type = MakeType<pb::ListValue, kListValueMessage>("google.protobuf.ListValue");
  return type;
}

bool Get(Reader& reader, pb::Timestamp* value) {
  return GetText(reader, "a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)", [&](std::string_view text) {
    Seconds time;
    if (!ParseTimestamp(text, &time)) return false;
    value->set_seconds(time.seconds);
    value->set_nanos(time.nanos);
    return true;
  });
}

bool Get(Reader& reader, pb::Duration* value) {
  return GetText(reader, "a duration such as \"1.5s\"", [&](std::string_view text) {
    Seconds duration;
    if (!ParseDuration(text, &duration)) return false;
    value->set_seconds(duration.seconds);
    value->set_nanos(duration.nanos);
    return true;
  });
}

bool Get(Reader& reader, pb::FieldMask* value) {
  return GetText(reader, "names of fields in lowerCamelCase with commas between them",
                 [&](std::string_view text) {
                   while (!text.empty()) {
                     const std::string_view path = text.substr(0, text.find(','));
                     text.remove_prefix(std::min(path.size() + 1, text.size()));
                     if (!path.empty() && !SnakeCase(path, value->add_paths())) return false;
                   }
                   return true;
                 });
}

bool Get(Reader& reader, pb::Struct* value) {
  return GetMap(reader, value->mutable_fields(),
                [](Reader& inner, pb::Value& entry) { return Get(inner, &entry); });
}

bool Get(Reader& reader, pb::ListValue* value) {
  return reader.Items("a list", [&](size_t index) {
    return Get(reader, value->add_values()) || reader.fault().AtIndex(index);
  });
}

bool Get(Reader& reader, pb::Value* value) {
  switch (reader.Peek()) {
    case Kind::kObject:
      return Get(reader, value->mutable_struct_value());
    case Kind::kArray:
      return Get(reader, value->mutable_list_value());
    case Kind::kString:
      return Get(reader, value->mutable_string_value());
    case Kind::kTrue:
    case Kind::kFalse: {
      bool boolean = false;
      if (!Get(reader, &boolean)) return false;
      value->set_bool_value(boolean);
      return true;
    }
    case Kind::kNumber: {
      double number = 0;
      if (!Get(reader, &number)) return false;
      value->set_number_value(number);
      return true;
    }
    case Kind::kNull:
      value->set_null_value(pb::NULL_VALUE);
      return reader.TakeNull();
    case Kind::kParameter:
      return reader.fault().WrongType("cannot be given here; it belongs in the body.");
    default: {
      Scalar none;
      return reader.Take("a value", &none);
    }
  }
}

bool Get(Reader& reader, pb::Empty* /*value*/) {
  if (reader.Peek() != Kind::kObject) {
    Scalar other;
    return reader.Take("an object", &other) && reader.WrongType("an object", other.kind);
  }
  return reader.Skip();
}

#define STARLING_WRAPPER(Wrapper, Type)          \
  bool Get(Reader& reader, pb::Wrapper* value) { \
    Type wrapped{};                              \
    if (!Get(reader, &wrapped)) return false;    \
    value->set_value(wrapped);                   \
    return true;                                 \
  }                                              \
  void Put(const pb::Wrapper& value, std::string* out) { Put(value.value(), out); }
STARLING_WRAPPER(DoubleValue, double)
STARLING_WRAPPER(FloatValue, float)
STARLING_WRAPPER(Int64Value, int64_t)
STARLING_WRAPPER(UInt64Value, uint64_t)
STARLING_WRAPPER(Int32Value, int32_t)
STARLING_WRAPPER(UInt32Value, uint32_t)
STARLING_WRAPPER(BoolValue, bool)
#undef STARLING_WRAPPER

bool Get(Reader& reader, pb::StringValue* value) { return Get(reader, value->mutable_value()); }
bool Get(Reader& reader, pb::BytesValue* value) { return GetBytes(reader, value->mutable_value()); }
void Put(const pb::StringValue& value, std::string* out) { Put(value.value(), out); }
void Put(const pb::BytesValue& value, std::string* out) { PutBytes(value.value(), out); }

void Put(const pb::Timestamp& value, std::string* out) {
  out->push_back('"');
  if (AppendTimestamp({value.seconds(), value.nanos()}, out)) return out->push_back('"');
  out->pop_back();
  out->append("null");
}

void Put(const pb::Duration& value, std::string* out) {
  out->push_back('"');
  if (AppendDuration({value.seconds(), value.nanos()}, out)) return out->push_back('"');
  out->pop_back();
  out->append("null");
}

void Put(const pb::FieldMask& value, std::string* out) {
  std::string paths;
  for (const auto& path : value.paths()) {
    if (!paths.empty()) paths.push_back(',');
    paths += CamelCase(path);
  }
  Put(paths, out);
}

void Put(const pb::Struct& value, std::string* out) {
  PutMap(value.fields(), out, [out](const pb::Value& entry) { Put(entry, out); });
}

void Put(const pb::ListValue& value, std::string* out) {
  PutList(value.values(), out, [out](const pb::Value& item) { Put(item, out); });
}

void Put(const pb::Value& value, std::string* out) {
  switch (value.kind_case()) {
    case pb::Value::kNumberValue:
      return Put(value.number_value(), out);
    case pb::Value::kStringValue:
      return Put(value.string_value(), out);
    case pb::Value::kBoolValue:
      return Put(value.bool_value(), out);
    case pb::Value::kStructValue:
      return Put(value.struct_value(), out);
    case pb::Value::kListValue:
      return Put(value.list_value(), out);
    default:
      out->append("null");
  }
}

void Put(const pb::Empty& /*value*/, std::string* out) { out->append("{}"); }

}  // namespace starling::rpc::json
