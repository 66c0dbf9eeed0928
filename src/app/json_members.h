// The members of a JSON object, one after the other.
#pragma once

#include <string>
#include <string_view>

#include "base/json_quote.h"
#include "base/strings.h"

namespace starling::app {

class JsonMembers {
 public:
  void Add(std::string_view name, std::string_view json) {
    StrAppend(&text_, text_.empty() ? "" : ",", JsonQuote(name), ":", json);
  }
  // Without the braces.
  const std::string& text() const { return text_; }
  std::string object() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

}  // namespace starling::app
