// A body of type multipart/form-data; the rest of its content-type is the first line.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "services/images/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using starling::fuzz::Require;
  const std::string_view text = starling::fuzz::Text(data, size);
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string type = "multipart/form-data" + std::string(text.substr(0, line));
  const std::string_view body = text.substr(std::min(line + 1, text.size()));
  const auto parts = starling::images::ParseMultipart(type, body);
  if (!parts.ok()) {
    Require(parts.status().code() == absl::StatusCode::kInvalidArgument, "it is the caller's fault");
    return 0;
  }
  for (const auto& part : *parts) {
    Require(!part.name.empty(), "every part has a name");
    Require(part.content.empty() || (part.content.data() >= body.data() &&
                                     part.content.data() + part.content.size() <= body.data() + body.size()),
            "every part lies within the body");
  }
  return 0;
}
