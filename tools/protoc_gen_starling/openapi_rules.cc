#include "openapi_rules.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "buf/validate/validate.pb.h"
#include "openapi_schema.h"
#include "openapi_string_rules.h"
#include "openapi_text.h"

namespace starling::codegen {
namespace {

using buf::validate::EnumRules;
using buf::validate::FieldRules;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void AddFieldRules(const FieldRules& rules, const FieldDescriptor& field, bool one_value, Json* schema);

// The rules for numbers are alike but for the type of the number. A value is written as JSON, in the shortest form that
// reads back as the same.
struct NumberRule {
  std::string name;  // "gte"
  std::vector<std::string> values;
};

std::vector<NumberRule> NumberRules(const FieldRules& rules) {
  const auto* oneof = FieldRules::descriptor()->FindOneofByName("type");
  const auto* type = FieldRules::GetReflection()->GetOneofFieldDescriptor(rules, oneof);
  const Message& typed = FieldRules::GetReflection()->GetMessage(rules, type);
  std::vector<const FieldDescriptor*> set;
  typed.GetReflection()->ListFields(typed, &set);
  std::vector<NumberRule> result;
  for (const FieldDescriptor* rule : set) {
    NumberRule& entry = result.emplace_back(NumberRule{rule->name(), {}});
    const int count = rule->is_repeated() ? typed.GetReflection()->FieldSize(typed, rule) : 1;
    for (int i = 0; i < count; ++i) {
      google::protobuf::TextFormat::PrintFieldValueToString(typed, rule, rule->is_repeated() ? i : -1,
                                                            &entry.values.emplace_back());
    }
  }
  return result;
}

Json RawList(const std::vector<std::string>& values) {
  Json list = Json::Array();
  for (const std::string& value : values) list.Add(Json::Raw(value));
  return list;
}

void AddNumberRules(const FieldRules& rules, bool nullable, Json* schema) {
  static const std::map<std::string, const char*> keywords = {
      {"lt", "exclusiveMaximum"}, {"lte", "maximum"}, {"gt", "exclusiveMinimum"}, {"gte", "minimum"}};
  for (const auto& [name, values] : NumberRules(rules)) {
    if (const auto keyword = keywords.find(name); keyword != keywords.end()) {
      schema->Set(keyword->second, Json::Raw(values.front()));
    } else if (name == "const" || name == "in") {
      Json list = RawList(values);
      if (nullable) list.Add(Json::Raw("null"));
      schema->Set("enum", std::move(list));
    } else if (name == "not_in") {
      schema->Set("not", std::move(Json().Set("enum", RawList(values))));
    }
  }
}

bool NumberRulesRefuseZero(const FieldRules& rules) {
  for (const auto& [name, values] : NumberRules(rules)) {
    const double bound = values.empty() ? 0 : std::strtod(values.front().c_str(), nullptr);
    bool lists_zero = false;
    for (const std::string& value : values)
      lists_zero = lists_zero || std::strtod(value.c_str(), nullptr) == 0;
    if ((name == "const" && bound != 0) || (name == "gt" && bound >= 0) || (name == "gte" && bound > 0) ||
        (name == "lt" && bound <= 0) || (name == "lte" && bound < 0) || (name == "in" && !lists_zero) ||
        (name == "not_in" && lists_zero)) {
      return true;
    }
  }
  return false;
}

void AddEnumRules(const EnumRules& rules, const EnumDescriptor& enumeration, Json* schema) {
  const auto names = [&](const auto& numbers) {
    Json list = Json::Array();
    for (const int number : numbers) {
      if (const auto* value = enumeration.FindValueByNumber(number)) list.Add(value->name());
    }
    return list;
  };
  if (rules.has_const_()) schema->Set("enum", names(std::vector<int>{rules.const_()}));
  if (rules.in_size() > 0) schema->Set("enum", names(rules.in()));
  if (rules.not_in_size() > 0) schema->Set("not", std::move(Json().Set("enum", names(rules.not_in()))));
}

bool EnumRulesRefuseZero(const EnumRules& rules) {
  const auto lists_zero = [](const auto& list) {
    return std::find(list.begin(), list.end(), 0) != list.end();
  };
  return rules.const_() != 0 || (rules.in_size() > 0 && !lists_zero(rules.in())) ||
         lists_zero(rules.not_in());
}

// JSON Schema can't compare times.
template <typename Rules>
void DescribeTimeRules(const Rules& rules, Json* schema) {
  const auto say = [&](bool set, const char* relation, const auto& bound) {
    if (set) AddDescription(relation + google::protobuf::util::TimeUtil::ToString(bound) + ".", schema);
  };
  say(rules.has_const_(), "Exactly ", rules.const_());
  say(rules.has_lt(), "Less than ", rules.lt());
  say(rules.has_lte(), "At most ", rules.lte());
  say(rules.has_gt(), "More than ", rules.gt());
  say(rules.has_gte(), "At least ", rules.gte());
}

void AddListRules(const FieldRules& rules, const FieldDescriptor& field, Json* schema, Json* items) {
  const auto& list = rules.repeated();
  if (list.has_min_items()) schema->Set("minItems", Json::Number(static_cast<int64_t>(list.min_items())));
  if (list.has_max_items()) schema->Set("maxItems", Json::Number(static_cast<int64_t>(list.max_items())));
  if (list.unique()) schema->Set("uniqueItems", Json::Bool(true));
  if (list.has_items() && items != nullptr) AddFieldRules(list.items(), field, true, items);
}

void AddMapRules(const FieldRules& rules, const FieldDescriptor& field, Json* schema, Json* whole) {
  const auto& map = rules.map();
  if (map.has_min_pairs()) schema->Set("minProperties", Json::Number(static_cast<int64_t>(map.min_pairs())));
  if (map.has_max_pairs()) schema->Set("maxProperties", Json::Number(static_cast<int64_t>(map.max_pairs())));
  if (map.has_keys() && map.keys().type_case() == FieldRules::kString) {
    Json names;
    AddFieldRules(map.keys(), *field.message_type()->map_key(), true, &names);
    whole->Set("propertyNames", std::move(names));
  }
  if (Json* values = whole->Find("additionalProperties"); map.has_values() && values != nullptr) {
    AddFieldRules(map.values(), *field.message_type()->map_value(), true, values);
  }
}

Json ZeroSchema(const FieldRules& rules, const FieldDescriptor& field) {
  switch (rules.type_case()) {
    case FieldRules::kRepeated:
      return std::move(Json().Set("maxItems", Json::Number(0)));
    case FieldRules::kMap:
      return std::move(Json().Set("maxProperties", Json::Number(0)));
    case FieldRules::kString:
    case FieldRules::kBytes:
      return std::move(Json().Set("const", ""));
    case FieldRules::kBool:
      return std::move(Json().Set("const", Json::Bool(false)));
    case FieldRules::kEnum:
      return std::move(Json().Set("const", field.enum_type()->value(0)->name()));
    default:
      return std::move(Json().Set("const", Json::Number(0)));
  }
}

void AddFieldRules(const FieldRules& rules, const FieldDescriptor& field, bool one_value, Json* schema) {
  if (rules.ignore() == buf::validate::IGNORE_ALWAYS) return;
  const bool zero_allowed = rules.ignore() == buf::validate::IGNORE_IF_ZERO_VALUE;
  Json beside_zero;
  Json* target = zero_allowed ? &beside_zero : schema;
  const bool nullable = !one_value && field.message_type() != nullptr && IsWrapper(*field.message_type());
  switch (rules.type_case()) {
    case FieldRules::TYPE_NOT_SET:
      return;
    case FieldRules::kString:
      AddStringRules(rules.string(), target);
      break;
    case FieldRules::kBytes:
      AddBytesRules(rules.bytes(), target);
      break;
    case FieldRules::kBool:
      if (rules.bool_().has_const_()) target->Set("enum", Json::Array({Json::Bool(rules.bool_().const_())}));
      break;
    case FieldRules::kEnum:
      AddEnumRules(rules.enum_(), *field.enum_type(), target);
      break;
    case FieldRules::kRepeated:
      AddListRules(rules, field, target, schema->Find("items"));
      break;
    case FieldRules::kMap:
      AddMapRules(rules, field, target, schema);
      break;
    case FieldRules::kDuration:
      DescribeTimeRules(rules.duration(), schema);
      break;
    case FieldRules::kTimestamp:
      DescribeTimeRules(rules.timestamp(), schema);
      break;
    default:
      AddNumberRules(rules, nullable, target);
  }
  if (zero_allowed && !beside_zero.empty()) {
    schema->Set("anyOf", Json::Array({ZeroSchema(rules, field), std::move(beside_zero)}));
  }
}

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(buf::validate::field);
}

}  // namespace

