#include "core/rpc/json/rules.h"

#include <re2/re2.h>

namespace starling::rpc::json {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool IsDomainLabel(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!IsLetterOrDigit(c) && c != '-') return false;
  }
  return true;
}

}  // namespace

Pattern::Pattern(std::string_view expression)
    : expression_(std::make_unique<re2::RE2>(re2::StringPiece(expression.data(), expression.size()),
                                             re2::RE2::Quiet)) {}
Pattern::~Pattern() = default;

bool Pattern::IsIn(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

size_t CodePoints(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

bool IsEmail(std::string_view text) {
  constexpr std::string_view kSpecial = ".!#$%&'*+/=?^_`{|}~-";
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  for (const char c : text.substr(0, at)) {
    if (!IsLetterOrDigit(c) && kSpecial.find(c) == std::string_view::npos) return false;
  }
  std::string_view domain = text.substr(at + 1);
  while (true) {
    const std::string_view label = domain.substr(0, domain.find('.'));
    if (!IsDomainLabel(label)) return false;
    if (label.size() == domain.size()) return true;
    domain.remove_prefix(label.size() + 1);
  }
}

bool IsUuid(std::string_view text) {
  constexpr size_t kLength = 36;
  if (text.size() != kLength) return false;
  for (size_t i = 0; i < kLength; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !IsHexDigit(text[i])) return false;
  }
  return true;
}

}  // namespace starling::rpc::json
