// What comments of a contract say, as text for people.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

#include "openapi_json.h"

namespace starling::codegen {

// Without the marks of a comment; paragraphs stay apart by an empty line.
std::string CommentText(const google::protobuf::SourceLocation& location);

// The comment before a thing of the contract, or else the one behind it. Empty if there is none.
template <typename Descriptor>
std::string CommentOf(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  return descriptor.GetSourceLocation(&location) ? CommentText(location) : std::string();
}

// The first sentence, in one line, without its full stop.
std::string Summary(std::string_view comment);

// "analyzeSentiment" in words: "Analyze sentiment". For what has no comment.
std::string Words(std::string_view pascal_case);

// The name without its package: "Everything.Nested".
std::string ShortName(const google::protobuf::Descriptor& message);
std::string ShortName(const google::protobuf::EnumDescriptor& enumeration);

// Appends a paragraph to the `description` of a schema or parameter; nothing for an empty one.
void AddDescription(std::string_view paragraph, Json* schema);

}  // namespace starling::codegen
