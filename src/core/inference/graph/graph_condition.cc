#include "core/inference/graph/graph_condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"

namespace starling::inference {
namespace {

using Comparison = GraphCondition::Comparison;

// The longer ones first: "<=" begins with "<".
constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {"==", Comparison::kEqual},
    {"!=", Comparison::kUnequal},
    {"<=", Comparison::kLessOrEqual},
    {">=", Comparison::kGreaterOrEqual},
    {"<", Comparison::kLess},
    {">", Comparison::kGreater},
}};

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::optional<double> Number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

template <typename T>
bool Compare(const T& left, Comparison comparison, const T& right) {
  switch (comparison) {
    case Comparison::kEqual:
      return left == right;
    case Comparison::kUnequal:
      return left != right;
    case Comparison::kLess:
      return left < right;
    case Comparison::kLessOrEqual:
      return left <= right;
    case Comparison::kGreater:
      return left > right;
    case Comparison::kGreaterOrEqual:
      return left >= right;
  }
  return false;
}

// Calls `with` with a null pointer of the C++ type.
template <typename Function>
auto WithType(DataType type, Function with) {
  switch (type) {
    case DataType::kBool:
    case DataType::kUint8:
      return with(static_cast<uint8_t*>(nullptr));
    case DataType::kUint16:
      return with(static_cast<uint16_t*>(nullptr));
    case DataType::kUint32:
      return with(static_cast<uint32_t*>(nullptr));
    case DataType::kUint64:
      return with(static_cast<uint64_t*>(nullptr));
    case DataType::kInt8:
      return with(static_cast<int8_t*>(nullptr));
    case DataType::kInt16:
      return with(static_cast<int16_t*>(nullptr));
    case DataType::kInt32:
      return with(static_cast<int32_t*>(nullptr));
    case DataType::kInt64:
      return with(static_cast<int64_t*>(nullptr));
    case DataType::kFp64:
      return with(static_cast<double*>(nullptr));
    default:
      return with(static_cast<float*>(nullptr));
  }
}

absl::StatusOr<GraphTensor> ParseTensor(std::string_view text, const FindGraphStep& find) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size())
    return InvalidArgument("'", text, "' names no tensor: it must be request.<input> or <step>.<output>.");
  const std::string_view step = text.substr(0, dot);
  const auto found = find(step);
  if (!found.has_value()) return InvalidArgument("'", step, "' of '", text, "' is no step before this one.");
  return GraphTensor{*found, std::string(text.substr(dot + 1)), std::string(text)};
}

absl::StatusOr<bool> HoldsAt(const GraphCondition& condition, const Tensor& tensor, size_t index,
                             const std::vector<std::string_view>& texts) {
  if (tensor.datatype == DataType::kBytes)
    return Compare(texts[index], condition.comparison, std::string_view(condition.value));
  return Compare(NumberAt(tensor, index), condition.comparison, *condition.number);
}

}  // namespace

absl::StatusOr<GraphSource> ParseSource(std::string_view text, const FindGraphStep& find) {
  GraphSource source;
  while (true) {
    const size_t bar = text.find('|');
    ASSIGN_OR_RETURN(GraphTensor tensor, ParseTensor(Trimmed(text.substr(0, bar)), find));
    source.push_back(std::move(tensor));
    if (bar == std::string_view::npos) return source;
    text.remove_prefix(bar + 1);
  }
}

absl::StatusOr<GraphCondition> ParseCondition(std::string_view text, const FindGraphStep& find) {
  GraphCondition condition;
  condition.text = Trimmed(text);
  const size_t at = text.find_first_of("=!<>");
  const auto found = std::find_if(kComparisons.begin(), kComparisons.end(), [&](const auto& one) {
    return at != std::string_view::npos && text.substr(at).starts_with(one.first);
  });
  if (found == kComparisons.end()) {
    return InvalidArgument(
        "'", condition.text,
        "' is no condition: it must be <step>.<tensor>, one of == != < <= > >=, and a value.");
  }
  condition.comparison = found->second;
  std::string_view left = Trimmed(text.substr(0, at));
  condition.value = Trimmed(text.substr(at + found->first.size()));
  condition.number = Number(condition.value);
  if (condition.value.empty()) return InvalidArgument("'", condition.text, "' has no value to compare with.");
  if (left.ends_with(']') && left.find('[') != std::string_view::npos) {
    const size_t bracket = left.find('[');
    const std::string_view index = left.substr(bracket + 1, left.size() - bracket - 2);
    const auto [rest, error] = std::from_chars(index.data(), index.data() + index.size(), condition.element);
    if (error != std::errc() || rest != index.data() + index.size())
      return InvalidArgument("'", condition.text, "': '[", index, "]' is no number of an element.");
    left = Trimmed(left.substr(0, bracket));
  }
  ASSIGN_OR_RETURN(condition.source, ParseSource(left, find));
  return condition;
}

