#include "services/models/oip/json/json_tensor_reader.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "services/models/oip/half.h"
#include "services/models/oip/infer.h"

namespace starling::models::oip {
namespace {

namespace ondemand = simdjson::ondemand;
using inference::DataType;
using inference::Shape;

enum class Outcome { kOk, kWrongType, kOutOfRange };

Outcome OutcomeOf(simdjson::error_code error) {
  return error == simdjson::NUMBER_OUT_OF_RANGE ? Outcome::kOutOfRange : Outcome::kWrongType;
}

// What each kind of element is in the tensor, what it is called, and how it is read. Read() looks at one value.
template <typename T>
struct Integers {
  static constexpr std::string_view kWanted = "an integer";
  static Outcome Read(ondemand::value& value, T* out) {
    std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t> wide = 0;
    if constexpr (std::is_signed_v<T>) {
      if (const auto error = value.get_int64().get(wide)) return Why(value, error);
    } else {
      if (const auto error = value.get_uint64().get(wide)) return Why(value, error);
    }
    *out = static_cast<T>(wide);
    return *out == wide ? Outcome::kOk : Outcome::kOutOfRange;
  }
  // An integer that the parser can't hold, or a negative one where none may be, is a number out of range for it or for us.
  static Outcome Why(ondemand::value& value, simdjson::error_code error) {
    const std::string_view token = value.raw_json_token();
    const bool integer = token.find_first_not_of("-0123456789 \t\r\n") == std::string_view::npos;
    return integer && !token.empty() ? Outcome::kOutOfRange : OutcomeOf(error);
  }
};

Outcome ReadDouble(ondemand::value& value, double* out) {
  const auto error = value.get_double().get(*out);
  if (!error) return std::isfinite(*out) ? Outcome::kOk : Outcome::kOutOfRange;
  // "1e400" is a number in JSON, and one that no double holds.
  const std::string_view token = value.raw_json_token();
  if (error == simdjson::NUMBER_ERROR && !token.empty() && (token[0] == '-' || std::isdigit(token[0])) &&
      token.find_first_not_of("-+.eE0123456789 \t\r\n") == std::string_view::npos) {
    return Outcome::kOutOfRange;
  }
  return OutcomeOf(error);
}

struct Doubles {
  static constexpr std::string_view kWanted = "a number";
  static Outcome Read(ondemand::value& value, double* out) { return ReadDouble(value, out); }
};

struct Floats {
  static constexpr std::string_view kWanted = "a number";
  static Outcome Read(ondemand::value& value, float* out) {
    double wide = 0;
    if (const Outcome outcome = ReadDouble(value, &wide); outcome != Outcome::kOk) return outcome;
    *out = static_cast<float>(wide);
    // The text was rounded to a double; rounding that once more is wrong only if the double lies between two floats, in the middle.
    constexpr uint64_t kLostBits = (uint64_t{1} << 29) - 1;
    constexpr uint64_t kMiddle = uint64_t{1} << 28;
    if ((std::bit_cast<uint64_t>(wide) & kLostBits) == kMiddle) {
      const std::string_view token = value.raw_json_token();
      std::from_chars(token.data(), token.data() + token.size(), *out);
    }
    return std::isfinite(*out) ? Outcome::kOk : Outcome::kOutOfRange;
  }
};

template <uint16_t (*Convert)(double), uint16_t Infinity>
struct Halves {
  static constexpr std::string_view kWanted = "a number";
  static Outcome Read(ondemand::value& value, uint16_t* out) {
    double wide = 0;
    if (const Outcome outcome = ReadDouble(value, &wide); outcome != Outcome::kOk) return outcome;
    *out = Convert(wide);
    return (*out & ~kHalfSign) != Infinity ? Outcome::kOk : Outcome::kOutOfRange;
  }
};

struct Booleans {
  static constexpr std::string_view kWanted = "true or false";
  static Outcome Read(ondemand::value& value, uint8_t* out) {
    bool flag = false;
    if (!value.get_bool().get(flag)) {
      *out = flag ? 1 : 0;
      return Outcome::kOk;
    }
    return Integers<uint8_t>::Read(value, out) == Outcome::kOk && *out <= 1 ? Outcome::kOk
                                                                            : Outcome::kWrongType;
  }
};

// Where the elements go: fixed sizes into a buffer that has room for all.
template <typename T, typename Reader>
class FixedSink {
 public:
  static constexpr std::string_view kWanted = Reader::kWanted;
  explicit FixedSink(std::span<T> target) : target_(target) {}
  bool full() const { return count_ == target_.size(); }
  size_t count() const { return count_; }
  Outcome Take(ondemand::value& value) { return Reader::Read(value, &target_[count_++]); }

