// Reading protobuf's text format without the messages it is for: a tree of named fields with their lines.
// Format: protobuf.dev/reference/protobuf/textformat-spec.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::inference {

struct TextProtoField {
  std::string name;
  size_t line = 0;
  bool is_message = false;
  std::string value;                   // of a scalar: a string without its quotes, else the word or number
  std::vector<TextProtoField> fields;  // of a message
};

// The fields of one message, in their order; a list `a: [1, 2]` is as many fields `a`. INVALID_ARGUMENT "<line>: <what>" if
// it is not text format. Extensions and Any (names in brackets) are not read. At most 100 messages within each other.
absl::StatusOr<std::vector<TextProtoField>> ReadTextProto(std::string_view text);

}  // namespace starling::inference
