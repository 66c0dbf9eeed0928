#include <charconv>
#include <limits>
#include <utility>

#include "backends/inference_xgboost/model_value.h"
#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

// Recursive descent; the first fault is kept and everything after it returns at once.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  absl::StatusOr<Value> Read() {
    Value value = ReadValue(0);
    SkipSpace();
    if (fault_.ok() && at_ != text_.size()) Fail("nothing may follow the end of the document");
    RETURN_IF_ERROR(fault_);
    return value;
  }

 private:
  void Fail(std::string_view what) {
    if (fault_.ok()) fault_ = InvalidArgument("at byte ", at_, " of the JSON: ", what, ".");
    at_ = text_.size();
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool Take(char wanted) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  static Value Number(double number) {
    Value value;
    value.kind = Value::Kind::kNumber;
    value.number = number;
    return value;
  }

  Value ReadValue(int depth) {
    SkipSpace();
    if (depth > kMaxDepth) Fail("values are nested too deep");
    if (++values_ > kMaxValues) Fail("there are too many values");
    if (at_ >= text_.size()) {
      Fail("a value is missing");
      return {};
    }
    switch (text_[at_]) {
      case '{':
        return ReadObject(depth);
      case '[':
        return ReadList(depth);
      case '"': {
        Value value;
        value.kind = Value::Kind::kString;
        value.text = ReadString();
        return value;
      }
      default:
        return ReadScalar();
    }
  }

  Value ReadObject(int depth) {
    Value value;
    value.kind = Value::Kind::kObject;
    ++at_;
    if (Take('}')) return value;
    do {
      SkipSpace();
      if (at_ >= text_.size() || text_[at_] != '"') Fail("a name in quotes is expected");
      std::string name = ReadString();
      if (!Take(':')) Fail("a colon is expected");
      // Which of two would count is the reader's choice, and XGBoost's could be another than ours.
      if (value.Find(name) != nullptr) Fail("a name is given twice");
      if (value.members.size() == kMaxMembers) Fail("an object has too many members");
      if (!fault_.ok()) return value;
      value.members.push_back({std::move(name), ReadValue(depth + 1)});
    } while (fault_.ok() && Take(','));
    if (!Take('}')) Fail("a comma or } is expected");
    return value;
  }

  Value ReadList(int depth) {
    Value value;
    value.kind = Value::Kind::kList;
    ++at_;
    if (Take(']')) return value;
    do {
      Value item = ReadValue(depth + 1);
      if (item.kind == Value::Kind::kNumber) --values_;
      if (!value.Append(std::move(item))) Fail("a list mixes numbers with others");
    } while (fault_.ok() && Take(','));
    if (!Take(']')) Fail("a comma or ] is expected");
    return value;
  }

  Value ReadScalar() {
    if (TakeWord("true")) return Number(1);
    if (TakeWord("false")) return Number(0);
    if (TakeWord("null")) return {};
    if (TakeWord("NaN")) return Number(std::numeric_limits<double>::quiet_NaN());
    if (TakeWord("Infinity")) return Number(std::numeric_limits<double>::infinity());
    if (TakeWord("-Infinity")) return Number(-std::numeric_limits<double>::infinity());
    double number = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (end == begin || error != std::errc()) {
      Fail("a value is expected");
      return {};
    }
    at_ += static_cast<size_t>(end - begin);
    return Number(number);
  }

  // What stands between the quotes. Escapes stay as they are, but for those of quote and backslash: the names that matter
  // here have none.
  std::string ReadString() {
    std::string result;
    if (at_ < text_.size()) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return result;
      if (c == '\\' && at_ < text_.size()) {
        const char escaped = text_[at_++];
        if (escaped != '"' && escaped != '\\') result += c;
        result += escaped;
      } else {
        result += c;
      }
    }
    Fail("a text does not end");
    return result;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t values_ = 0;
  absl::Status fault_;
};

}  // namespace

absl::StatusOr<Value> ReadJson(std::string_view text) { return JsonReader(text).Read(); }

}  // namespace starling::inference_xgboost
