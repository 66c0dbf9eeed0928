#include "core/rpc/json/structure.h"

#include <simdjson.h>

#include <cstring>
#include <memory>

#include "base/status.h"
#include "base/utf8.h"

namespace starling::rpc::json {
namespace {

using Parser = simdjson::internal::dom_parser_implementation;

// Memory that a thread keeps for its next document; more is given back at once.
constexpr size_t kKeptBytes = 256 * 1024;
constexpr size_t kPageBytes = 4096;  // the smallest there is
constexpr size_t kLargestDocument = 0xffffff00;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Sanitizers take a read behind the end of an object for a fault, whether the memory is there or not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kReadsBehindAreFaults = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool kReadsBehindAreFaults = true;
#else
constexpr bool kReadsBehindAreFaults = false;
#endif
#else
constexpr bool kReadsBehindAreFaults = false;
#endif

// Memory is mapped by whole pages: what is on the page of the last byte can be read.
bool MayReadBehind(std::string_view text) {
  const auto last = reinterpret_cast<uintptr_t>(text.data() + text.size() - 1);
  return !kReadsBehindAreFaults && last % kPageBytes + simdjson::SIMDJSON_PADDING < kPageBytes;
}

class Scratch {
 public:
  simdjson::error_code Find(std::string_view json, Structure* structure) {
    if (json.size() > capacity_ || (capacity_ > kKeptBytes && json.size() <= kKeptBytes)) {
      parser_.reset();
      const size_t capacity = std::max<size_t>(json.size(), 4096);
      const auto error =
          simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser_);
      capacity_ = error == simdjson::SUCCESS ? capacity : 0;
      if (error != simdjson::SUCCESS) return error;
    }
    const char* text = json.data();
    if (!MayReadBehind(json)) {
      copy_.reserve(json.size() + simdjson::SIMDJSON_PADDING);
      copy_.assign(json);
      text = copy_.data();
    }
    const auto error =
        parser_->stage1(reinterpret_cast<const uint8_t*>(text), json.size(), simdjson::stage1_mode::regular);
    if (copy_.capacity() > kKeptBytes) std::string().swap(copy_);
    *structure = {parser_->structural_indexes.get(), parser_->n_structural_indexes};
    return error;
  }

 private:
  std::unique_ptr<Parser> parser_;
  size_t capacity_ = 0;
  std::string copy_;
};

size_t FirstInvalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (!IsValidUtf8(text.substr(at, length))) break;
    at += length;
  }
  return at;
}

// The control character or the end of the text inside a string, whichever comes first: the position of the former, or where the
// string without end begins.
size_t FirstBrokenString(std::string_view text) {
  size_t at = 0;
  while ((at = text.find('"', at)) != std::string_view::npos) {
    const size_t begin = at++;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (static_cast<unsigned char>(text[at]) < 0x20) return at;
      if (text[at] == '\\') ++at;
    }
    if (at >= text.size()) return begin;
    ++at;
  }
  return text.size();
}

}  // namespace

bool FindStructure(std::string_view json, Structure* structure, Fault& fault) {
  thread_local Scratch scratch;
  if (json.empty()) return fault.Document("The body is empty; it must be a JSON document.");
  if (json.starts_with(kByteOrderMark)) {
    return fault.Document("The JSON begins with a byte order mark (U+FEFF), which is not allowed.");
  }
  if (json.size() > kLargestDocument) return fault.Document("The JSON is too large.");
  switch (scratch.Find(json, structure)) {
    case simdjson::SUCCESS:
      return true;
    case simdjson::EMPTY:
      return fault.Document("The body holds only white space; it must be a JSON document.");
    case simdjson::UTF8_ERROR:
      return fault.Document(
          StrCat("The JSON is not valid UTF-8 at ", PlaceOf(json, FirstInvalidUtf8(json)), "."));
    case simdjson::UNCLOSED_STRING:
      return fault.Document(StrCat("The JSON is malformed at ", PlaceOf(json, FirstBrokenString(json)),
                                   ": the string that begins here has no end."));
    case simdjson::UNESCAPED_CHARS:
      return fault.Document(StrCat("The JSON is malformed at ", PlaceOf(json, FirstBrokenString(json)),
                                   ": a control character in a string must be escaped."));
    default:
      return fault.Document("The JSON could not be read.");
  }
}

std::string PlaceOf(std::string_view json, size_t offset) {
  size_t line = 1, column = 1;
  for (const char c : json.substr(0, offset)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++column;
    }
  }
  return StrCat("line ", line, ", column ", column);
}

}  // namespace starling::rpc::json
