#include "rule_conditions.h"

#include <google/protobuf/util/time_util.h>
#include <re2/re2.h>

#include <cmath>
#include <cstdio>
#include <set>
#include <vector>

#include "names.h"
#include "source_error.h"

namespace starling::codegen {
namespace {

using buf::validate::FieldRules;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kFieldOptions = 8;  // FieldDescriptorProto.options

// A value that a rule names: as C++ and as the caller reads it.
struct Operand {
  std::string code;
  std::string text;
  long double number = 0;  // of numbers and times, to compare bounds
};

std::string Real(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

Operand RealOperand(const FieldDescriptor& place, double value, bool is_float) {
  if (!std::isfinite(value)) FailAtRules(place, "the bound of a rule must be a finite number.");
  std::string code = Real(value, is_float ? 9 : 17);
  if (code.find_first_of(".e") == std::string::npos) code += ".0";
  std::string text = Real(value, 6);
  if (std::stod(text) != value) text = Real(value, is_float ? 9 : 17);
  return {code + (is_float ? "f" : ""), text, value};
}

std::string Bytes(const std::string& bytes) {
  return "std::string_view(" + Literal(bytes) + ", " + std::to_string(bytes.size()) + ")";
}

std::string Shown(const std::string& text, bool is_bytes) {
  if (!is_bytes) return "\"" + text + "\"";
  std::string hex = "0x";
  for (const char c : text) {
    char digits[4];
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c));
    hex += digits;
  }
  return hex;
}

template <typename Time>
Operand TimeOperand(const Time& time) {
  return {std::to_string(time.seconds()) + ", " + std::to_string(time.nanos()),
          google::protobuf::util::TimeUtil::ToString(time),
          static_cast<long double>(time.seconds()) + static_cast<long double>(time.nanos()) / 1e9L};
}

// What the rule `rule` of `rules` names; of the item `index` where it names several.
Operand OperandOf(const FieldDescriptor& place, const Message& rules, const FieldDescriptor& rule,
                  int index) {
  const auto& reflection = *rules.GetReflection();
  const bool many = rule.is_repeated();
  std::string scratch;
  switch (rule.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64: {
      const bool wide = rule.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
      const int64_t value =
          wide
              ? (many ? reflection.GetRepeatedInt64(rules, &rule, index) : reflection.GetInt64(rules, &rule))
              : (many ? reflection.GetRepeatedInt32(rules, &rule, index) : reflection.GetInt32(rules, &rule));
      // The least number has no literal.
      const std::string code = value == INT64_MIN ? "INT64_MIN" : std::to_string(value) + (wide ? "LL" : "");
      return {value == INT32_MIN && !wide ? "INT32_MIN" : code, std::to_string(value),
              static_cast<long double>(value)};
    }
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64: {
      const bool wide = rule.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
      const uint64_t value = wide ? (many ? reflection.GetRepeatedUInt64(rules, &rule, index)
                                          : reflection.GetUInt64(rules, &rule))
                                  : (many ? reflection.GetRepeatedUInt32(rules, &rule, index)
                                          : reflection.GetUInt32(rules, &rule));
      return {std::to_string(value) + (wide ? "ULL" : "U"), std::to_string(value),
              static_cast<long double>(value)};
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return RealOperand(
          place,
          many ? reflection.GetRepeatedDouble(rules, &rule, index) : reflection.GetDouble(rules, &rule),
          false);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return RealOperand(place,
                         static_cast<double>(many ? reflection.GetRepeatedFloat(rules, &rule, index)
                                                  : reflection.GetFloat(rules, &rule)),
                         true);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(rules, &rule) ? Operand{"true", "true"} : Operand{"false", "false"};
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& value = many ? reflection.GetRepeatedStringReference(rules, &rule, index, &scratch)
                                      : reflection.GetStringReference(rules, &rule, &scratch);
      return {Bytes(value), Shown(value, rule.type() == FieldDescriptor::TYPE_BYTES)};
    }
    default:
      break;
  }
  const Message& time = reflection.GetMessage(rules, &rule);
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&time))
    return TimeOperand(*duration);
  return TimeOperand(dynamic_cast<const google::protobuf::Timestamp&>(time));
}

// The checks of one value, in the making.
class Checks {
 public:
  Checks(const FieldDescriptor& place, const FieldDescriptor& field, const Message& rules, std::string kind,
         std::string value)
      : place_(place), field_(field), rules_(rules), kind_(std::move(kind)), value_(std::move(value)) {}

