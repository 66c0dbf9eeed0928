#include "services/models/oip/wire/wire_parameters.h"

#include <bit>
#include <utility>

#include "base/status.h"
#include "base/utf8.h"

namespace starling::models::oip {
namespace {

using Type = WireReader::Type;

// Fields of InferParameter, a oneof.
enum ParameterField : uint32_t { kBool = 1, kInt64 = 2, kString = 3, kDouble = 4, kUint64 = 5 };

absl::StatusOr<Parameter> ReadValue(std::string_view message) {
  Parameter value = false;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.field()) {
      case kBool:
        value = reader.number() != 0;
        break;
      case kInt64:
        value = static_cast<int64_t>(reader.number());
        break;
      case kUint64:
        value = reader.number();
        break;
      case kDouble:
        if (reader.type() != Type::kFixed64) return MalformedMessage();
        value = std::bit_cast<double>(reader.number());
        break;
      case kString: {
        ASSIGN_OR_RETURN(value, WireText(reader));
        break;
      }
      default:
        break;
    }
  }
  if (!reader.ok()) return MalformedMessage();
  return value;
}

void AppendValue(const Parameter& value, std::string* out) {
  if (const auto* flag = std::get_if<bool>(&value)) return AppendVarintField(kBool, *flag ? 1 : 0, out);
  if (const auto* number = std::get_if<int64_t>(&value))
    return AppendVarintField(kInt64, static_cast<uint64_t>(*number), out);
  if (const auto* number = std::get_if<uint64_t>(&value)) return AppendVarintField(kUint64, *number, out);
  if (const auto* number = std::get_if<double>(&value)) return AppendDoubleField(kDouble, *number, out);
  AppendBytesField(kString, std::get<std::string>(value), out);
}

}  // namespace

absl::Status MalformedMessage() {
  return InvalidArgument("The bytes are not a valid message of the protocol.");
}

absl::StatusOr<std::string> WireText(const WireReader& reader) {
  if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
  if (!IsValidUtf8(reader.bytes())) return InvalidArgument("A string of the request is not UTF-8.");
  return std::string(reader.bytes());
}

absl::Status AppendWireShape(const WireReader& reader, inference::Shape* shape) {
  const auto add = [shape](uint64_t size) -> absl::Status {
    if (shape->size() == kMaxDimensions)
      return InvalidArgument("A shape has more than ", kMaxDimensions, " dimensions.");
    shape->push_back(static_cast<int64_t>(size));
    return absl::OkStatus();
  };
  if (reader.type() == Type::kVarint) return add(reader.number());
  if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
  WireReader packed(reader.bytes());
  while (packed.NextPacked(Type::kVarint)) RETURN_IF_ERROR(add(packed.number()));
  return packed.ok() ? absl::OkStatus() : MalformedMessage();
}

absl::Status AddWireParameter(const WireReader& reader, Parameters* parameters) {
  if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
  std::string name;
  Parameter value = false;
  WireReader entry(reader.bytes());
  while (entry.Next()) {
    if (entry.field() == 1) {
      ASSIGN_OR_RETURN(name, WireText(entry));
    } else if (entry.field() == 2) {
      if (entry.type() != Type::kLengthDelimited) return MalformedMessage();
      ASSIGN_OR_RETURN(value, ReadValue(entry.bytes()));
    }
  }
  if (!entry.ok()) return MalformedMessage();
  parameters->Set(name, std::move(value));
  return absl::OkStatus();
}

void AppendShapeField(uint32_t field, const inference::Shape& shape, std::string* out) {
  if (shape.empty()) return;
  std::string packed;
  for (const int64_t size : shape) AppendVarint(static_cast<uint64_t>(size), &packed);
  AppendBytesField(field, packed, out);
}

void AppendParameterFields(uint32_t field, const Parameters& parameters, std::string* out) {
  for (const auto& [name, value] : parameters) {
    std::string inner, entry;
    AppendValue(value, &inner);
    AppendBytesField(1, name, &entry);
    AppendBytesField(2, inner, &entry);
    AppendBytesField(field, entry, out);
  }
}

}  // namespace starling::models::oip
