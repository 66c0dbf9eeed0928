#include "core/rpc/json/decode.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "base/json_quote.h"
#include "base/status.h"
#include "core/rpc/json/base64.h"
#include "core/rpc/json/key_set.h"
#include "core/rpc/json/number_text.h"

namespace starling::rpc::json {
namespace {

constexpr char kNumber[] = "a number";
constexpr char kWholeNumber[] = "a whole number";

template <typename Number>
bool GetNumber(Reader& reader, const char* expected, Number* value) {
  Scalar scalar;
  if (!reader.Take(expected, &scalar)) return false;
  if (scalar.kind != Kind::kNumber && scalar.kind != Kind::kString && scalar.kind != Kind::kParameter) {
    return reader.WrongType(expected, scalar.kind);
  }
  switch (ParseNumber(scalar.text, value)) {
    case NumberError::kNone:
      return true;
    case NumberError::kNotANumber:
      return reader.WrongType(expected, scalar.kind);
    case NumberError::kFraction:
      return reader.fault().WrongType("must be a whole number, without a fraction.");
    case NumberError::kRange:
      break;
  }
  return reader.fault().WrongType(StrCat("is out of range: it must be at least ",
                                         std::numeric_limits<Number>::lowest(), " and at most ",
                                         std::numeric_limits<Number>::max(), "."));
}

template <typename Real>
bool GetReal(Reader& reader, Real* value) {
  if (reader.Peek() == Kind::kNumber) return GetNumber(reader, kNumber, value);
  Scalar scalar;
  if (!reader.Take(kNumber, &scalar)) return false;
  const bool text = scalar.kind == Kind::kString || scalar.kind == Kind::kParameter;
  if (text && scalar.text == "NaN") {
    *value = std::numeric_limits<Real>::quiet_NaN();
  } else if (text && scalar.text == "Infinity") {
    *value = std::numeric_limits<Real>::infinity();
  } else if (text && scalar.text == "-Infinity") {
    *value = -std::numeric_limits<Real>::infinity();
  } else if (const auto error = text ? ParseNumber(scalar.text, value) : NumberError::kNotANumber;
             error == NumberError::kRange) {
    return reader.fault().WrongType(StrCat("is out of range: it must be at least ",
                                           std::numeric_limits<Real>::lowest(), " and at most ",
                                           std::numeric_limits<Real>::max(), "."));
  } else if (error != NumberError::kNone) {
    return reader.WrongType(kNumber, scalar.kind);
  }
  return true;
}

// Which of a message's fields have been read.
class FieldSet {
 public:
  explicit FieldSet(size_t size) : words_(size / 64 + 1) {}
  // False if it is there already.
  bool Insert(size_t index) {
    const uint64_t bit = uint64_t{1} << (index % 64);
    const bool fresh = (words_[index / 64] & bit) == 0;
    words_[index / 64] |= bit;
    return fresh;
  }

