// How things of a contract are called in C++, as protoc's own C++ generator calls them.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace starling::codegen {

// "starling::sentiment::v1" for package starling.sentiment.v1.
std::string Namespace(const google::protobuf::FileDescriptor& file);
// "Outer_Inner", without the namespace.
std::string ClassName(const google::protobuf::Descriptor& message);
// "::starling::sentiment::v1::Outer_Inner"
std::string QualifiedName(const google::protobuf::Descriptor& message);
std::string QualifiedName(const google::protobuf::EnumDescriptor& enumeration);
// The accessor of a field: its name, with `_` after it if it is a keyword of C++.
std::string AccessorName(const google::protobuf::FieldDescriptor& field);
// "texts" -> "Texts", "top_words" -> "TopWords"
std::string PascalCase(std::string_view name);
// "starling/sentiment/v1/sentiment" for starling/sentiment/v1/sentiment.proto.
std::string Stem(const google::protobuf::FileDescriptor& file);

// `text` as a C++ string literal with its quotes, in lines of adjacent literals. Any bytes.
std::string Literal(std::string_view text);

bool IsWellKnown(const google::protobuf::Descriptor& message);

// Every message that the file defines, nested ones before those they lie in; no map entries.
std::vector<const google::protobuf::Descriptor*> Messages(const google::protobuf::FileDescriptor& file);

}  // namespace starling::codegen
