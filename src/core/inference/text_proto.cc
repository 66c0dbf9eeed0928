#include "core/inference/text_proto.h"

#include <cctype>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

constexpr size_t kMaxDepth = 100;

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' || c == '+';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Until `end`, which is '\0' for the end of the text.
  absl::Status ReadFields(char end, size_t depth, std::vector<TextProtoField>* fields) {
    if (depth > kMaxDepth) return Wrong("too many messages within each other");
    while (Peek() != end) {
      if (rest_.empty()) return Wrong(StrCat("'", std::string(1, end), "' is missing"));
      TextProtoField field;
      field.line = line_;
      field.name = Word();
      if (field.name.empty()) return Wrong("a field's name is missing");
      const bool has_colon = Take(':');
      if (Take('[')) {
        RETURN_IF_ERROR(ReadList(field, depth, fields));
      } else {
        RETURN_IF_ERROR(ReadValue(has_colon, depth, &field));
        fields->push_back(std::move(field));
      }
      if (!Take(',')) Take(';');
    }
    if (end != '\0') Take(end);
    return absl::OkStatus();
  }

 private:
  absl::Status ReadList(const TextProtoField& field, size_t depth, std::vector<TextProtoField>* fields) {
    while (!Take(']')) {
      TextProtoField item = field;
      item.line = line_;
      RETURN_IF_ERROR(ReadValue(true, depth, &item));
      fields->push_back(std::move(item));
      if (!Take(',') && Peek() != ']') return Wrong("',' or ']' is missing");
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(bool has_colon, size_t depth, TextProtoField* field) {
    for (const auto& [open, close] : {std::pair('{', '}'), std::pair('<', '>')}) {
      if (!Take(open)) continue;
      field->is_message = true;
      return ReadFields(close, depth + 1, &field->fields);
    }
    if (!has_colon) return Wrong(StrCat("':' is missing after '", field->name, "'"));
    if (Peek() == '"' || Peek() == '\'') return ReadString(&field->value);
    field->value = Word();
    return field->value.empty() ? Wrong(StrCat("'", field->name, "' has no value")) : absl::OkStatus();
  }

  // Strings one after the other are one.
  absl::Status ReadString(std::string* value) {
    while (Peek() == '"' || Peek() == '\'') {
      const char quote = rest_[0];
      rest_.remove_prefix(1);
      while (!rest_.empty() && rest_[0] != quote) {
        if (rest_[0] == '\n') return Wrong("a string has no end");
        if (rest_[0] == '\\') {
          if (rest_.size() < 2 || std::string_view("\\\"'").find(rest_[1]) == std::string_view::npos)
            return Wrong("of escapes in strings only \\\\, \\\" and \\' are read");
          rest_.remove_prefix(1);
        }
        value->push_back(rest_[0]);
        rest_.remove_prefix(1);
      }
      if (rest_.empty()) return Wrong("a string has no end");
      rest_.remove_prefix(1);
    }
    return absl::OkStatus();
  }

  void SkipSpace() {
    while (!rest_.empty()) {
      if (rest_[0] == '#') {
        while (!rest_.empty() && rest_[0] != '\n') rest_.remove_prefix(1);
      } else if (std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
        if (rest_[0] == '\n') ++line_;
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }
  // The next character that means something, '\0' at the end.
  char Peek() {
    SkipSpace();
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool Take(char wanted) {
    if (Peek() != wanted || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string Word() {
    SkipSpace();
    size_t size = 0;
    while (size < rest_.size() && IsWord(rest_[size])) ++size;
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }
  absl::Status Wrong(std::string_view what) const { return InvalidArgument(line_, ": ", what, "."); }

  std::string_view rest_;
  size_t line_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<TextProtoField>> ReadTextProto(std::string_view text) {
  std::vector<TextProtoField> fields;
  if (text.find('\0') != std::string_view::npos) return InvalidArgument("1: this is no text.");
  RETURN_IF_ERROR(Reader(text).ReadFields('\0', 0, &fields));
  return fields;
}

}  // namespace starling::inference
