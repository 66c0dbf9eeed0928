#include "services/models/oip/classification.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>
#include <vector>

#include "base/status.h"
#include "services/models/oip/half.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::Tensor;

template <typename T>
std::string Text(T value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// `value(i)`: element i of the output as a number that compares.
template <typename Value>
std::vector<std::string> Highest(size_t rows, size_t classes, size_t count,
                                 std::span<const std::string> labels, Value&& value) {
  std::vector<std::string> texts;
  texts.reserve(rows * count);
  std::vector<size_t> order(classes);
  for (size_t row = 0; row < rows; ++row) {
    const size_t first = row * classes;
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                      [&](size_t a, size_t b) {
                        const auto left = value(first + a), right = value(first + b);
                        // A NaN is lower than all else, so that the order is one.
                        const bool left_nan = left != left, right_nan = right != right;
                        if (left_nan || right_nan) return left_nan == right_nan ? a < b : right_nan;
                        return left != right ? left > right : a < b;
                      });
    for (size_t i = 0; i < count; ++i) {
      const size_t index = order[i];
      std::string text = StrCat(Text(value(first + index)), ":", index);
      if (index < labels.size()) StrAppend(&text, ":", labels[index]);
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

}  // namespace

absl::StatusOr<Tensor> Classify(std::string_view output_name, const Tensor& output, uint64_t count,
                                bool batched, std::span<const std::string> labels) {
  if (count == 0) return InvalidArgument("Output '", output_name, "': 'classification' must be at least 1.");
  const auto elements = static_cast<size_t>(inference::ElementCount(output.shape));
  const size_t rows = batched && !output.shape.empty() ? static_cast<size_t>(output.shape[0]) : 1;
  const size_t classes = rows == 0 ? 0 : elements / rows;
  const size_t kept = std::min<uint64_t>(count, classes);
  const auto of = [&](auto value) { return Highest(rows, classes, kept, labels, value); };
  const auto plain = [&]<typename T>(T) {
    const auto values = output.Values<T>();
    return of([values](size_t i) {
      if constexpr (sizeof(T) == 1)
        return static_cast<int>(values[i]);
      else
        return values[i];
    });
  };
  std::vector<std::string> texts;
  switch (output.datatype) {
    case DataType::kUint8:
      texts = plain(uint8_t{});
      break;
    case DataType::kUint16:
      texts = plain(uint16_t{});
      break;
    case DataType::kUint32:
      texts = plain(uint32_t{});
      break;
    case DataType::kUint64:
      texts = plain(uint64_t{});
      break;
    case DataType::kInt8:
      texts = plain(int8_t{});
      break;
    case DataType::kInt16:
      texts = plain(int16_t{});
      break;
    case DataType::kInt32:
      texts = plain(int32_t{});
      break;
    case DataType::kInt64:
      texts = plain(int64_t{});
      break;
    case DataType::kFp32:
      texts = plain(float{});
      break;
    case DataType::kFp64:
      texts = plain(double{});
      break;
    case DataType::kFp16:
      texts = of([&](size_t i) { return static_cast<float>(Fp16ToDouble(output.Values<uint16_t>()[i])); });
      break;
    case DataType::kBf16:
      texts = of([&](size_t i) { return static_cast<float>(Bf16ToDouble(output.Values<uint16_t>()[i])); });
      break;
    default:
      return InvalidArgument("Output '", output_name, "' is ", inference::Name(output.datatype),
                             ", which has no classes.");
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  inference::Shape shape = {static_cast<int64_t>(kept)};
  if (batched) shape.insert(shape.begin(), static_cast<int64_t>(rows));
  return inference::MakeBytesTensor(std::move(shape), views);
}

}  // namespace starling::models::oip
