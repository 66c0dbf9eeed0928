#include "services/models/oip/json/json_fields.h"

#include <utility>

#include "base/status.h"

namespace starling::models::oip {

namespace ondemand = simdjson::ondemand;

absl::Status MalformedJson(simdjson::error_code error) {
  return InvalidArgument("The request is not valid JSON: ", simdjson::error_message(error));
}

absl::StatusOr<std::string> ReadText(ondemand::value value, std::string_view where) {
  std::string_view text;
  if (value.get_string().get(text)) return InvalidArgument(where, " must be a string.");
  return std::string(text);
}

absl::StatusOr<inference::Shape> ReadShape(ondemand::value value, std::string_view where) {
  ondemand::array sizes;
  if (value.get_array().get(sizes)) return InvalidArgument(where, " must be a list of integers.");
  inference::Shape shape;
  for (auto size : sizes) {
    int64_t number = 0;
    if (size.get_int64().get(number)) {
      return InvalidArgument(where, ": dimension ", shape.size(), " must be an integer that fits 64 bits.");
    }
    if (number < 0) return InvalidArgument(where, ": dimension ", shape.size(), " must not be negative.");
    if (shape.size() == kMaxDimensions)
      return InvalidArgument(where, " has more than ", kMaxDimensions, " dimensions.");
    shape.push_back(number);
  }
  return shape;
}

absl::StatusOr<Parameter> ReadParameter(ondemand::value value, std::string_view name,
                                        std::string_view where) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return MalformedJson(error);
  if (type == ondemand::json_type::string) {
    ASSIGN_OR_RETURN(std::string text, ReadText(value, StrCat("Parameter '", name, "'")));
    return Parameter(std::move(text));
  }
  if (bool flag = false; type == ondemand::json_type::boolean && !value.get_bool().get(flag))
    return Parameter(flag);
  ondemand::number number;
  if (type == ondemand::json_type::number && !value.get_number().get(number)) {
    if (number.is_int64()) return Parameter(number.get_int64());
    if (number.is_uint64()) return Parameter(number.get_uint64());
    return Parameter(number.get_double());
  }
  return InvalidArgument("Parameter '", name, "' of ", where, " must be a string, a number or a boolean.");
}

absl::StatusOr<Parameters> ReadParameters(ondemand::value value, std::string_view where) {
  ondemand::object object;
  if (value.get_object().get(object))
    return InvalidArgument("'parameters' of ", where, " must be an object.");
  Parameters parameters;
  const std::string place = StrCat("'parameters' of ", where);
  RETURN_IF_ERROR(ReadMembers(object, place, [&](std::string_view key, ondemand::value item) -> absl::Status {
    ASSIGN_OR_RETURN(Parameter parameter, ReadParameter(item, key, where));
    parameters.Add(key, std::move(parameter));
    return absl::OkStatus();
  }));
  return parameters;
}

}  // namespace starling::models::oip
