#include <map>
#include <set>

#include "generate.h"
#include "http.h"
#include "json_names.h"
#include "json_table.h"
#include "methods.h"
#include "names.h"
#include "rules.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::io::Printer;

std::string TypeAccessor(const Descriptor& message) {
  if (IsWellKnown(message)) return "::starling::rpc::json::" + message.name() + "Type";
  return QualifiedName(message) + "Type";
}

void PrintTypes(const FileDescriptor& file, Printer& out) {
  for (const auto* message : Messages(file)) {
    out.Print(
        "const MessageType& $name$Type() {\n"
        "  static constexpr MessageType kType{\"$full$\", &generated::Create<$name$>, "
        "&json::FromJson<$info$>,\n"
        "                                     &json::ToJson<$info$>, &json::Validate<&$check$>};\n"
        "  return kType;\n}\n",
        "name", ClassName(*message), "full", message->full_name(), "info", InfoName(*message), "check",
        HasRules(*message) ? CheckName(*message) : "json::NoRules");
  }
}

void PrintMethodTable(const ServiceDescriptor& service, Printer& out) {
  out.Print(
      "const std::span<const ::starling::rpc::Method> $service$Methods() {\n  static const "
      "::starling::rpc::Method kMethods[] = {\n",
      "service", service.name());
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    const std::string http =
        HttpBindings(method).empty() ? "{}" : "k" + service.name() + method.name() + "Http";
    out.Print(
        "    {\"/$full$/$name$\", \"$full$\", \"$name$\", CallShape::k$shape$, $safe$, Access::$access$, "
        "$scope$,\n"
        "     &$request$(), &$response$(), $http$},\n",
        "full", service.full_name(), "name", method.name(), "shape", std::string(ShapeName(ShapeOf(method))),
        "safe", IsSafe(method) ? "true" : "false", "access", AccessName(method), "scope",
        Literal(ScopeOf(method)), "request", TypeAccessor(*method.input_type()), "response",
        TypeAccessor(*method.output_type()), "http", http);
  }
  out.Print("  };\n  return kMethods;\n}\n");
}

void PrintStub(const ServiceDescriptor& service, Printer& out) {
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    const bool client_stream = method.client_streaming();
    const bool unary = ShapeOf(method) == Shape::kUnary;
    const std::string argument = unary           ? "request"
                                 : client_stream ? "std::move(requests)"
                                                 : "std::move(request)";
    out.Print(
        "$signature$ {\n"
        "  return generated::Call$shape$<$response$>(endpoint_, $service$Methods()[$index$], "
        "std::move(context), $argument$);\n"
        "}\n",
        "signature", Signature(method, service.name() + "Stub::"), "shape",
        std::string(ShapeName(ShapeOf(method))), "response", QualifiedName(*method.output_type()), "service",
        service.name(), "index", std::to_string(i), "argument", argument);
  }
}

void PrintDispatch(const ServiceDescriptor& service, bool unary, Printer& out) {
  const char* payload = unary ? "request" : "requests";
  out.Print("  switch (generated::IndexOf($service$Methods(), method)) {\n", "service", service.name());
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    if ((ShapeOf(method) == Shape::kUnary) != unary) continue;
    out.Print(
        "    case $index$:\n"
        "      return generated::Serve$shape$(service_, &$service$::$name$, std::move(context), "
        "std::move($payload$));\n",
        "index", std::to_string(i), "shape", std::string(ShapeName(ShapeOf(method))), "service",
        service.name(), "name", method.name(), "payload", payload);
  }
  out.Print("    default:\n      return generated::$refuse$(generated::NoSuchMethod(method));\n  }\n",
            "refuse", unary ? "RefuseUnary" : "RefuseStream");
}

void PrintDispatcher(const ServiceDescriptor& service, Printer& out) {
  out.Print(
      "::starling::async::Task<absl::StatusOr<::starling::rpc::Payload>> $service$Dispatcher::Unary(\n"
      "    ::starling::RequestContext context, const ::starling::rpc::Method& method,\n"
      "    ::starling::rpc::Payload request) {\n",
      "service", service.name());
  PrintDispatch(service, true, out);
  out.Print(
      "}\n::starling::async::Stream<::starling::rpc::Payload> $service$Dispatcher::Open(\n"
      "    ::starling::RequestContext context, const ::starling::rpc::Method& method,\n"
      "    ::starling::async::Stream<::starling::rpc::Payload> requests) {\n",
      "service", service.name());
  PrintDispatch(service, false, out);
  out.Print("}\n");
}

}  // namespace

void WriteCalls(const FileDescriptor& file, Printer& out) {
  out.Print(
      "// Generated from $file$. Do not edit.\n#include \"$stem$.starling.h\"\n\n#include <span>\n#include "
      "<utility>\n\n"
      "#include \"core/rpc/generated.h\"\n#include "
      "\"core/rpc/json/encode.h\"\n#include \"core/rpc/json/http_request.h\"\n"
      "#include \"core/rpc/json/message_type.h\"\n#include \"core/rpc/json/well_known.h\"\n",
      "file", file.name(), "stem", Stem(file));
  std::set<std::string> imports;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      for (const auto* type :
           {file.service(i)->method(j)->input_type(), file.service(i)->method(j)->output_type()}) {
        if (type->file() != &file && !IsWellKnown(*type)) imports.insert(Stem(*type->file()));
      }
    }
  }
  for (const auto& import : imports) out.Print("#include \"$stem$.starling.h\"\n", "stem", import);
  PrintInfoDeclarations(file, out);
  PrintCheckDeclarations(file, out);
  const std::map<std::string, std::string> names = {{"namespace", Namespace(file)}};
  out.Print(names,
            "\nnamespace $namespace$ {\n\nusing ::starling::rpc::Access;\nusing ::starling::rpc::CallShape;\n"
            "using ::starling::rpc::HttpRule;\nusing ::starling::rpc::MessageType;\n"
            "namespace generated = ::starling::rpc::generated;\n"
            "namespace json = ::starling::rpc::json;\n\n");
  PrintTypes(file, out);
  if (file.service_count() > 0)
    out.Print("\nnamespace starling_internal {\nstd::string_view DescriptorSet();\n}\n");
  for (int i = 0; i < file.service_count(); ++i) {
    const auto& service = *file.service(i);
    out.Print("\nnamespace {\n");
    PrintHttpRules(service, out);
    PrintMethodTable(service, out);
    out.Print("}  // namespace\n\n");
    PrintStub(service, out);
    out.Print("\n");
    PrintDispatcher(service, out);
    out.Print(
        "\nconst ::starling::rpc::Contract& $name$Contract() {\n"
        "  static const ::starling::rpc::Contract kContract{\"$full$\", $name$Methods(), "
        "starling_internal::DescriptorSet(),\n"
        "                                                   $openapi$};\n  return kContract;\n}\n",
        "name", service.name(), "full", service.full_name(), "openapi", Literal(OpenApi(service)));
  }
  out.Print(names, "\n}  // namespace $namespace$\n");
}

}  // namespace starling::codegen
