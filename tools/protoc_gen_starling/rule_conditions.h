// The rules of one value as statements of C++.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "buf/validate/validate.pb.h"

namespace starling::codegen {

// Of `value`, an expression of the type of `field` (of its item, key or map value; of what a wrapper wraps): one statement for each
// rule, which returns false with a Fault. Throws at `place` where the rules do not fit the type or each other.
std::string ValueChecks(const google::protobuf::FieldDescriptor& place,
                        const google::protobuf::FieldDescriptor& field,
                        const buf::validate::FieldRules& rules, const std::string& value);

// `if (condition) return fault.Broken("rule", "must ...");`
std::string Check(const std::string& condition, const std::string& rule, const std::string& predicate);

[[noreturn]] void FailAtRules(const google::protobuf::FieldDescriptor& place, const std::string& what);

// The field `value` of a wrapper message; null of any other.
const google::protobuf::FieldDescriptor* Wrapped(const google::protobuf::FieldDescriptor& field);

}  // namespace starling::codegen
