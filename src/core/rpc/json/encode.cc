#include "core/rpc/json/encode.h"

#include <cmath>

#include "core/rpc/json/base64.h"

namespace starling::rpc::json {
namespace {

template <typename Real>
void PutReal(Real value, std::string* out) {
  if (std::isfinite(value)) {
    char text[32];
    out->append(text, std::to_chars(text, text + sizeof(text), value).ptr);
  } else if (std::isnan(value)) {
    out->append("\"NaN\"");
  } else {
    out->append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  }
}

}  // namespace

void Put(float value, std::string* out) { PutReal(value, out); }
void Put(double value, std::string* out) { PutReal(value, out); }

void PutBytes(const std::string& bytes, std::string* out) {
  out->push_back('"');
  AppendBase64(bytes, out);
  out->push_back('"');
}

void PutEnum(std::span<const EnumValue> values, int32_t number, std::string* out) {
  for (const auto& value : values) {
    if (value.number != number) continue;
    out->push_back('"');
    out->append(value.name);
    out->push_back('"');
    return;
  }
  Put(number, out);
}

}  // namespace starling::rpc::json
