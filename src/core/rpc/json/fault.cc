#include "core/rpc/json/fault.h"

#include <utility>

#include "base/json_quote.h"
#include "base/status.h"

namespace starling::rpc::json {

bool Fault::Set(Kind kind, std::string_view rule, std::string text) {
  if (!ok()) return false;
  kind_ = kind;
  rule_ = rule;
  text_ = std::move(text);
  return false;
}

bool Fault::Document(std::string sentence) { return Set(Kind::kDocument, "json", std::move(sentence)); }
bool Fault::WrongType(std::string predicate) { return Set(Kind::kType, "type", std::move(predicate)); }
bool Fault::Broken(std::string_view rule, std::string predicate) {
  return Set(Kind::kRule, rule, std::move(predicate));
}

bool Fault::IsForContractsSentence() const {
  if (kind_ == Kind::kType) return true;
  if (kind_ != Kind::kRule || inside_field_) return false;
  for (const std::string_view rule : {"required", "repeated.min_items", "map.min_pairs", "string.min_len",
                                      "string.min_bytes", "bytes.min_len"}) {
    if (rule_ == rule) return true;
  }
  return false;
}

bool Fault::In(std::string_view field, const char* violation) {
  if (!field_known_ && IsForContractsSentence()) violation_ = violation;
  field_known_ = true;
  const bool more = !path_.empty() && path_.front() != '[';
  path_ = StrCat(field, more ? "." : "", path_);
  return false;
}

bool Fault::AtIndex(size_t index) {
  if (!field_known_) inside_field_ = true;
  const bool more = !path_.empty() && path_.front() != '[';
  path_ = StrCat("[", index, "]", more ? "." : "", path_);
  return false;
}

bool Fault::AtKey(std::string_view key) {
  if (!field_known_) inside_field_ = true;
  const bool more = !path_.empty() && path_.front() != '[';
  path_ = StrCat("[", JsonQuote(Shortened(key)), "]", more ? "." : "", path_);
  return false;
}

absl::Status Fault::ToStatus() const {
  if (ok()) return absl::OkStatus();
  if (kind_ == Kind::kDocument) return InvalidArgument(text_);
  const std::string subject = path_.empty() ? "The JSON" : StrCat("'", path_, "'");
  return ViolationError({.field = path_,
                         .rule = rule_,
                         .description = violation_ != nullptr ? violation_ : StrCat(subject, " ", text_)});
}

std::string Shortened(std::string_view text) {
  constexpr size_t kLongest = 100;
  if (text.size() <= kLongest) return std::string(text);
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return StrCat(text.substr(0, end), "...");
}

}  // namespace starling::rpc::json
