// What generated JSON code calls things, in namespace starling_internal of each contract.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace starling::codegen {

// The rpc::json::MessageInfo of a message, qualified: "::starling::spam::v1::starling_internal::kSpamResultMessage".
std::string InfoName(const google::protobuf::Descriptor& message);
// The function that checks the rules of a message, qualified. Only if HasRules(message).
std::string CheckName(const google::protobuf::Descriptor& message);
// The table of an enum's names, in the file that uses it: "kEverything_ColorValues".
std::string EnumTableName(const google::protobuf::EnumDescriptor& enumeration);
// Its definition, a constexpr array.
std::string EnumTable(const google::protobuf::EnumDescriptor& enumeration);

// Whether the message or one that it holds, at any depth, has rules.
bool HasRules(const google::protobuf::Descriptor& message);

// The contract's sentence for a field (starling/options/v1/options.proto) as a C++ literal, or "nullptr".
std::string ViolationLiteral(const google::protobuf::FieldDescriptor& field);

bool IsNullValue(const google::protobuf::FieldDescriptor& field);

// Statements of C++ that append the JSON of `value`, an expression of the field's type (of its item's or map value's), to `out`.
std::string PutStatement(const google::protobuf::FieldDescriptor& field, const std::string& value);
// The same for the whole field of the message `m`, lists and maps included.
std::string PutFieldStatement(const google::protobuf::FieldDescriptor& field);

}  // namespace starling::codegen
