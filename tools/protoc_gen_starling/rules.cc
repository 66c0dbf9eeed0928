#include "rules.h"

#include <map>
#include <set>

#include "generate.h"
#include "json_names.h"
#include "names.h"
#include "rule_conditions.h"
#include "source_error.h"

namespace starling::codegen {
namespace {

using buf::validate::FieldRules;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::OneofDescriptor;
using google::protobuf::io::Printer;

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(buf::validate::field);
}

bool HasCheckedMessage(const FieldDescriptor& field) {
  return field.message_type() != nullptr && !field.is_map() && HasRules(*field.message_type());
}

// Whether `value`, of the field's type without list or map, is the zero of it.
std::string IsZero(const FieldDescriptor& field, const std::string& value) {
  if (const auto* wrapped = Wrapped(field); wrapped != nullptr) return IsZero(*wrapped, value);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return value + ".empty()";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return value + ".ByteSizeLong() == 0";
  return value + " == 0";
}

// Checks of an item, key, value of a map or singular field that is there.
std::string Checks(const FieldDescriptor& place, const FieldDescriptor& field, const FieldRules& rules,
                   const std::string& value) {
  if (rules.ignore() == buf::validate::IGNORE_ALWAYS) return "";
  const std::string expression = Wrapped(field) != nullptr ? value + ".value()" : value;
  std::string checks = ValueChecks(place, field, rules, expression);
  if (HasCheckedMessage(field))
    checks += "if (!" + CheckName(*field.message_type()) + "(" + value + ", fault)) return false;\n";
  if (!checks.empty() && rules.ignore() == buf::validate::IGNORE_IF_ZERO_VALUE) {
    checks = "if (!(" + IsZero(field, expression) + ")) {\n" + checks + "}\n";
  }
  return checks;
}

// The same as a lambda `name(value)`; empty if there is nothing to check.
std::string Lambda(const std::string& name, const FieldDescriptor& place, const FieldDescriptor& field,
                   const FieldRules& rules) {
  if (rules.required()) FailAtRules(place, "required has no meaning for items, keys and values.");
  const std::string checks = Checks(place, field, rules, "value");
  if (checks.empty()) return "";
  return "const auto " + name + " = [&fault](const auto& value) -> bool {\n" + checks + "return true;\n};\n";
}

// Checks of the size of a list or map.
std::string SizeChecks(const FieldDescriptor& field, const std::string& list, const std::string& kind,
                       bool required, bool has_min, uint64_t min, bool has_max, uint64_t max) {
  if (has_min && has_max && min > max) FailAtRules(field, "the least size is above the largest.");
  const std::string unit = kind == "map" ? "pairs" : "items";
  const auto size = [&](uint64_t count) {
    return std::to_string(count) + " " + (count == 1 ? unit.substr(0, unit.size() - 1) : unit) + ".";
  };
  std::string checks;
  if (required) checks += Check(list + ".empty()", "required", "is required and must not be empty.");
  if (has_min && min > 0) {
    checks += Check("static_cast<uint64_t>(" + list + ".size()) < " + std::to_string(min) + "ULL",
                    kind + ".min_" + unit, "must have at least " + size(min));
  }
  if (has_max) {
    checks += Check("static_cast<uint64_t>(" + list + ".size()) > " + std::to_string(max) + "ULL",
                    kind + ".max_" + unit, "must have at most " + size(max));
  }
  return checks;
}

std::string ListChecks(const FieldDescriptor& field, const FieldRules& rules) {
  if (rules.type_case() != FieldRules::TYPE_NOT_SET && !rules.has_repeated()) {
    FailAtRules(field, "the field is a list: its rules are `repeated`, those of its items `repeated.items`.");
  }
  const auto& own = rules.repeated();
  std::string checks = SizeChecks(field, "list", "repeated", rules.required(), own.has_min_items(),
                                  own.min_items(), own.has_max_items(), own.max_items());
  if (own.unique()) {
    if (field.message_type() != nullptr) FailAtRules(field, "unique is for lists of scalars and enums.");
    checks +=
        "if (const size_t twice = json::FirstRepeated(list); twice < static_cast<size_t>(list.size())) {\n"
        "fault.Broken(\"repeated.unique\", \"is in the list already.\");\nreturn fault.AtIndex(twice);\n}\n";
  }
  const std::string item = Lambda("item", field, field, own.items());
  if (!item.empty()) {
    checks += item +
              "for (int i = 0; i < list.size(); ++i) {\n"
              "if (!item(list[i])) return fault.AtIndex(static_cast<size_t>(i));\n}\n";
  }
  return checks;
}

std::string MapChecks(const FieldDescriptor& field, const FieldRules& rules) {
  if (rules.type_case() != FieldRules::TYPE_NOT_SET && !rules.has_map())
    FailAtRules(field, "the field is a map: its rules are `map`.");
  const auto& own = rules.map();
  std::string checks = SizeChecks(field, "list", "map", rules.required(), own.has_min_pairs(),
                                  own.min_pairs(), own.has_max_pairs(), own.max_pairs());
  const std::string key = Lambda("check_key", field, *field.message_type()->map_key(), own.keys());
  const std::string value = Lambda("check_value", field, *field.message_type()->map_value(), own.values());
  if (key.empty() && value.empty()) return checks;
  const std::string condition = (key.empty() ? "" : "check_key(entry.first)") +
                                std::string(key.empty() || value.empty() ? "" : " && ") +
                                (value.empty() ? "" : "check_value(entry.second)");
  return checks + key + value + "for (const auto& entry : list) {\nif (!(" + condition +
         ")) return fault.AtKey(json::KeyText(entry.first));\n}\n";
}

std::string OneChecks(const FieldDescriptor& field, const FieldRules& rules) {
  const std::string value = "m." + AccessorName(field) + "()";
  std::string checks;
  if (field.has_presence()) {
    const std::string has = "m.has_" + AccessorName(field) + "()";
    if (rules.required()) checks = Check("!" + has, "required", "is required.");
    const std::string inner = Checks(field, field, rules, value);
    if (!inner.empty()) checks += "if (" + has + ") {\n" + inner + "}\n";
    return checks;
  }
  if (rules.required()) {
    const bool text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    checks = Check(IsZero(field, value), "required",
                   text ? "is required and must not be empty." : "is required and must not be zero.");
  }
  return checks + Checks(field, field, rules, value);
}

// The whole body of the check of a field; empty if it has no rules.
std::string FieldChecks(const FieldDescriptor& field) {
  const FieldRules& rules = RulesOf(field);
  if (rules.ignore() == buf::validate::IGNORE_ALWAYS) return "";
  if (!field.is_repeated()) return OneChecks(field, rules);
  std::string checks = field.is_map() ? MapChecks(field, rules) : ListChecks(field, rules);
  if (checks.empty()) return "";
  if (rules.ignore() == buf::validate::IGNORE_IF_ZERO_VALUE)
    checks = "if (list.empty()) return true;\n" + checks;
  return "const auto& list = m." + AccessorName(field) + "();\n" + checks;
}

void PrintOneof(const OneofDescriptor& oneof, Printer& out) {
  if (!oneof.options().GetExtension(buf::validate::oneof).required()) return;
  std::string names;
  for (int i = 0; i < oneof.field_count(); ++i) names += (i == 0 ? "" : ", ") + oneof.field(i)->name();
  out.Print(
      "  if (m.$name$_case() == 0) {\n    fault.Broken(\"required\", $predicate$);\n    return "
      "fault.In(\"$name$\", nullptr);\n  }\n",
      "name", oneof.name(), "predicate", Literal("is required: one of " + names + " must be set."));
}

void PrintMessage(const Descriptor& message, Printer& out) {
  std::string calls;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string checks = FieldChecks(field);
    if (checks.empty()) continue;
    const std::string name = "Check" + ClassName(message) + "Field" + std::to_string(field.number());
    out.PrintRaw("static bool " + name + "(const " + QualifiedName(message) +
                 "& m, ::starling::rpc::json::Fault& fault) {\n" + checks + "return true;\n}\n\n");
    calls += "  if (!" + name + "(m, fault)) return fault.In(\"" + field.name() + "\", " +
             ViolationLiteral(field) + ");\n";
  }
  out.Print(
      "bool Check$class$(const google::protobuf::MessageLite& message, [[maybe_unused]] "
      "::starling::rpc::json::Fault& fault) {\n"
      "  [[maybe_unused]] const auto& m = static_cast<const $type$&>(message);\n",
      "class", ClassName(message), "type", QualifiedName(message));
  out.PrintRaw(calls);
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) PrintOneof(*message.oneof_decl(i), out);
  out.Print("  return true;\n}\n\n");
}

}  // namespace

