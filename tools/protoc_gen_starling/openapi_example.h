// Example values: what the option `example` (starling/options/v1/options.proto) gives, checked, and whole messages made of them.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <set>
#include <string>

#include "openapi_json.h"

namespace starling::codegen {

// The field's own example. Throws SourceError where the option does not fit the field's type.
std::optional<Json> ExampleOf(const google::protobuf::FieldDescriptor& field);

// The fields that have an example, and in an answer the others as they are when nothing set them. nullopt if there is none, or
// if one is missing that the rules ask for.
std::optional<Json> ExampleOf(const google::protobuf::Descriptor& message, bool is_request,
                              const std::set<std::string>& without = {});

}  // namespace starling::codegen
