#include <bit>
#include <cstdint>
#include <utility>

#include "backends/inference_xgboost/model_value.h"
#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

// Recursive descent; the first fault is kept and everything after it returns at once.
class UbjsonReader {
 public:
  explicit UbjsonReader(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Value> Read() {
    Value value = ReadValue(TakeByte(), 0);
    if (fault_.ok() && at_ != bytes_.size()) Fail("nothing may follow the end of the document");
    RETURN_IF_ERROR(fault_);
    return value;
  }

 private:
  void Fail(std::string_view what) {
    if (fault_.ok()) fault_ = InvalidArgument("at byte ", at_, " of the UBJSON: ", what, ".");
    at_ = bytes_.size();
  }

  size_t left() const { return bytes_.size() - at_; }
  char Peek() const { return at_ < bytes_.size() ? bytes_[at_] : '\0'; }
  char TakeByte() {
    if (left() == 0) Fail("it ends too early");
    return fault_.ok() ? bytes_[at_++] : '\0';
  }
  template <typename Unsigned>
  Unsigned TakeBigEndian() {
    if (left() < sizeof(Unsigned)) Fail("it ends too early");
    if (!fault_.ok()) return 0;
    Unsigned bits = 0;
    for (size_t i = 0; i < sizeof(Unsigned); ++i) {
      bits =
          static_cast<Unsigned>((static_cast<uint64_t>(bits) << 8) | static_cast<uint8_t>(bytes_[at_ + i]));
    }
    at_ += sizeof(Unsigned);
    return bits;
  }

  // 0 for what is no number.
  static size_t SizeOf(char marker) {
    switch (marker) {
      case 'i':
      case 'U':
        return 1;
      case 'I':
        return 2;
      case 'l':
      case 'd':
        return 4;
      case 'L':
      case 'D':
        return 8;
      default:
        return 0;
    }
  }
  double TakeNumber(char marker) {
    switch (marker) {
      case 'i':
        return static_cast<int8_t>(TakeBigEndian<uint8_t>());
      case 'U':
        return TakeBigEndian<uint8_t>();
      case 'I':
        return static_cast<int16_t>(TakeBigEndian<uint16_t>());
      case 'l':
        return static_cast<int32_t>(TakeBigEndian<uint32_t>());
      case 'L':
        return static_cast<double>(static_cast<int64_t>(TakeBigEndian<uint64_t>()));
      case 'd':
        return std::bit_cast<float>(TakeBigEndian<uint32_t>());
      default:
        return std::bit_cast<double>(TakeBigEndian<uint64_t>());
    }
  }

  // A count or a length, which at least `bytes_each` times as many bytes must follow.
  size_t TakeCount(size_t bytes_each) {
    const char marker = TakeByte();
    if (SizeOf(marker) == 0 || marker == 'd' || marker == 'D') Fail("a count is expected");
    if (!fault_.ok()) return 0;
    const double count = TakeNumber(marker);
    if (count < 0 || count * static_cast<double>(bytes_each) > static_cast<double>(left())) {
      Fail("a count is larger than what follows");
      return 0;
    }
    return static_cast<size_t>(count);
  }
  std::string TakeText() {
    const size_t size = TakeCount(1);
    const std::string_view text = bytes_.substr(at_, size);
    at_ += size;
    return std::string(text);
  }

  Value ReadValue(char marker, int depth) {
    Value value;
    if (depth > kMaxDepth) Fail("values are nested too deep");
    if (++values_ > kMaxValues) Fail("there are too many values");
    if (!fault_.ok()) return value;
    if (marker == '{') return ReadObject(depth);
    if (marker == '[') return ReadList(depth);
    if (marker == 'S' || marker == 'C') {
      value.kind = Value::Kind::kString;
      value.text = marker == 'S' ? TakeText() : std::string(1, TakeByte());
    } else if (marker == 'T' || marker == 'F') {
      value.kind = Value::Kind::kNumber;
      value.number = marker == 'T' ? 1 : 0;
    } else if (SizeOf(marker) > 0) {
      value.kind = Value::Kind::kNumber;
      value.number = TakeNumber(marker);
    } else if (marker != 'Z') {
      Fail("this is no marker of a value");
    }
    return value;
  }

  Value ReadObject(int depth) {
    Value value;
    value.kind = Value::Kind::kObject;
    while (fault_.ok() && Peek() != '}') {
      std::string name = TakeText();
      // Which of two would count is the reader's choice, and XGBoost's could be another than ours.
      if (value.Find(name) != nullptr) Fail("a name is given twice");
      if (value.members.size() == kMaxMembers) Fail("an object has too many members");
      const char marker = TakeByte();
      if (!fault_.ok()) return value;
      value.members.push_back({std::move(name), ReadValue(marker, depth + 1)});
    }
    TakeByte();
    return value;
  }

  Value ReadList(int depth) {
    Value value;
    value.kind = Value::Kind::kList;
    char type = '\0';
    if (Peek() == '$') {
      ++at_;
      type = TakeByte();
      if (SizeOf(type) == 0) Fail("lists of one type hold numbers only");
      if (Peek() != '#') Fail("a count is expected");
    }
    if (!fault_.ok()) return value;
    if (Peek() != '#') {
      while (fault_.ok() && Peek() != ']') ReadItem(&value, depth);
      TakeByte();
      return value;
    }
    ++at_;
    const size_t count = TakeCount(type == '\0' ? 1 : SizeOf(type));
    if (type != '\0') value.numbers.reserve(count);
    for (size_t i = 0; i < count && fault_.ok(); ++i) {
      if (type != '\0') {
        value.numbers.push_back(TakeNumber(type));
      } else {
        ReadItem(&value, depth);
      }
    }
    return value;
  }

  void ReadItem(Value* list, int depth) {
    Value item = ReadValue(TakeByte(), depth + 1);
    if (item.kind == Value::Kind::kNumber) --values_;
    if (!list->Append(std::move(item))) Fail("a list mixes numbers with others");
  }

  std::string_view bytes_;
  size_t at_ = 0;
  size_t values_ = 0;
  absl::Status fault_;
};

}  // namespace

absl::StatusOr<Value> ReadUbjson(std::string_view bytes) { return UbjsonReader(bytes).Read(); }

}  // namespace starling::inference_xgboost
