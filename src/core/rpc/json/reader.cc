#include "core/rpc/json/reader.h"

#include <algorithm>

#include "base/status.h"
#include "base/utf8.h"
#include "core/rpc/json/key_set.h"
#include "core/rpc/json/number_text.h"
#include "core/rpc/json/string_text.h"

namespace starling::rpc::json {
namespace {

// Whatever the settings say: values are read by recursion, and a frame takes some hundred bytes.
constexpr size_t kDeepest = 1000;

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kObject:
      return "an object";
    case Kind::kArray:
      return "a list";
    case Kind::kString:
      return "a string";
    case Kind::kNumber:
      return "a number";
    case Kind::kTrue:
      return "true";
    case Kind::kFalse:
      return "false";
    case Kind::kNull:
      return "null";
    default:
      return nullptr;
  }
}

Kind KindOf(char first) {
  switch (first) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      return first == '-' || (first >= '0' && first <= '9') ? Kind::kNumber : Kind::kNone;
  }
}

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

Reader::Reader(std::string_view json, const JsonLimits& limits)
    : json_(json), max_depth_(std::min(limits.max_depth, kDeepest)) {
  FindStructure(json, &structure_, fault_);
  if (!fault_.ok()) structure_ = {};
}

Kind Reader::Peek() const { return parameter_ ? Kind::kParameter : KindOf(Token()); }

std::string_view Reader::TakeToken() {
  const size_t begin = structure_.positions[next_++];
  size_t end = structure_.positions[next_];
  while (end > begin && IsSpace(json_[end - 1])) --end;
  return json_.substr(begin, end - begin);
}

bool Reader::TakeQuoted(std::string* scratch, std::string_view* text) {
  const size_t begin = structure_.positions[next_];
  const std::string_view token = TakeToken();
  if (token.size() < 2 || token.back() != '"')
    return Malformed(begin, "the string that begins here has no end");
  *text = token.substr(1, token.size() - 2);
  if (text->find('\\') == std::string_view::npos) return true;
  size_t at = 0;
  if (const char* wrong = Unescape(*text, scratch, &at); wrong != nullptr) {
    return Malformed(begin + 1 + at, wrong);
  }
  *text = *scratch;
  return true;
}

bool Reader::IsValue(std::string_view token, Kind kind) {
  switch (kind) {
    case Kind::kTrue:
      return token == "true";
    case Kind::kFalse:
      return token == "false";
    case Kind::kNull:
      return token == "null";
    default:
      return IsNumber(token);
  }
}

bool Reader::Take(const char* expected, Scalar* scalar) {
  if (!fault_.ok()) return false;
  scalar->kind = Peek();
  switch (scalar->kind) {
    case Kind::kParameter:
      scalar->text = json_;
      return true;
    case Kind::kNone:
      return Expected("a value");
    case Kind::kObject:
    case Kind::kArray:
      return WrongType(expected, scalar->kind);
    case Kind::kString: {
      std::string scratch;
      if (!TakeQuoted(&scratch, &scalar->text)) return false;
      if (!scratch.empty()) scalar->text = unescaped_.emplace_front(std::move(scratch));
      return true;
    }
    default:
      break;
  }
  const size_t begin = structure_.positions[next_];
  scalar->text = TakeToken();
  return IsValue(scalar->text, scalar->kind) || Malformed(begin, "this is no JSON value");
}

bool Reader::TakeString(const char* expected, std::string* out) {
  if (parameter_) {
    out->assign(json_);
    return true;
  }
  if (Token() != '"') {
    Scalar other;
    return Take(expected, &other) && WrongType(expected, other.kind);
  }
  std::string_view text;
  if (!TakeQuoted(out, &text)) return false;
  if (text.data() != out->data()) out->assign(text);
  return true;
}

bool Reader::TakeNull() {
  Scalar null;
  return Take("null", &null);
}

bool Reader::Skip() {
  switch (Peek()) {
    case Kind::kObject: {
      KeySet keys;
      return Members("",
                     [&](std::string_view key) { return (keys.Insert(key) || Duplicate(key)) && Skip(); });
    }
    case Kind::kArray:
      return Items("", [this](size_t) { return Skip(); });
    default: {
      Scalar scalar;
      return Take("", &scalar);
    }
  }
}

bool Reader::Enter(char open, const char* expected) {
  if (!fault_.ok()) return false;
  if (parameter_ || Token() != open) {
    Scalar other;
    return Take(expected, &other) && WrongType(expected, other.kind);
  }
  if (++depth_ > max_depth_) {
    return fault_.Document(StrCat("The JSON is nested more than ", max_depth_, " levels deep."));
  }
  ++next_;
  return true;
}

bool Reader::NextMember(bool first, std::string_view* key) {
  if (Token() == '}') {
    ++next_;
    --depth_;
    return false;
  }
  if (!first) {
    if (Token() != ',') return Expected("a comma or }");
    ++next_;
  }
  if (Token() != '"') return Expected(first ? "a key in quotes or }" : "a key in quotes");
  std::string scratch;
  if (!TakeQuoted(&scratch, key)) return false;
  if (!scratch.empty()) *key = unescaped_.emplace_front(std::move(scratch));
  if (Token() != ':') return Expected("a colon");
  ++next_;
  return true;
}

bool Reader::NextItem(bool first) {
  if (Token() == ']') {
    ++next_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (Token() != ',') return Expected("a comma or ]");
  ++next_;
  return true;
}

bool Reader::Finish() {
  if (fault_.ok() && next_ < structure_.count) {
    return Malformed(structure_.positions[next_], "nothing may follow the end of the document");
  }
  return fault_.ok();
}

bool Reader::WrongType(const char* expected, Kind kind) {
  const char* found = KindName(kind);
  return fault_.WrongType(
      StrCat("must be ", expected, found == nullptr ? "" : ", not ", found == nullptr ? "" : found, "."));
}

bool Reader::Duplicate(std::string_view key) {
  fault_.Broken("json.duplicate", "is given more than once.");
  return fault_.In(Shortened(key), nullptr);
}

bool Reader::Expected(const char* what) {
  if (next_ >= structure_.count) {
    return fault_.Document(StrCat("The JSON is malformed: it ends where ", what, " is expected."));
  }
  return fault_.Document(StrCat("The JSON is malformed at ", PlaceOf(json_, structure_.positions[next_]),
                                ": ", what, " is expected."));
}

bool Reader::Malformed(size_t offset, const char* what) {
  return fault_.Document(StrCat("The JSON is malformed at ", PlaceOf(json_, offset), ": ", what, "."));
}

}  // namespace starling::rpc::json