 private:
  std::span<T> target_;
  size_t count_ = 0;
};

class StringSink {
 public:
  static constexpr std::string_view kWanted = "a string";
  explicit StringSink(size_t size) : size_(size) {}
  bool full() const { return count_ == size_; }
  size_t count() const { return count_; }
  Outcome Take(ondemand::value& value) {
    std::string_view text;
    if (value.get_string().get(text)) return Outcome::kWrongType;
    const auto size = static_cast<uint32_t>(text.size());
    data_.append(reinterpret_cast<const char*>(&size), sizeof(size));
    data_.append(text);
    ++count_;
    return Outcome::kOk;
  }
  Bytes Done() { return Bytes(std::move(data_)); }

 private:
  const size_t size_;
  size_t count_ = 0;
  std::string data_;
};

// One tensor being read.
class Filling {
 public:
  Filling(std::string_view name, DataType datatype, const Shape& shape)
      : name_(name),
        datatype_(datatype),
        shape_(shape),
        elements_(static_cast<size_t>(inference::ElementCount(shape))) {}

  template <typename Sink>
  absl::Status Read(ondemand::array data, Sink& sink) {
    RETURN_IF_ERROR(ReadLevel(data, 0, sink));
    if (!sink.full()) return WrongCount(sink.count(), "");
    return absl::OkStatus();
  }

 private:
  template <typename Sink>
  absl::Status ReadLevel(ondemand::array& items, size_t depth, Sink& sink) {
    size_t count = 0;
    bool nested = false;
    for (auto item : items) {
      ondemand::value value;
      if (const auto error = item.get(value)) return Malformed(error);
      if (count++ == 0) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return Malformed(error);
        nested = type == ondemand::json_type::array;
        if (nested && depth + 1 >= shape_.size()) return TooDeep();
        // Either flat as a whole, or nested down to the last dimension.
        if (!nested && depth > 0 && depth + 1 < shape_.size()) return TooFlat(depth);
      }
      if (nested) {
        ondemand::array inner;
        if (value.get_array().get(inner)) return Unlike(sink.count(), "a list");
        RETURN_IF_ERROR(ReadLevel(inner, depth + 1, sink));
        continue;
      }
      if (sink.full()) return WrongCount(sink.count(), "more than ");
      if (const Outcome outcome = sink.Take(value); outcome != Outcome::kOk) {
        return Refused(value, sink.count(), outcome, Sink::kWanted);
      }
    }
    if ((nested || depth > 0) && count != static_cast<size_t>(shape_[depth])) {
      return InvalidArgument("Input '", name_, "': a list of 'data' has ", count, " items where the shape ",
                             inference::ToString(shape_), " says ", shape_[depth], ".");
    }
    return absl::OkStatus();
  }