absl::Status CheckComparable(const GraphCondition& condition, DataType type) {
  const bool is_equality =
      condition.comparison == Comparison::kEqual || condition.comparison == Comparison::kUnequal;
  if (type == DataType::kBytes) {
    if (is_equality) return absl::OkStatus();
    return InvalidArgument("'", condition.text, "': BYTES can be compared with == and != alone.");
  }
  if (type == DataType::kFp16 || type == DataType::kBf16)
    return InvalidArgument("'", condition.text, "': ", Name(type), " can't be compared.");
  if (!condition.number.has_value())
    return InvalidArgument("'", condition.text, "': '", condition.value, "' is no number.");
  return absl::OkStatus();
}

absl::StatusOr<bool> Holds(const GraphCondition& condition, const Tensor& tensor, bool has_batch) {
  RETURN_IF_ERROR(CheckComparable(condition, tensor.datatype));
  const auto count = static_cast<size_t>(ElementCount(tensor.shape));
  const size_t rows = has_batch && !tensor.shape.empty() ? static_cast<size_t>(tensor.shape[0]) : 1;
  const size_t per_row = rows == 0 ? 0 : count / rows;
  if (condition.element >= per_row) {
    return InvalidArgument("'", condition.text, "': there are ", per_row, " elements in a row.");
  }
  std::vector<std::string_view> texts;
  if (tensor.datatype == DataType::kBytes) {
    ASSIGN_OR_RETURN(texts, ReadByteStrings(tensor));
  }
  ASSIGN_OR_RETURN(const bool first, HoldsAt(condition, tensor, condition.element, texts));
  for (size_t row = 1; row < rows; ++row) {
    ASSIGN_OR_RETURN(const bool other, HoldsAt(condition, tensor, row * per_row + condition.element, texts));
    if (other != first) {
      return InvalidArgument("'", condition.text, "' holds for some of the ", rows,
                             " rows and not for others: they take different ways, so send them one by one.");
    }
  }
  return first;
}

double NumberAt(const Tensor& tensor, size_t index) {
  return WithType(tensor.datatype,
                  [&]<typename T>(T*) { return static_cast<double>(tensor.Values<T>()[index]); });
}

absl::StatusOr<Tensor> FilledTensor(DataType datatype, const Shape& shape, const std::string& value) {
  if (datatype == DataType::kBytes) {
    const std::vector<std::string_view> values(static_cast<size_t>(ElementCount(shape)), value);
    return MakeBytesTensor(shape, values);
  }
  const auto number = Number(value);
  if (!number.has_value() || datatype == DataType::kFp16 || datatype == DataType::kBf16)
    return InvalidArgument("'", value, "' is no value of ", Name(datatype), ".");
  return WithType(datatype, [&]<typename T>(T*) -> absl::StatusOr<Tensor> {
    if constexpr (std::is_integral_v<T>) {
      // The bounds first: a conversion past them has no meaning.
      if (*number < static_cast<double>(std::numeric_limits<T>::min()) ||
          *number >= std::ldexp(1.0, std::numeric_limits<T>::digits) || std::trunc(*number) != *number)
        return InvalidArgument("'", value, "' is no value of ", Name(datatype), ".");
    }
    TensorBuffer buffer(datatype, shape);
    std::ranges::fill(buffer.template Values<T>(), static_cast<T>(*number));
    return std::move(buffer).Freeze();
  });
}

}  // namespace starling::inference
