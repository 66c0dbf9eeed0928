#include "services/models/oip/json/json_tensor_writer.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/json_quote.h"
#include "base/status.h"
#include "base/utf8.h"
#include "services/models/oip/half.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::Tensor;

// "-1.7976931348623157e+308", a comma, and some room.
constexpr size_t kLongestNumber = 32;
constexpr size_t kBlock = 256;

absl::Status NotInJson(std::string_view output_name, size_t index, std::string_view what) {
  return InvalidArgument(
      "Element ", index, " of output '", output_name, "' is ", what,
      ", which JSON has no form for: ask for the output with the parameter \"binary_data\".");
}

template <typename T>
bool IsNumber(T value) {
  if constexpr (std::is_floating_point_v<T>) return std::isfinite(value);
  return true;
}

// `number(i)` is what element i is written as. Numbers are formatted in place, a block at a time.
template <typename Number>
absl::Status AppendNumbers(std::string_view output_name, size_t count, std::string* out, Number&& number) {
  size_t used = out->size();
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t end = std::min(count, begin + kBlock);
    const size_t room = used + (end - begin) * kLongestNumber;
    if (out->size() < room) out->resize(std::max(room, out->capacity()));
    char* target = out->data() + used;
    for (size_t i = begin; i < end; ++i) {
      const auto value = number(i);
      if (!IsNumber(value)) return NotInJson(output_name, i, "NaN or infinity");
      target = std::to_chars(target, target + kLongestNumber, value).ptr;
      *target++ = ',';
    }
    used = static_cast<size_t>(target - out->data());
  }
  out->resize(used);
  return absl::OkStatus();
}

template <typename T>
absl::Status AppendValues(std::string_view output_name, const Tensor& tensor, std::string* out) {
  const std::span<const T> values = tensor.Values<T>();
  return AppendNumbers(output_name, values.size(), out, [values](size_t i) {
    if constexpr (sizeof(T) == 1)
      return static_cast<int>(values[i]);
    else
      return values[i];
  });
}

// As float: what reads back as the same half, if not always the shortest such.
template <double (*Convert)(uint16_t)>
absl::Status AppendHalves(std::string_view output_name, const Tensor& tensor, std::string* out) {
  const auto values = tensor.Values<uint16_t>();
  return AppendNumbers(output_name, values.size(), out,
                       [values](size_t i) { return static_cast<float>(Convert(values[i])); });
}

absl::Status AppendStrings(std::string_view output_name, const Tensor& tensor, std::string* out) {
  ASSIGN_OR_RETURN(const auto values, inference::ReadByteStrings(tensor));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!IsValidUtf8(values[i])) return NotInJson(output_name, i, "not UTF-8");
    AppendJsonString(values[i], out);
    out->push_back(',');
  }
  return absl::OkStatus();
}

void AppendBooleans(const Tensor& tensor, std::string* out) {
  for (const uint8_t value : tensor.Values<uint8_t>()) out->append(value != 0 ? "true," : "false,");
}

absl::Status AppendElements(std::string_view output_name, const Tensor& tensor, std::string* out) {
  switch (tensor.datatype) {
    case DataType::kBool:
      AppendBooleans(tensor, out);
      return absl::OkStatus();
    case DataType::kUint8:
      return AppendValues<uint8_t>(output_name, tensor, out);
    case DataType::kUint16:
      return AppendValues<uint16_t>(output_name, tensor, out);
    case DataType::kUint32:
      return AppendValues<uint32_t>(output_name, tensor, out);
    case DataType::kUint64:
      return AppendValues<uint64_t>(output_name, tensor, out);
    case DataType::kInt8:
      return AppendValues<int8_t>(output_name, tensor, out);
    case DataType::kInt16:
      return AppendValues<int16_t>(output_name, tensor, out);
    case DataType::kInt32:
      return AppendValues<int32_t>(output_name, tensor, out);
    case DataType::kInt64:
      return AppendValues<int64_t>(output_name, tensor, out);
    case DataType::kFp16:
      return AppendHalves<Fp16ToDouble>(output_name, tensor, out);
    case DataType::kBf16:
      return AppendHalves<Bf16ToDouble>(output_name, tensor, out);
    case DataType::kFp32:
      return AppendValues<float>(output_name, tensor, out);
    case DataType::kFp64:
      return AppendValues<double>(output_name, tensor, out);
    case DataType::kBytes:
      return AppendStrings(output_name, tensor, out);
  }
  return Internal("A tensor of an unknown type.");
}

}  // namespace

absl::Status AppendJsonTensor(std::string_view output_name, const Tensor& tensor, std::string* out) {
  out->push_back('[');
  RETURN_IF_ERROR(AppendElements(output_name, tensor, out));
  if (out->back() == ',') out->pop_back();
  out->push_back(']');
  return absl::OkStatus();
}

}  // namespace starling::models::oip
