// Field rules (buf/validate/validate.proto) as keywords of JSON Schema 2020-12 (https://json-schema.org, Validation).
#pragma once

#include <google/protobuf/descriptor.h>

#include "openapi_json.h"

namespace starling::codegen {

// Adds what the field's rules say to its schema, and to those of its items, keys and values. What JSON Schema has no keyword for
// (bounds of timestamps and durations, patterns that only RE2 reads) becomes a sentence of `description`.
void AddRules(const google::protobuf::FieldDescriptor& field, Json* schema);

// Whether a message without this field breaks the field's rules.
bool MustBeSet(const google::protobuf::FieldDescriptor& field);

// Whether one of the fields must be set.
bool IsRequired(const google::protobuf::OneofDescriptor& oneof);

}  // namespace starling::codegen