 private:
  absl::InlinedVector<uint64_t, 4> words_;
};

bool SameFieldTwice(Reader& reader, const Field& field) {
  const bool two_names = field.name != field.json_name;
  reader.fault().Broken("json.duplicate", two_names ? StrCat("is given more than once ('", field.json_name,
                                                             "' is the same field).")
                                                    : "is given more than once.");
  return reader.fault().In(field.name, nullptr);
}

bool GetByTable(Reader& reader, const MessageInfo& type, google::protobuf::MessageLite& message) {
  FieldSet seen(type.fields.size());
  FieldSet seen_oneofs(type.oneofs.size());
  KeySet unknown;
  size_t next = 0;  // fields mostly come in the contract's order
  return reader.Members("an object", [&](std::string_view key) {
    const Field* field = next < type.fields.size() && type.fields[next].name == key ? &type.fields[next]
                                                                                    : FindField(type, key);
    if (field == nullptr) return (unknown.Insert(key) || reader.Duplicate(key)) && reader.Skip();
    const auto index = static_cast<size_t>(field - type.fields.data());
    next = index + 1;
    if (!seen.Insert(index)) return SameFieldTwice(reader, *field);
    if (field->oneof != 0 && (field->takes_null || reader.Peek() != Kind::kNull) &&
        !seen_oneofs.Insert(field->oneof)) {
      reader.fault().Broken("json.oneof", "is given twice: only one of its fields may be set.");
      return reader.fault().In(type.oneofs[field->oneof - 1], nullptr);
    }
    return GetField(reader, *field, message);
  });
}

}  // namespace

bool Get(Reader& reader, bool* value) {
  constexpr char kExpected[] = "true or false";
  Scalar scalar;
  if (!reader.Take(kExpected, &scalar)) return false;
  const bool parameter = scalar.kind == Kind::kParameter;
  if (scalar.kind == Kind::kTrue || (parameter && scalar.text == "true")) {
    *value = true;
  } else if (scalar.kind == Kind::kFalse || (parameter && scalar.text == "false")) {
    *value = false;
  } else {
    return reader.WrongType(kExpected, scalar.kind);
  }
  return true;
}

bool Get(Reader& reader, int32_t* value) { return GetNumber(reader, kWholeNumber, value); }
bool Get(Reader& reader, int64_t* value) { return GetNumber(reader, kWholeNumber, value); }
bool Get(Reader& reader, uint32_t* value) { return GetNumber(reader, kWholeNumber, value); }
bool Get(Reader& reader, uint64_t* value) { return GetNumber(reader, kWholeNumber, value); }
bool Get(Reader& reader, float* value) { return GetReal(reader, value); }
bool Get(Reader& reader, double* value) { return GetReal(reader, value); }
bool Get(Reader& reader, std::string* text) { return reader.TakeString("a string", text); }

bool GetBytes(Reader& reader, std::string* bytes) {
  Scalar scalar;
  if (!reader.Take("a string in base64", &scalar)) return false;
  if (scalar.kind != Kind::kString && scalar.kind != Kind::kParameter) {
    return reader.WrongType("a string in base64", scalar.kind);
  }
  return DecodeBase64(scalar.text, bytes) || reader.fault().WrongType("must be a string in base64.");
}

bool GetEnum(Reader& reader, std::span<const EnumValue> values, int32_t* number) {
  constexpr char kExpected[] = "the name of a value or a whole number";
  constexpr size_t kMostNamed = 10;
  if (reader.Peek() == Kind::kNumber) return GetNumber(reader, kExpected, number);
  Scalar scalar;
  if (!reader.Take(kExpected, &scalar)) return false;
  if (scalar.kind != Kind::kString && scalar.kind != Kind::kParameter) {
    return reader.WrongType(kExpected, scalar.kind);
  }
  for (const auto& value : values) {
    if (value.name != scalar.text) continue;
    *number = value.number;
    return true;
  }
  if (scalar.kind == Kind::kParameter && ParseNumber(scalar.text, number) == NumberError::kNone) return true;
  std::string names;
  for (const auto& value : values.first(std::min(values.size(), kMostNamed))) {
    names += StrCat(names.empty() ? "" : ", ", value.name);
  }
  if (values.size() > kMostNamed) names += " and so on";
  return reader.fault().WrongType(StrCat("must be one of ", names, ", or a whole number."));
}

bool GetMessage(Reader& reader, const MessageInfo& type, google::protobuf::MessageLite& message) {
  return type.read != nullptr ? type.read(reader, message) : GetByTable(reader, type, message);
}

bool GetField(Reader& reader, const Field& field, google::protobuf::MessageLite& message) {
  if (reader.Peek() == Kind::kNull && !field.takes_null) {
    return reader.TakeNull() || reader.fault().In(field.name, field.violation);
  }
  const bool read = field.kind != FieldKind::kList
                        ? field.read(reader, message)
                        : reader.Items("a list", [&](size_t index) {
                            return field.read(reader, message) || reader.fault().AtIndex(index);
                          });
  return read || reader.fault().In(field.name, field.violation);
}

const Field* FindField(const MessageInfo& type, std::string_view name) {
  const auto found =
      std::lower_bound(type.names.begin(), type.names.end(), name,
                       [](const FieldName& entry, std::string_view sought) { return entry.name < sought; });
  return found != type.names.end() && found->name == name ? &type.fields[found->index] : nullptr;
}

bool ParseKey(std::string_view text, std::string* key) {
  key->assign(text);
  return true;
}
bool ParseKey(std::string_view text, bool* key) {
  *key = text == "true";
  return *key || text == "false";
}
bool ParseKey(std::string_view text, int32_t* key) { return ParseNumber(text, key) == NumberError::kNone; }
bool ParseKey(std::string_view text, int64_t* key) { return ParseNumber(text, key) == NumberError::kNone; }
bool ParseKey(std::string_view text, uint32_t* key) { return ParseNumber(text, key) == NumberError::kNone; }
bool ParseKey(std::string_view text, uint64_t* key) { return ParseNumber(text, key) == NumberError::kNone; }

}  // namespace starling::rpc::json