void PrintCheckDeclarations(const FileDescriptor& file, Printer& out) {
  std::map<std::string, std::set<std::string>> by_namespace;
  const auto add = [&](const Descriptor* message) {
    if (message != nullptr && HasRules(*message))
      by_namespace[Namespace(*message->file())].insert(ClassName(*message));
  };
  for (const auto* message : Messages(file)) {
    add(message);
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      add(field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type());
    }
  }
  for (const auto& [name, classes] : by_namespace) {
    out.Print("\nnamespace $namespace$::starling_internal {\n", "namespace", name);
    for (const auto& message : classes) {
      out.Print(
          "bool Check$class$(const google::protobuf::MessageLite& message, ::starling::rpc::json::Fault& "
          "fault);\n",
          "class", message);
    }
    out.Print("}\n");
  }
}

void WriteRules(const FileDescriptor& file, Printer& out) {
  out.Print(
      "// Generated from $file$. Do not edit.\n#include <cmath>\n#include <cstdint>\n#include "
      "<string>\n#include <string_view>\n\n"
      "#include \"core/rpc/json/fault.h\"\n#include \"core/rpc/json/rules.h\"\n#include \"$stem$.pb.h\"\n",
      "file", file.name(), "stem", Stem(file));
  PrintCheckDeclarations(file, out);
  out.Print("\nnamespace $namespace$::starling_internal {\n\nnamespace json = ::starling::rpc::json;\n\n",
            "namespace", Namespace(file));
  for (const auto* message : Messages(file)) {
    if (HasRules(*message)) PrintMessage(*message, out);
  }
  out.Print("}  // namespace $namespace$::starling_internal\n", "namespace", Namespace(file));
}

}  // namespace starling::codegen
