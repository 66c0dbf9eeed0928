#include "backends/inference_xgboost/model_value.h"

#include <algorithm>

namespace starling::inference_xgboost {

const Value* Value::Find(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [name](const auto& member) { return member.name == name; });
  return found == members.end() ? nullptr : &found->value;
}

bool Value::Append(Value item) {
  const bool number = item.kind == Kind::kNumber;
  if (number ? !items.empty() : !numbers.empty()) return false;
  if (number) {
    numbers.push_back(item.number);
  } else {
    items.push_back(std::move(item));
  }
  return true;
}

bool IsJsonText(std::string_view bytes) {
  // An object of UBJSON goes on with the marker of its first name's length, never with a quote or white space.
  return bytes.size() >= 2 && bytes[0] == '{' &&
         (bytes[1] == '"' || bytes[1] == ' ' || bytes[1] == '\n' || bytes[1] == '\r' || bytes[1] == '\t');
}

}  // namespace starling::inference_xgboost
