#include "openapi_json.h"

#include "base/json_quote.h"

namespace starling::codegen {

Json::Json(std::string_view text) : kind_(Kind::kText), scalar_(text) {}

Json Json::Raw(std::string json) {
  Json result;
  result.kind_ = Kind::kRaw;
  result.scalar_ = std::move(json);
  return result;
}

Json Json::Array(std::vector<Json> items) {
  Json result;
  result.kind_ = Kind::kArray;
  for (Json& item : items) result.Add(std::move(item));
  return result;
}

Json& Json::Set(std::string_view key, Json value) {
  if (Json* known = Find(key)) {
    *known = std::move(value);
  } else {
    members_.emplace_back(key, std::move(value));
  }
  return *this;
}

Json* Json::Find(std::string_view key) {
  for (auto& [name, value] : members_) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string Json::Print() const {
  if (kind_ == Kind::kText) return JsonQuote(scalar_);
  if (kind_ == Kind::kRaw) return scalar_;
  std::string out(1, kind_ == Kind::kObject ? '{' : '[');
  for (const auto& [name, value] : members_) {
    if (out.size() > 1) out += ',';
    if (kind_ == Kind::kObject) {
      AppendJsonString(name, &out);
      out += ':';
    }
    out += value.Print();
  }
  out += kind_ == Kind::kObject ? '}' : ']';
  return out;
}

}  // namespace starling::codegen