  std::string All() {
    std::vector<const FieldDescriptor*> set;
    rules_.GetReflection()->ListFields(rules_, &set);
    for (const auto* rule : set) Add(*rule);
    CheckBounds(set);
    return std::move(code_);
  }

 private:
  std::string Compared(const std::string& comparison, const Operand& operand) const {
    if (kind_ == "duration" || kind_ == "timestamp") {
      return "json::CompareTime(" + value_ + ", " + operand.code + ") " + comparison + " 0";
    }
    return value_ + " " + comparison + " " + operand.code;
  }

  void Must(const std::string& rule, const std::string& condition, const std::string& predicate) {
    code_ += Check("!(" + condition + ")", kind_ + "." + rule, predicate);
  }

  void AddList(const FieldDescriptor& rule) {
    const bool in = rule.name() == "in";
    std::string condition, texts;
    for (int i = 0; i < rules_.GetReflection()->FieldSize(rules_, &rule); ++i) {
      const Operand operand = OperandOf(place_, rules_, rule, i);
      condition += (i == 0 ? "" : in ? " || " : " && ") + Compared(in ? "==" : "!=", operand);
      texts += (i == 0 ? "" : ", ") + Name(operand);
    }
    Must(rule.name(), condition, (in ? "must be one of " : "must not be one of ") + texts + ".");
  }

  // Values of enums are told by their names.
  std::string Name(const Operand& operand) const {
    if (field_.enum_type() == nullptr) return operand.text;
    const auto* value = field_.enum_type()->FindValueByNumber(static_cast<int>(operand.number));
    if (value == nullptr) FailAtRules(place_, "the enum has no value " + operand.text + ".");
    return value->name();
  }

  void AddSize(const std::string& rule, const Operand& operand) {
    const bool bytes = kind_ == "bytes" || rule.ends_with("bytes");
    const std::string size = bytes ? value_ + ".size()" : "json::CodePoints(" + value_ + ")";
    const bool at_least = rule.starts_with("min_"), at_most = rule.starts_with("max_");
    const std::string unit = std::string(bytes ? "byte" : "character") + (operand.text == "1" ? "" : "s");
    Must(rule,
         size +
             (at_least  ? " >= "
              : at_most ? " <= "
                        : " == ") +
             operand.code,
         std::string("must have ") +
             (at_least  ? "at least "
              : at_most ? "at most "
                        : "exactly ") +
             operand.text + " " + unit + ".");
  }

  void AddPattern(const std::string& expression) {
    const re2::RE2 compiled(expression, re2::RE2::Quiet);
    if (!compiled.ok())
      FailAtRules(place_, "the pattern is no regular expression of RE2: " + compiled.error() + ".");
    code_ += "{ static const json::Pattern pattern(" + Bytes(expression) + ");\n";
    Must("pattern", "pattern.IsIn(" + value_ + ")", "must match the pattern " + expression + " (RE2).");
    code_ += "}\n";
  }

  void Add(const FieldDescriptor& rule) {
    const std::string& name = rule.name();
    if (name == "in" || name == "not_in") return AddList(rule);
    const Operand operand = OperandOf(place_, rules_, rule, 0);
    if (name == "const") return Must(name, Compared("==", operand), "must be " + Name(operand) + ".");
    if (name == "lt") return Must(name, Compared("<", operand), "must be less than " + operand.text + ".");
    if (name == "lte") return Must(name, Compared("<=", operand), "must be at most " + operand.text + ".");
    if (name == "gt") return Must(name, Compared(">", operand), "must be greater than " + operand.text + ".");
    if (name == "gte") return Must(name, Compared(">=", operand), "must be at least " + operand.text + ".");
    if (name.ends_with("len") || name.ends_with("bytes")) return AddSize(name, operand);
    if (name == "prefix")
      return Must(name, "std::string_view(" + value_ + ").starts_with(" + operand.code + ")",
                  "must begin with " + operand.text + ".");
    if (name == "suffix")
      return Must(name, "std::string_view(" + value_ + ").ends_with(" + operand.code + ")",
                  "must end with " + operand.text + ".");
    if (name == "contains")
      return Must(name, "json::Contains(" + value_ + ", " + operand.code + ")",
                  "must contain " + operand.text + ".");
    if (name == "not_contains")
      return Must(name, "!json::Contains(" + value_ + ", " + operand.code + ")",
                  "must not contain " + operand.text + ".");
    if (name == "pattern") return AddPattern(rules_.GetReflection()->GetString(rules_, &rule));
    if (operand.text == "false") return;  // a switch that is off
    if (name == "finite") return Must(name, "std::isfinite(" + value_ + ")", "must be a finite number.");
    if (name == "email") return Must(name, "json::IsEmail(" + value_ + ")", "must be an e-mail address.");
    if (name == "uuid") return Must(name, "json::IsUuid(" + value_ + ")", "must be a UUID.");
    if (name == "defined_only") {
      return Must(name, QualifiedName(*field_.enum_type()) + "_IsValid(" + value_ + ")",
                  "must be a value that the contract names.");
    }
    FailAtRules(place_, "the generator does not know the rule " + kind_ + "." + name + ".");
  }

