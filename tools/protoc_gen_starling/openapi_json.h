// A JSON value that keeps its members in the order in which they were set: what the OpenAPI writer builds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starling::codegen {

class Json {
 public:
  Json() = default;  // an empty object
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(std::string_view text);  // a string
  static Json Bool(bool value) { return Raw(value ? "true" : "false"); }
  static Json Number(int64_t value) { return Raw(std::to_string(value)); }
  // `json` is a JSON text.
  static Json Raw(std::string json);
  static Json Array(std::vector<Json> items = {});

  // Of an object: sets a member, at the end if it is new.
  Json& Set(std::string_view key, Json value);
  // Of an object: the member, or nullptr.
  Json* Find(std::string_view key);
  // With their names, which are empty in an array.
  const std::vector<std::pair<std::string, Json>>& members() const { return members_; }
  // Of an array.
  void Add(Json value) { members_.emplace_back("", std::move(value)); }
  // Of a string: what it says.
  const std::string& text() const { return scalar_; }
  // An object or array without anything in it.
  bool empty() const { return (kind_ == Kind::kObject || kind_ == Kind::kArray) && members_.empty(); }

  // In the shortest form.
  std::string Print() const;

 private:
  enum class Kind { kObject, kArray, kText, kRaw };

  Kind kind_ = Kind::kObject;
  std::string scalar_;                                 // a string's text, or JSON as it is
  std::vector<std::pair<std::string, Json>> members_;  // of an array: without names
};

}  // namespace starling::codegen
