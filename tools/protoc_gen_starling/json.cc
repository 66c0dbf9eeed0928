#include <map>
#include <set>

#include "generate.h"
#include "json_names.h"
#include "json_table.h"
#include "names.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::io::Printer;

const FieldDescriptor& ItemOf(const FieldDescriptor& field) {
  return field.is_map() ? *field.message_type()->map_value() : field;
}

void PrintEnumTables(const FileDescriptor& file, Printer& out) {
  std::set<const EnumDescriptor*> enums;
  for (const auto* message : Messages(file)) {
    for (int i = 0; i < message->field_count(); ++i) {
      const EnumDescriptor* type = ItemOf(*message->field(i)).enum_type();
      if (type == nullptr || !enums.insert(type).second) continue;
      out.PrintRaw(EnumTable(*type) + "\n");
    }
  }
}

void PrintWriter(const Descriptor& message, Printer& out) {
  if (message.field_count() == 0) {
    out.Print(
        "void Write$class$(const google::protobuf::MessageLite& /*message*/, std::string* out) { "
        "out->append(\"{}\"); }\n\n",
        "class", ClassName(message));
    return;
  }
  out.Print(
      "void Write$class$(const google::protobuf::MessageLite& message, std::string* out) {\n"
      "  const auto& m = static_cast<const $type$&>(message);\n"
      "  out->push_back('{');\n",
      "class", ClassName(message), "type", QualifiedName(message));
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const bool maybe = !field.is_repeated() && field.has_presence();
    if (maybe) out.Print("  if (m.has_$name$()) {\n", "name", AccessorName(field));
    out.Print(
        "  $indent$out->append(\"\\\"$name$\\\":\");\n  $indent$$put$\n  $indent$out->push_back(',');\n",
        "indent", maybe ? "  " : "", "name", field.name(), "put", PutFieldStatement(field));
    if (maybe) out.Print("  }\n");
  }
  out.Print("  json::Close('}', out);\n}\n\n");
}

}  // namespace

void WriteJson(const FileDescriptor& file, Printer& out) {
  out.Print(
      "// Generated from $file$. Do not edit.\n#include \"core/rpc/json/decode.h\"\n#include "
      "\"core/rpc/json/encode.h\"\n"
      "#include \"core/rpc/json/message_info.h\"\n#include \"core/rpc/json/well_known.h\"\n#include "
      "\"$stem$.pb.h\"\n",
      "file", file.name(), "stem", Stem(file));
  PrintInfoDeclarations(file, out);
  out.Print(
      "\nnamespace $namespace$::starling_internal {\n\nnamespace json = ::starling::rpc::json;\n\nnamespace "
      "{\n\n",
      "namespace", Namespace(file));
  PrintEnumTables(file, out);
  for (const auto* message : Messages(file)) {
    PrintTable(*message, out);
    PrintWriter(*message, out);
  }
  out.Print("}  // namespace\n\n");
  for (const auto* message : Messages(file)) PrintInfo(*message, out);
  out.Print("\n}  // namespace $namespace$::starling_internal\n", "namespace", Namespace(file));
}

}  // namespace starling::codegen
