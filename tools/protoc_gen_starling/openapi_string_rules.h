// Rules of strings and bytes as keywords of JSON Schema. Internal to openapi_rules.cc.
#pragma once

#include "buf/validate/validate.pb.h"
#include "openapi_json.h"

namespace starling::codegen {

void AddStringRules(const buf::validate::StringRules& rules, Json* schema);
// Lengths of bytes become lengths of their base64 text, with or without padding.
void AddBytesRules(const buf::validate::BytesRules& rules, Json* schema);

// Whether the empty value breaks them.
bool RefusesEmpty(const buf::validate::StringRules& rules);
bool RefusesEmpty(const buf::validate::BytesRules& rules);

}  // namespace starling::codegen
