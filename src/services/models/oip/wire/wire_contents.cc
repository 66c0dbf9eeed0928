#include "services/models/oip/wire/wire_contents.h"

#include <bit>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/wire/wire.h"
#include "services/models/oip/wire/wire_parameters.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;
using Type = WireReader::Type;

// Fields of InferTensorContents.
enum ContentsField : uint32_t {
  kNone = 0,
  kBoolContents = 1,
  kIntContents = 2,
  kInt64Contents = 3,
  kUintContents = 4,
  kUint64Contents = 5,
  kFp32Contents = 6,
  kFp64Contents = 7,
  kBytesContents = 8,
};

ContentsField FieldOf(DataType datatype) {
  switch (datatype) {
    case DataType::kBool:
      return kBoolContents;
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
      return kIntContents;
    case DataType::kInt64:
      return kInt64Contents;
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32:
      return kUintContents;
    case DataType::kUint64:
      return kUint64Contents;
    case DataType::kFp32:
      return kFp32Contents;
    case DataType::kFp64:
      return kFp64Contents;
    case DataType::kBytes:
      return kBytesContents;
    default:
      return kNone;
  }
}

class ContentsReader {
 public:
  ContentsReader(std::string_view name, DataType datatype, const Shape& shape,
                 std::span<const std::string_view> contents)
      : name_(name), datatype_(datatype), shape_(shape), contents_(contents) {}

  // Calls `take(number)` for every element of the tensor's field.
  template <typename Take>
  absl::Status EachNumber(Type type, Take&& take) {
    return EachField([&](const WireReader& reader) -> absl::Status {
      if (reader.type() == type) return take(reader.number());
      if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
      WireReader packed(reader.bytes());
      while (packed.NextPacked(type)) RETURN_IF_ERROR(take(packed.number()));
      return packed.ok() ? absl::OkStatus() : MalformedMessage();
    });
  }

  template <typename Take>
  absl::Status EachField(Take&& take) {
    for (const std::string_view part : contents_) {
      WireReader reader(part);
      while (reader.Next()) {
        if (reader.field() > kBytesContents) continue;
        if (reader.field() != FieldOf(datatype_)) {
          return InvalidArgument("Input '", name_, "': its contents are not of the type ",
                                 inference::Name(datatype_), ".");
        }
        RETURN_IF_ERROR(take(reader));
      }
      if (!reader.ok()) return MalformedMessage();
    }
    return absl::OkStatus();
  }

  // `convert(number)` is the element; it must read back as `number` (for integers: within the range).
  template <typename T, typename Convert>
  absl::StatusOr<Tensor> Fixed(Type type, Convert&& convert) {
    inference::TensorBuffer buffer(datatype_, shape_);
    const std::span<T> target = buffer.Values<T>();
    size_t count = 0;
    RETURN_IF_ERROR(EachNumber(type, [&](uint64_t number) -> absl::Status {
      if (count == target.size()) return WrongCount("more than ", count);
      if (!convert(number, &target[count])) {
        return InvalidArgument("Input '", name_, "': element ", count, " is past the range of ",
                               inference::Name(datatype_), ".");
      }
      ++count;
      return absl::OkStatus();
    }));
    if (count != target.size()) return WrongCount("", count);
    return std::move(buffer).Freeze();
  }

  template <typename T>
  absl::StatusOr<Tensor> Integers() {
    return Fixed<T>(Type::kVarint, [](uint64_t number, T* out) {
      *out = static_cast<T>(number);
      if constexpr (std::is_signed_v<T>)
        return static_cast<int64_t>(*out) == static_cast<int64_t>(number);
      else
        return static_cast<uint64_t>(*out) == number;
    });
  }

  absl::StatusOr<Tensor> Strings(size_t count) {
    std::vector<std::string_view> values;
    RETURN_IF_ERROR(EachField([&](const WireReader& reader) -> absl::Status {
      if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
      values.push_back(reader.bytes());
      return absl::OkStatus();
    }));
    if (values.size() != count) return WrongCount("", values.size());
    return inference::MakeBytesTensor(shape_, values);
  }

 private:
  absl::Status WrongCount(std::string_view more, size_t count) const {
    return InvalidArgument("Input '", name_, "' has ", more, count, " elements; the shape ",
                           inference::ToString(shape_), " takes ", inference::ElementCount(shape_), ".");
  }

  const std::string_view name_;
  const DataType datatype_;
  const Shape& shape_;
  const std::span<const std::string_view> contents_;
};

}  // namespace

absl::StatusOr<Tensor> ReadContents(std::string_view input_name, DataType datatype, const Shape& shape,
                                    std::span<const std::string_view> contents) {
  ASSIGN_OR_RETURN(const uint64_t bytes, TensorBytes(datatype, shape, StrCat("Input '", input_name, "'")));
  const size_t elements = bytes == 0 ? 0 : static_cast<size_t>(inference::ElementCount(shape));
  size_t encoded = 0;
  for (const std::string_view part : contents) encoded += part.size();
  // Each element takes a byte at least: nothing is allocated for what can't be there.
  if (elements > encoded) {
    return InvalidArgument("Input '", input_name, "': the shape ", inference::ToString(shape), " takes ",
                           elements, " elements, which its contents do not have.");
  }
  ContentsReader reader(input_name, datatype, shape, contents);
  switch (datatype) {
    case DataType::kBool:
      return reader.Fixed<uint8_t>(Type::kVarint, [](uint64_t number, uint8_t* out) {
        *out = number != 0 ? 1 : 0;
        return true;
      });
    case DataType::kUint8:
      return reader.Integers<uint8_t>();
    case DataType::kUint16:
      return reader.Integers<uint16_t>();
    case DataType::kUint32:
      return reader.Integers<uint32_t>();
    case DataType::kUint64:
      return reader.Integers<uint64_t>();
    case DataType::kInt8:
      return reader.Integers<int8_t>();
    case DataType::kInt16:
      return reader.Integers<int16_t>();
    case DataType::kInt32:
      return reader.Integers<int32_t>();
    case DataType::kInt64:
      return reader.Integers<int64_t>();
    case DataType::kFp32:
      return reader.Fixed<float>(Type::kFixed32, [](uint64_t number, float* out) {
        *out = std::bit_cast<float>(static_cast<uint32_t>(number));
        return true;
      });
    case DataType::kFp64:
      return reader.Fixed<double>(Type::kFixed64, [](uint64_t number, double* out) {
        *out = std::bit_cast<double>(number);
        return true;
      });
    case DataType::kBytes:
      return reader.Strings(elements);
    default:
      return InvalidArgument("Input '", input_name, "': ", inference::Name(datatype),
                             " must come as raw contents.");
  }
}

}  // namespace starling::models::oip
