// Small values of the protocol's JSON objects, with faults that say where they are. Internal to the codec.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"
#include "services/models/oip/infer.h"

namespace starling::models::oip {

absl::Status MalformedJson(simdjson::error_code error);

// `where`: "'id'", "'shape' of input 'x'". Each is INVALID_ARGUMENT if the value is of another type.
absl::StatusOr<std::string> ReadText(simdjson::ondemand::value value, std::string_view where);
absl::StatusOr<inference::Shape> ReadShape(simdjson::ondemand::value value, std::string_view where);
// `name`: the parameter's; `where` it stands.
absl::StatusOr<Parameter> ReadParameter(simdjson::ondemand::value value, std::string_view name,
                                        std::string_view where);
absl::StatusOr<Parameters> ReadParameters(simdjson::ondemand::value value, std::string_view where);

// Calls `each(key, value)` for the members of an object; a key that comes twice is INVALID_ARGUMENT. The key holds as long as the
// parser.
template <typename Each>
absl::Status ReadMembers(simdjson::ondemand::object& object, std::string_view where, Each&& each) {
  std::unordered_set<std::string_view> seen;
  for (auto member : object) {
    std::string_view key;
    if (const auto error = member.unescaped_key().get(key)) return MalformedJson(error);
    if (!seen.insert(key).second) {
      return absl::InvalidArgumentError("'" + std::string(key) + "' comes twice in " + std::string(where) +
                                        ".");
    }
    simdjson::ondemand::value value;
    if (const auto error = member.value().get(value)) return MalformedJson(error);
    if (absl::Status status = each(key, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace starling::models::oip
