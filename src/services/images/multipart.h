// Bodies of type multipart/form-data (RFC 7578; RFC 2046, section 5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::images {

struct Part {
  std::string name;          // of the form's field
  bool is_file = false;      // it has a filename
  std::string_view content;  // of the body that was parsed
};

// INVALID_ARGUMENT with a sentence for the caller: no boundary, no end, more than 16 parts, a part without a name.
absl::StatusOr<std::vector<Part>> ParseMultipart(std::string_view content_type, std::string_view body);

}  // namespace starling::images
