#include "json_table.h"

#include <map>
#include <set>
#include <string>

#include "json_names.h"
#include "names.h"
#include "source_error.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::io::Printer;

const std::set<std::string>& TypesWithJson() {
  static const std::set<std::string> names = {"Timestamp",   "Duration",   "FieldMask",   "Struct",
                                              "Value",       "ListValue",  "Empty",       "DoubleValue",
                                              "FloatValue",  "Int64Value", "UInt64Value", "Int32Value",
                                              "UInt32Value", "BoolValue",  "StringValue", "BytesValue"};
  return names;
}

void CheckType(const FieldDescriptor& place, const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_GROUP)
    FailAt(place, {}, "groups have no JSON; contracts are proto3.");
  if (field.message_type() == nullptr || !IsWellKnown(*field.message_type())) return;
  if (TypesWithJson().contains(field.message_type()->name())) return;
  FailAt(
      place, {},
      field.message_type()->full_name() +
          " cannot be a field: its JSON depends on types that are not known when the contract is compiled.");
}

std::string CppType(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "int32_t";
    case FieldDescriptor::CPPTYPE_INT64:
      return "int64_t";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "uint32_t";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "uint64_t";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "float";
    default:
      return "bool";
  }
}

std::string ReadEnum(const FieldDescriptor& field, const std::string& reader) {
  std::string read = "json::GetEnum(" + reader + ", " + EnumTableName(*field.enum_type()) + ", &value)";
  if (IsNullValue(field)) {
    read = "(" + reader + ".Peek() == json::Kind::kNull ? " + reader + ".TakeNull() : " + read + ")";
  }
  return read;
}

// An expression that reads into `target`, a pointer to a string or a message.
std::string ReadInto(const FieldDescriptor& field, const std::string& reader, const std::string& target) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) return "json::GetBytes(" + reader + ", " + target + ")";
  if (field.message_type() != nullptr && !IsWellKnown(*field.message_type())) {
    return "json::GetMessage(" + reader + ", " + InfoName(*field.message_type()) + ", *" + target + ")";
  }
  return "json::Get(" + reader + ", " + target + ")";
}

bool IsHeldByPointer(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

std::string ReadMap(const FieldDescriptor& field) {
  const FieldDescriptor& value = *field.message_type()->map_value();
  std::string each;
  if (value.enum_type() != nullptr) {
    each = "int32_t value = 0; if (!" + ReadEnum(value, "inner") +
           ") return false; entry = static_cast<std::decay_t<decltype(entry)>>(value); return true;";
  } else {
    each = "return " + ReadInto(value, "inner", "&entry") + ";";
  }
  return "return json::GetMap(reader, m.mutable_" + AccessorName(field) +
         "(), [](json::Reader& inner, auto& entry) { " + each + " });";
}

// The body of Field::read.
std::string ReadBody(const FieldDescriptor& field) {
  if (field.is_map()) return ReadMap(field);
  const std::string name = AccessorName(field);
  if (IsHeldByPointer(field)) {
    return "return " +
           ReadInto(field, "reader",
                    std::string("m.") + (field.is_repeated() ? "add_" : "mutable_") + name + "()") +
           ";";
  }
  const bool is_enum = field.enum_type() != nullptr;
  const std::string read = is_enum ? ReadEnum(field, "reader") : "json::Get(reader, &value)";
  const std::string value =
      is_enum ? "static_cast<" + QualifiedName(*field.enum_type()) + ">(value)" : "value";
  return (is_enum ? "int32_t" : CppType(field)) + " value{}; if (!" + read + ") return false; m." +
         (field.is_repeated() ? "add_" : "set_") + name + "(" + value + "); return true;";
}

bool TakesNull(const FieldDescriptor& field) {
  return !field.is_repeated() &&
         (IsNullValue(field) ||
          (field.message_type() != nullptr && field.message_type()->full_name() == "google.protobuf.Value"));
}

void PrintField(const FieldDescriptor& field, Printer& out) {
  const Descriptor* type = field.message_type();
  const bool has_table = type != nullptr && !field.is_repeated() && !IsWellKnown(*type);
  const auto* oneof = field.real_containing_oneof();
  out.Print(
      "    {\"$name$\", $json_name$, $violation$, json::FieldKind::$kind$, $null$, $oneof$,\n"
      "     [](json::Reader& reader, google::protobuf::MessageLite& message) -> bool {\n"
      "       auto& m = static_cast<$message$&>(message);\n       $body$\n     },\n",
      "name", field.name(), "json_name", Literal(field.json_name()), "violation", ViolationLiteral(field),
      "kind",
      field.is_map()        ? "kMap"
      : field.is_repeated() ? "kList"
                            : "kOne",
      "null", TakesNull(field) ? "true" : "false", "oneof",
      std::to_string(oneof == nullptr ? 0 : oneof->index() + 1), "message",
      QualifiedName(*field.containing_type()), "body", ReadBody(field));
  if (!has_table) {
    out.Print("     nullptr, nullptr},\n");
    return;
  }
  out.Print(
      "     &$info$, [](google::protobuf::MessageLite& message) -> google::protobuf::MessageLite* {\n"
      "       return static_cast<$message$&>(message).mutable_$name$();\n     }},\n",
      "info", InfoName(*type), "message", QualifiedName(*field.containing_type()), "name",
      AccessorName(field));
}

void PrintNames(const Descriptor& message, Printer& out) {
  std::map<std::string, int> names;
  for (int i = 0; i < message.field_count(); ++i) names[message.field(i)->name()] = i;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto [entry, fresh] = names.emplace(message.field(i)->json_name(), i);
    if (!fresh && entry->second != i) {
      FailAt(*message.field(i), {},
             "its JSON name is the name of the field " + message.field(entry->second)->name() + ".");
    }
  }
  out.Print("constexpr json::FieldName k$class$Names[] = {\n", "class", ClassName(message));
  for (const auto& [name, index] : names) {
    out.Print("    {$name$, $index$},\n", "name", Literal(name), "index", std::to_string(index));
  }
  out.Print("};\n");
}

