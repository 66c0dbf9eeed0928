// What a contract says of its methods, read once and checked.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace starling::codegen {

enum class Shape { kUnary, kServerStream, kClientStream, kBidi };
Shape ShapeOf(const google::protobuf::MethodDescriptor& method);
// "Unary", "ServerStream", "ClientStream", "Bidi"
std::string_view ShapeName(Shape shape);

// The method's C++ signature without its class: `async::Task<...> Name(RequestContext context, ...)`. `scope` stands before
// the name: "" or "X::".
std::string Signature(const google::protobuf::MethodDescriptor& method, std::string_view scope);

// "kPublic" and so on; throws where scope and access do not fit.
std::string AccessName(const google::protobuf::MethodDescriptor& method);
std::string ScopeOf(const google::protobuf::MethodDescriptor& method);
bool IsSafe(const google::protobuf::MethodDescriptor& method);

struct HttpBinding {
  std::string verb;
  std::string path;
  std::string body;           // "", "*" or the name of a field
  std::string response_body;  // "" or the name of a field
};
// The method's google.api.http rule and its additional bindings. Empty if it has none.
std::vector<HttpBinding> HttpBindings(const google::protobuf::MethodDescriptor& method);

}  // namespace starling::codegen
