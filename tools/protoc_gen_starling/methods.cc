#include "methods.h"

#include <google/api/annotations.pb.h>

#include "names.h"
#include "source_error.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::MethodDescriptor;

// Numbers of fields on the way from MethodOptions, for places in error messages.
constexpr int kHttpOption = 72295728;
constexpr int kMethodOption = 50001;
constexpr int kOptions = 4;  // MethodDescriptorProto.options

HttpBinding Binding(const MethodDescriptor& method, const google::api::HttpRule& rule) {
  HttpBinding binding;
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      binding = {"GET", rule.get()};
      break;
    case google::api::HttpRule::kPut:
      binding = {"PUT", rule.put()};
      break;
    case google::api::HttpRule::kPost:
      binding = {"POST", rule.post()};
      break;
    case google::api::HttpRule::kDelete:
      binding = {"DELETE", rule.delete_()};
      break;
    case google::api::HttpRule::kPatch:
      binding = {"PATCH", rule.patch()};
      break;
    case google::api::HttpRule::kCustom:
      binding = {rule.custom().kind(), rule.custom().path()};
      break;
    case google::api::HttpRule::PATTERN_NOT_SET:
      FailAt(method, {kOptions, kHttpOption}, "an http rule needs a verb and a path.");
  }
  binding.body = rule.body();
  binding.response_body = rule.response_body();
  return binding;
}

}  // namespace

Shape ShapeOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? Shape::kBidi : Shape::kClientStream;
  return method.server_streaming() ? Shape::kServerStream : Shape::kUnary;
}

std::string_view ShapeName(Shape shape) {
  constexpr std::string_view kNames[] = {"Unary", "ServerStream", "ClientStream", "Bidi"};
  return kNames[static_cast<int>(shape)];
}

std::string Signature(const MethodDescriptor& method, std::string_view scope) {
  const std::string request = QualifiedName(*method.input_type());
  const std::string response = QualifiedName(*method.output_type());
  const std::string name = std::string(scope) + method.name() + "(::starling::RequestContext context, ";
  const std::string stream = "::starling::async::Stream<";
  const std::string one = "::starling::async::Task<absl::StatusOr<" + response + ">> ";
  switch (ShapeOf(method)) {
    case Shape::kUnary:
      return one + name + "const " + request + "& request)";
    case Shape::kServerStream:
      return stream + response + "> " + name + request + " request)";
    case Shape::kClientStream:
      return one + name + stream + request + "> requests)";
    case Shape::kBidi:
      return stream + response + "> " + name + stream + request + "> requests)";
  }
  return {};
}

std::string AccessName(const MethodDescriptor& method) {
  const auto& options = method.options().GetExtension(starling::options::v1::method);
  const bool scoped = options.access() == starling::options::v1::ACCESS_SCOPE;
  if (scoped == options.scope().empty()) {
    FailAt(method, {kOptions, kMethodOption}, "ACCESS_SCOPE needs a scope, and only it has one.");
  }
  switch (options.access()) {
    case starling::options::v1::ACCESS_PUBLIC:
      return "kPublic";
    case starling::options::v1::ACCESS_AUTHENTICATED:
      return "kAuthenticated";
    case starling::options::v1::ACCESS_SCOPE:
      return "kScope";
    case starling::options::v1::ACCESS_SERVICE:
      return "kService";
    default:
      return "kNobody";
  }
}

std::string ScopeOf(const MethodDescriptor& method) {
  return method.options().GetExtension(starling::options::v1::method).scope();
}

bool IsSafe(const MethodDescriptor& method) {
  const auto level = method.options().idempotency_level();
  return level == google::protobuf::MethodOptions::NO_SIDE_EFFECTS ||
         level == google::protobuf::MethodOptions::IDEMPOTENT;
}

std::vector<HttpBinding> HttpBindings(const MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return {};
  const auto& rule = method.options().GetExtension(google::api::http);
  std::vector<HttpBinding> bindings = {Binding(method, rule)};
  for (const auto& additional : rule.additional_bindings()) bindings.push_back(Binding(method, additional));
  return bindings;
}

}  // namespace starling::codegen