void AddUsed(const Descriptor& message, std::set<const Descriptor*>* out) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    const Descriptor* type =
        field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
    if (type != nullptr && !IsWellKnown(*type)) out->insert(type);
  }
}

}  // namespace

void PrintInfoDeclarations(const FileDescriptor& file, Printer& out) {
  std::set<const Descriptor*> messages;
  for (const auto* message : Messages(file)) {
    messages.insert(message);
    AddUsed(*message, &messages);
  }
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      for (const auto* type :
           {file.service(i)->method(j)->input_type(), file.service(i)->method(j)->output_type()}) {
        if (IsWellKnown(*type)) continue;
        messages.insert(type);
        AddUsed(*type, &messages);
      }
    }
  }
  std::map<std::string, std::set<std::string>> by_namespace;
  for (const auto* message : messages) by_namespace[Namespace(*message->file())].insert(ClassName(*message));
  for (const auto& [name, classes] : by_namespace) {
    out.Print("\nnamespace $namespace$::starling_internal {\n", "namespace", name);
    for (const auto& message : classes) {
      out.Print("extern const ::starling::rpc::json::MessageInfo k$class$Message;\n", "class", message);
    }
    out.Print("}\n");
  }
}

void PrintTable(const Descriptor& message, Printer& out) {
  if (message.field_count() == 0) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    CheckType(field, field.is_map() ? *field.message_type()->map_value() : field);
  }
  out.Print("constexpr json::Field k$class$Fields[] = {\n", "class", ClassName(message));
  for (int i = 0; i < message.field_count(); ++i) PrintField(*message.field(i), out);
  out.Print("};\n");
  PrintNames(message, out);
  if (message.real_oneof_decl_count() > 0) {
    out.Print("constexpr std::string_view k$class$Oneofs[] = {", "class", ClassName(message));
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      out.Print("\"$name$\", ", "name", message.oneof_decl(i)->name());
    }
    out.Print("};\n");
  }
}

void PrintInfo(const Descriptor& message, Printer& out) {
  const bool fields = message.field_count() > 0;
  const std::string k = "k" + ClassName(message);
  out.Print(
      "constinit const json::MessageInfo $k$Message{$fields$, $names$, $oneofs$, &Write$class$, nullptr};\n",
      "k", k, "fields", fields ? k + "Fields" : "{}", "names", fields ? k + "Names" : "{}", "oneofs",
      message.real_oneof_decl_count() > 0 ? k + "Oneofs" : "{}", "class", ClassName(message));
}

}  // namespace starling::codegen
