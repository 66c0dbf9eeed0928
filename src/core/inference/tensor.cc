#include "core/inference/tensor.h"

#include <array>
#include <cstring>

#include "base/status.h"

namespace starling::inference {
namespace {

struct TypeRow {
  DataType type;
  std::string_view name;
  size_t bytes;
};

// In the order of the enum.
constexpr std::array<TypeRow, 14> kTypes = {{
    {DataType::kBool, "BOOL", 1},
    {DataType::kUint8, "UINT8", 1},
    {DataType::kUint16, "UINT16", 2},
    {DataType::kUint32, "UINT32", 4},
    {DataType::kUint64, "UINT64", 8},
    {DataType::kInt8, "INT8", 1},
    {DataType::kInt16, "INT16", 2},
    {DataType::kInt32, "INT32", 4},
    {DataType::kInt64, "INT64", 8},
    {DataType::kFp16, "FP16", 2},
    {DataType::kFp32, "FP32", 4},
    {DataType::kFp64, "FP64", 8},
    {DataType::kBf16, "BF16", 2},
    {DataType::kBytes, "BYTES", 0},
}};

const TypeRow& Row(DataType type) { return kTypes[static_cast<size_t>(type)]; }

}  // namespace

size_t BytesPerElement(DataType type) { return Row(type).bytes; }

std::string_view Name(DataType type) { return Row(type).name; }

absl::StatusOr<DataType> ParseDataType(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return InvalidArgument("'", name, "' is no data type; for example INT64, FP32, UINT8.");
}

int64_t ElementCount(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) StrAppend(&text, i == 0 ? "" : ",", shape[i]);
  return text + "]";
}

TensorBuffer::TensorBuffer(DataType datatype, Shape shape)
    : datatype_(datatype),
      shape_(std::move(shape)),
      size_bytes_(static_cast<size_t>(ElementCount(shape_)) * BytesPerElement(datatype)),
      elements_(new char[size_bytes_]()) {}

Tensor TensorBuffer::Freeze() && {
  const std::string_view view(elements_.get(), size_bytes_);
  return {datatype_, std::move(shape_), Bytes(view, std::move(elements_))};
}

absl::StatusOr<std::vector<std::string_view>> ReadByteStrings(const Tensor& tensor) {
  const int64_t count = ElementCount(tensor.shape);
  std::string_view rest = tensor.data.view();
  const auto wrong = [&] {
    return InvalidArgument("The ", tensor.data.size(), " bytes are not the ", count,
                           " elements of BYTES that the shape ", ToString(tensor.shape),
                           " says, each behind its length in four bytes.");
  };
  // Before anything is allocated for what may be a lie.
  if (count < 0 || static_cast<uint64_t>(count) > rest.size() / sizeof(uint32_t)) return wrong();
  std::vector<std::string_view> values(static_cast<size_t>(count));
  for (std::string_view& value : values) {
    uint32_t size = 0;
    if (rest.size() < sizeof(size)) return wrong();
    std::memcpy(&size, rest.data(), sizeof(size));
    rest.remove_prefix(sizeof(size));
    if (rest.size() < size) return wrong();
    value = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  if (!rest.empty()) return wrong();
  return values;
}

Tensor MakeBytesTensor(Shape shape, std::span<const std::string_view> values) {
  size_t bytes = values.size() * sizeof(uint32_t);
  for (const std::string_view value : values) bytes += value.size();
  std::string data;
  data.reserve(bytes);
  for (const std::string_view value : values) {
    const auto size = static_cast<uint32_t>(value.size());
    data.append(reinterpret_cast<const char*>(&size), sizeof(size));
    data.append(value);
  }
  return {DataType::kBytes, std::move(shape), Bytes(std::move(data))};
}

absl::Status CheckTensor(const Tensor& tensor, std::string_view what) {
  int64_t count = 1;
  for (const int64_t size : tensor.shape) {
    if (size < 0)
      return InvalidArgument(what, " has a negative size in its shape ", ToString(tensor.shape), ".");
    // No tensor has more elements than its data has bytes, so a product that overflows is wrong in any case.
    if (__builtin_mul_overflow(count, size, &count) || count > (int64_t{1} << 48))
      return InvalidArgument(what, " is too large: ", ToString(tensor.shape), ".");
  }
  if (tensor.datatype == DataType::kBytes) {
    const absl::Status status = ReadByteStrings(tensor).status();
    return status.ok() ? status : InvalidArgument(what, ": ", Message(status));
  }
  const size_t expected = static_cast<size_t>(count) * BytesPerElement(tensor.datatype);
  if (tensor.data.size() == expected) return absl::OkStatus();
  return InvalidArgument(what, " has ", tensor.data.size(), " bytes; ", Name(tensor.datatype),
                         ToString(tensor.shape), " needs ", expected, ".");
}

}  // namespace starling::inference
