#include "openapi_string_rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "openapi_text.h"

namespace starling::codegen {
namespace {

using buf::validate::BytesRules;
using buf::validate::StringRules;

constexpr uint64_t kMaxUtf8Bytes = 4;  // of one code point

// `text` as a regular expression (ECMA-262, which JSON Schema's patterns are in) that matches it alone.
std::string Escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("^$\\.*+?()[]{}|/").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// RE2 and ECMA-262 read most patterns alike; these are RE2's own.
bool IsPortable(std::string_view pattern) {
  for (const std::string_view own :
       {"(?i", "(?s", "(?m", "(?U", "(?P", "\\A", "\\z", "\\Q", "\\C", "[[:", "\\pL", "\\pN"}) {
    if (pattern.find(own) != std::string_view::npos) return false;
  }
  return true;
}

void SetLength(const char* keyword, uint64_t value, Json* schema) {
  schema->Set(keyword, Json::Number(static_cast<int64_t>(value)));
}

uint64_t CeilDivide(uint64_t value, uint64_t by) { return (value + by - 1) / by; }

}  // namespace

void AddStringRules(const StringRules& rules, Json* schema) {
  if (rules.has_const_()) schema->Set("const", rules.const_());
  const uint64_t least = std::max({rules.len(), rules.min_len(), CeilDivide(rules.min_bytes(), kMaxUtf8Bytes),
                                   CeilDivide(rules.len_bytes(), kMaxUtf8Bytes)});
  if (least > 0) SetLength("minLength", least, schema);
  uint64_t most = UINT64_MAX;
  if (rules.has_len()) most = std::min(most, rules.len());
  if (rules.has_max_len()) most = std::min(most, rules.max_len());
  if (rules.has_max_bytes()) most = std::min(most, rules.max_bytes());
  if (rules.has_len_bytes()) most = std::min(most, rules.len_bytes());
  if (most != UINT64_MAX) SetLength("maxLength", most, schema);
  if (rules.has_min_bytes())
    AddDescription("At least " + std::to_string(rules.min_bytes()) + " bytes in UTF-8.", schema);
  if (rules.has_max_bytes())
    AddDescription("At most " + std::to_string(rules.max_bytes()) + " bytes in UTF-8.", schema);
  if (rules.has_len_bytes()) AddDescription(std::to_string(rules.len_bytes()) + " bytes in UTF-8.", schema);

  std::vector<std::string> patterns;
  if (rules.has_pattern()) {
    if (IsPortable(rules.pattern())) {
      patterns.push_back(rules.pattern());
    } else {
      AddDescription("Matches the regular expression (RE2) `" + rules.pattern() + "`.", schema);
    }
  }
  if (rules.has_prefix()) patterns.push_back("^" + Escaped(rules.prefix()));
  if (rules.has_suffix()) patterns.push_back(Escaped(rules.suffix()) + "$");
  if (rules.has_contains()) patterns.push_back(Escaped(rules.contains()));
  if (patterns.size() == 1) schema->Set("pattern", patterns.front());
  if (patterns.size() > 1) {
    Json all = Json::Array();
    for (const std::string& pattern : patterns) all.Add(std::move(Json().Set("pattern", pattern)));
    schema->Set("allOf", std::move(all));
  }

  Json refused = Json::Array();
  if (rules.has_not_contains()) refused.Add(std::move(Json().Set("pattern", Escaped(rules.not_contains()))));
  if (rules.not_in_size() > 0) {
    Json values = Json::Array();
    for (const std::string& value : rules.not_in()) values.Add(value);
    refused.Add(std::move(Json().Set("enum", std::move(values))));
  }
  if (!refused.empty()) schema->Set("not", std::move(Json().Set("anyOf", std::move(refused))));
  if (rules.in_size() > 0) {
    Json values = Json::Array();
    for (const std::string& value : rules.in()) values.Add(value);
    schema->Set("enum", std::move(values));
  }
  if (rules.email()) schema->Set("format", "email");
  if (rules.uuid()) schema->Set("format", "uuid");
}

void AddBytesRules(const BytesRules& rules, Json* schema) {
  constexpr uint64_t kBitsPerByte = 8, kBitsPerDigit = 6, kGroupBytes = 3, kGroupDigits = 4;
  const uint64_t least = std::max(rules.len(), rules.min_len());
  if (least > 0) SetLength("minLength", CeilDivide(least * kBitsPerByte, kBitsPerDigit), schema);
  if (rules.has_len() || rules.has_max_len()) {
    const uint64_t most = rules.has_len() ? rules.len() : rules.max_len();
    SetLength("maxLength", CeilDivide(most, kGroupBytes) * kGroupDigits, schema);
    AddDescription("At most " + std::to_string(most) + " bytes.", schema);
  }
  if (least > 0) AddDescription("At least " + std::to_string(least) + " bytes.", schema);
}

bool RefusesEmpty(const StringRules& rules) {
  const auto lists_empty = [](const auto& list) {
    return std::find(list.begin(), list.end(), "") != list.end();
  };
  return rules.len() > 0 || rules.min_len() > 0 || rules.len_bytes() > 0 || rules.min_bytes() > 0 ||
         !rules.const_().empty() || !rules.prefix().empty() || !rules.suffix().empty() ||
         !rules.contains().empty() || (rules.in_size() > 0 && !lists_empty(rules.in())) ||
         lists_empty(rules.not_in()) || rules.email() || rules.uuid();
}

bool RefusesEmpty(const BytesRules& rules) {
  return rules.len() > 0 || rules.min_len() > 0 || !rules.const_().empty() || !rules.prefix().empty() ||
         !rules.suffix().empty() || !rules.contains().empty();
}

}  // namespace starling::codegen