  // A value that keeps all rules must be possible.
  void CheckBounds(const std::vector<const FieldDescriptor*>& set) {
    const FieldDescriptor *low = nullptr, *high = nullptr;
    for (const auto* rule : set) {
      const std::string& name = rule->name();
      if (name == "gt" || name == "gte") low = rule;
      if (name == "lt" || name == "lte") high = rule;
      if (!name.starts_with("min_")) continue;
      const auto* most = rules_.GetDescriptor()->FindFieldByName("max_" + name.substr(4));
      if (!rules_.GetReflection()->HasField(rules_, most)) continue;
      if (OperandOf(place_, rules_, *rule, 0).number > OperandOf(place_, rules_, *most, 0).number) {
        FailAtRules(place_, name + " is above " + most->name() + ".");
      }
    }
    if (low == nullptr || high == nullptr) return;
    const auto least = OperandOf(place_, rules_, *low, 0).number,
               most = OperandOf(place_, rules_, *high, 0).number;
    const bool open = low->name() == "gt" || high->name() == "lt";
    if (least > most || (open && least == most)) FailAtRules(place_, "no value is within both bounds.");
  }

  const FieldDescriptor& place_;
  const FieldDescriptor& field_;
  const Message& rules_;
  std::string kind_;
  std::string value_;
  std::string code_;
};

// The member of FieldRules for the type of the field.
std::string ExpectedKind(const FieldDescriptor& field) {
  const auto* type = field.message_type();
  if (type == nullptr) return field.type_name();
  if (type->full_name() == "google.protobuf.Duration") return "duration";
  if (type->full_name() == "google.protobuf.Timestamp") return "timestamp";
  const auto* wrapped = Wrapped(field);
  return wrapped == nullptr ? "" : wrapped->type_name();
}

}  // namespace

std::string Check(const std::string& condition, const std::string& rule, const std::string& predicate) {
  return "if (" + condition + ") return fault.Broken(\"" + rule + "\", " + Literal(predicate) + ");\n";
}

void FailAtRules(const FieldDescriptor& place, const std::string& what) {
  FailAt(place, {kFieldOptions, buf::validate::field.number()}, what);
}

const FieldDescriptor* Wrapped(const FieldDescriptor& field) {
  static const std::set<std::string> wrappers = {"DoubleValue", "FloatValue",  "Int64Value",
                                                 "UInt64Value", "Int32Value",  "UInt32Value",
                                                 "BoolValue",   "StringValue", "BytesValue"};
  const auto* type = field.message_type();
  if (type == nullptr || !IsWellKnown(*type) || !wrappers.contains(type->name())) return nullptr;
  return type->FindFieldByName("value");
}

std::string ValueChecks(const FieldDescriptor& place, const FieldDescriptor& field, const FieldRules& rules,
                        const std::string& value) {
  if (rules.type_case() == FieldRules::TYPE_NOT_SET) return "";
  const auto* member = FieldRules::descriptor()->FindFieldByNumber(rules.type_case());
  if (member->name() != ExpectedKind(field)) {
    FailAtRules(
        place, "rules of type " + member->name() + " do not fit the field's type " +
                   (field.message_type() != nullptr ? field.message_type()->full_name() : field.type_name()) +
                   ".");
  }
  const Message& of_type = rules.GetReflection()->GetMessage(rules, member);
  return Checks(place, field, of_type, member->name(), value).All();
}

}  // namespace starling::codegen