  absl::Status Malformed(simdjson::error_code error) const {
    return InvalidArgument("Input '", name_, "': 'data' is not valid JSON: ", simdjson::error_message(error));
  }
  absl::Status TooDeep() const {
    return InvalidArgument("Input '", name_, "': 'data' is nested deeper than the ", shape_.size(),
                           " dimensions of ", inference::ToString(shape_), ".");
  }
  absl::Status TooFlat(size_t depth) const {
    return InvalidArgument("Input '", name_, "': 'data' must be flat or nested as the shape ",
                           inference::ToString(shape_), " says; it has ", depth + 1, " levels.");
  }
  absl::Status Unlike(size_t index, std::string_view wanted) const {
    return InvalidArgument("Input '", name_, "': what follows element ", index, " of 'data' must be ", wanted,
                           " as what is before it.");
  }
  absl::Status WrongCount(size_t count, std::string_view more) const {
    return InvalidArgument("Input '", name_, "': 'data' has ", more, count, " elements; the shape ",
                           inference::ToString(shape_), " takes ", elements_, ".");
  }
  // `count` is 1 past the element for sinks that count before they read.
  absl::Status Refused(ondemand::value& value, size_t count, Outcome outcome, std::string_view wanted) const {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back()))) token.remove_suffix(1);
    constexpr size_t kShown = 40;
    const std::string shown = StrCat(token.substr(0, kShown), token.size() > kShown ? "..." : "");
    const size_t index = datatype_ == DataType::kBytes ? count : count - 1;
    if (outcome == Outcome::kOutOfRange) {
      return InvalidArgument("Input '", name_, "': element ", index, " of 'data', ", shown,
                             ", is past the range of ", inference::Name(datatype_), ".");
    }
    return InvalidArgument("Input '", name_, "': element ", index, " of 'data' must be ", wanted, " for ",
                           inference::Name(datatype_), ", not ", shown, ".");
  }

  const std::string_view name_;
  const DataType datatype_;
  const Shape& shape_;
  const size_t elements_;
};

template <typename T, typename Reader>
absl::StatusOr<inference::Tensor> ReadFixed(Filling& filling, ondemand::array& data, DataType datatype,
                                            const Shape& shape) {
  inference::TensorBuffer buffer(datatype, shape);
  FixedSink<T, Reader> sink(buffer.Values<T>());
  RETURN_IF_ERROR(filling.Read(data, sink));
  return std::move(buffer).Freeze();
}

template <typename T>
auto ReadIntegers(Filling& filling, ondemand::array& data, DataType datatype, const Shape& shape) {
  return ReadFixed<T, Integers<T>>(filling, data, datatype, shape);
}

}  // namespace

absl::StatusOr<inference::Tensor> ReadJsonTensor(std::string_view input_name, ondemand::array data,
                                                 DataType datatype, const Shape& shape, size_t json_bytes) {
  ASSIGN_OR_RETURN(const uint64_t bytes, TensorBytes(datatype, shape, StrCat("Input '", input_name, "'")));
  const auto elements = static_cast<uint64_t>(bytes == 0 ? 0 : inference::ElementCount(shape));
  // Each element takes a digit and a comma. Nothing is allocated for what can't be there.
  if (elements > json_bytes) {
    return InvalidArgument("Input '", input_name, "': the shape ", inference::ToString(shape), " takes ",
                           elements, " elements, which 'data' does not have.");
  }
  Filling filling(input_name, datatype, shape);
  switch (datatype) {
    case DataType::kBool:
      return ReadFixed<uint8_t, Booleans>(filling, data, datatype, shape);
    case DataType::kUint8:
      return ReadIntegers<uint8_t>(filling, data, datatype, shape);
    case DataType::kUint16:
      return ReadIntegers<uint16_t>(filling, data, datatype, shape);
    case DataType::kUint32:
      return ReadIntegers<uint32_t>(filling, data, datatype, shape);
    case DataType::kUint64:
      return ReadIntegers<uint64_t>(filling, data, datatype, shape);
    case DataType::kInt8:
      return ReadIntegers<int8_t>(filling, data, datatype, shape);
    case DataType::kInt16:
      return ReadIntegers<int16_t>(filling, data, datatype, shape);
    case DataType::kInt32:
      return ReadIntegers<int32_t>(filling, data, datatype, shape);
    case DataType::kInt64:
      return ReadIntegers<int64_t>(filling, data, datatype, shape);
    case DataType::kFp16:
      return ReadFixed<uint16_t, Halves<DoubleToFp16, kFp16Infinity>>(filling, data, datatype, shape);
    case DataType::kBf16:
      return ReadFixed<uint16_t, Halves<DoubleToBf16, kBf16Infinity>>(filling, data, datatype, shape);
    case DataType::kFp32:
      return ReadFixed<float, Floats>(filling, data, datatype, shape);
    case DataType::kFp64:
      return ReadFixed<double, Doubles>(filling, data, datatype, shape);
    case DataType::kBytes:
      break;
  }
  StringSink sink(static_cast<size_t>(elements));
  RETURN_IF_ERROR(filling.Read(data, sink));
  return inference::Tensor{datatype, shape, sink.Done()};
}

}  // namespace starling::models::oip
