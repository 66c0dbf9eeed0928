#include <map>

#include "generate.h"
#include "methods.h"
#include "names.h"

namespace starling::codegen {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::SourceLocation;
using google::protobuf::io::Printer;

// The comment before a thing in the contract, as a comment of C++.
template <typename Descriptor>
void PrintComment(const Descriptor& descriptor, std::string_view indent, Printer& out) {
  SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return;
  std::string_view text = location.leading_comments;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out.PrintRaw(std::string(indent) + "//" + std::string(text.substr(0, end)) + "\n");
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
}

void PrintService(const google::protobuf::ServiceDescriptor& service, Printer& out) {
  const std::string& name = service.name();
  const auto methods = [&](std::string_view before, std::string_view after, bool comments) {
    for (int i = 0; i < service.method_count(); ++i) {
      if (comments) PrintComment(*service.method(i), "  ", out);
      out.PrintRaw("  " + std::string(before) + Signature(*service.method(i), "") + std::string(after) +
                   ";\n");
    }
  };
  out.PrintRaw("\n");
  PrintComment(service, "", out);
  out.Print("class $name$ {\n public:\n  virtual ~$name$() = default;\n", "name", name);
  methods("virtual ", " = 0", true);
  out.Print("};\n\n");
  out.Print(
      "// Calls $name$ through an endpoint, which outlives it. Thread-safe.\n"
      "class $name$Stub final : public $name$ {\n public:\n"
      "  explicit $name$Stub(::starling::rpc::Endpoint& endpoint) : endpoint_(endpoint) {}\n",
      "name", name);
  methods("", " override", false);
  out.Print("\n private:\n  ::starling::rpc::Endpoint& endpoint_;\n};\n\n");
  out.Print(
      "// Answers calls with a $name$, which outlives it. Exceptions of handlers pass through. Thread-safe.\n"
      "class $name$Dispatcher final : public ::starling::rpc::Endpoint {\n public:\n"
      "  explicit $name$Dispatcher($name$& service) : service_(service) {}\n"
      "  ::starling::async::Task<absl::StatusOr<::starling::rpc::Payload>> Unary(\n"
      "      ::starling::RequestContext context, const ::starling::rpc::Method& method,\n"
      "      ::starling::rpc::Payload request) override;\n"
      "  ::starling::async::Stream<::starling::rpc::Payload> Open(\n"
      "      ::starling::RequestContext context, const ::starling::rpc::Method& method,\n"
      "      ::starling::async::Stream<::starling::rpc::Payload> requests) override;\n"
      "\n private:\n  $name$& service_;\n};\n\n"
      "const ::starling::rpc::Contract& $name$Contract();\n",
      "name", name);
}

}  // namespace

void WriteHeader(const FileDescriptor& file, Printer& out) {
  out.Print(
      "// Generated from $file$. Do not edit.\n#pragma once\n\n#include \"absl/status/statusor.h\"\n"
      "#include \"core/async/stream.h\"\n#include \"core/async/task.h\"\n#include "
      "\"core/context/request_context.h\"\n"
      "#include \"core/rpc/endpoint.h\"\n#include \"core/rpc/method.h\"\n#include \"$stem$.pb.h\"\n",
      "file", file.name(), "stem", Stem(file));
  out.Print("\nnamespace $namespace$ {\n\n", "namespace", Namespace(file));
  for (const auto* message : Messages(file)) {
    out.Print("const ::starling::rpc::MessageType& $name$Type();\n", "name", ClassName(*message));
  }
  for (int i = 0; i < file.service_count(); ++i) PrintService(*file.service(i), out);
  out.Print("\n}  // namespace $namespace$\n", "namespace", Namespace(file));
}

}  // namespace starling::codegen
