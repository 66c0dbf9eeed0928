// From an HTTP request to a message, as a `google.api.http` binding says (google/api/http.proto).
#pragma once

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "core/rpc/json/message_info.h"
#include "core/rpc/method.h"

namespace starling::rpc::json {

struct HttpBinding {
  const MessageInfo& type;
  std::span<const std::string_view> variables;  // paths of fields, in the order of the template: "place.city"
  std::string_view body;                        // "*", the name of a field, or empty
};

// The body first, then the query for what neither path nor body gives, then the path, which has the last word. Query parameters
// have the names of fields, with dots for nested ones and once for each item of a list; unknown ones are ignored. With body "*"
// there are none.
absl::Status DecodeHttp(const HttpBinding& binding, const HttpParameters& parameters, std::string_view body,
                        const JsonLimits& limits, google::protobuf::MessageLite* request);

}  // namespace starling::rpc::json