void AddRules(const FieldDescriptor& field, Json* schema) {
  // Without presence, `required` means that the value is not zero; the field's own rules may ask for more.
  if (RulesOf(field).required() && !field.has_presence()) {
    if (field.is_map()) {
      schema->Set("minProperties", Json::Number(1));
    } else if (field.is_repeated()) {
      schema->Set("minItems", Json::Number(1));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      schema->Set("minLength", Json::Number(1));
    }
  }
  AddFieldRules(RulesOf(field), field, false, schema);
}

bool MustBeSet(const FieldDescriptor& field) {
  const FieldRules& rules = RulesOf(field);
  if (rules.ignore() != buf::validate::IGNORE_UNSPECIFIED) return false;
  if (rules.required()) return true;
  if (field.has_presence()) return false;
  switch (rules.type_case()) {
    case FieldRules::TYPE_NOT_SET:
      return false;
    case FieldRules::kString:
      return RefusesEmpty(rules.string());
    case FieldRules::kBytes:
      return RefusesEmpty(rules.bytes());
    case FieldRules::kBool:
      return rules.bool_().const_();
    case FieldRules::kEnum:
      return EnumRulesRefuseZero(rules.enum_());
    case FieldRules::kRepeated:
      return rules.repeated().min_items() > 0;
    case FieldRules::kMap:
      return rules.map().min_pairs() > 0;
    case FieldRules::kDuration:
    case FieldRules::kTimestamp:
      return false;
    default:
      return NumberRulesRefuseZero(rules);
  }
}

bool IsRequired(const google::protobuf::OneofDescriptor& oneof) {
  return oneof.options().GetExtension(buf::validate::oneof).required();
}

}  // namespace starling::codegen
