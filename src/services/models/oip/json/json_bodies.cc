#include "services/models/oip/json/json_bodies.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "services/models/oip/json/json_fields.h"
#include "services/models/oip/json/padded_json.h"

namespace starling::models::oip {
namespace {

namespace ondemand = simdjson::ondemand;

// Calls `each(key, value)` for the members of the body.
template <typename Each>
absl::Status ReadBody(const Bytes& body, Each&& each) {
  if (body.empty()) return absl::OkStatus();
  const PaddedJson json(body.view());
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(json.view()).get(document)) return MalformedJson(error);
  ondemand::object object;
  if (document.get_object().get(object)) return InvalidArgument("The body must be a JSON object.");
  RETURN_IF_ERROR(ReadMembers(object, "the body", each));
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return InvalidArgument("The request is not valid JSON: something follows its end.");
  }
  return absl::OkStatus();
}

absl::Status AppendValue(ondemand::value value, std::string_view name, std::vector<std::string>* values) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return MalformedJson(error);
  if (type == ondemand::json_type::null) return absl::OkStatus();
  if (type == ondemand::json_type::number) {
    std::string_view token = value.raw_json_token();
    token = token.substr(0, token.find_first_of(" \t\r\n"));
    ondemand::number number;
    if (const auto error = value.get_number().get(number)) return MalformedJson(error);
    values->emplace_back(token);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::string text, ReadText(value, StrCat("'", name, "'")));
  values->push_back(std::move(text));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Parameters> ReadFlatBody(const Bytes& body) {
  Parameters parameters;
  RETURN_IF_ERROR(ReadBody(body, [&](std::string_view key, ondemand::value value) -> absl::Status {
    ASSIGN_OR_RETURN(Parameter parameter, ReadParameter(value, key, "the body"));
    parameters.Add(key, std::move(parameter));
    return absl::OkStatus();
  }));
  return parameters;
}

absl::StatusOr<Parameters> ReadParametersBody(const Bytes& body) {
  Parameters parameters;
  RETURN_IF_ERROR(ReadBody(body, [&](std::string_view key, ondemand::value value) -> absl::Status {
    if (key != "parameters") return absl::OkStatus();
    ASSIGN_OR_RETURN(parameters, ReadParameters(value, "the body"));
    return absl::OkStatus();
  }));
  return parameters;
}

absl::StatusOr<TraceSettings> ReadTraceBody(const Bytes& body) {
  TraceSettings settings;
  RETURN_IF_ERROR(ReadBody(body, [&](std::string_view key, ondemand::value value) -> absl::Status {
    std::vector<std::string>& values = settings[std::string(key)];
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return MalformedJson(error);
    if (type != ondemand::json_type::array) return AppendValue(value, key, &values);
    ondemand::array items;
    if (const auto error = value.get_array().get(items)) return MalformedJson(error);
    for (auto item : items) {
      ondemand::value one;
      if (const auto error = item.get(one)) return MalformedJson(error);
      RETURN_IF_ERROR(AppendValue(one, key, &values));
    }
    return absl::OkStatus();
  }));
  return settings;
}

}  // namespace starling::models::oip
