#include <cctype>
#include <set>
#include <string>

#include "generate.h"
#include "methods.h"
#include "openapi_json.h"
#include "openapi_operation.h"
#include "openapi_parameters.h"
#include "openapi_schema.h"
#include "openapi_text.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// The verbs that a Path Item Object knows.
const std::set<std::string>& Verbs() {
  static const std::set<std::string> verbs = {"GET",     "PUT",  "POST",  "DELETE",
                                              "OPTIONS", "HEAD", "PATCH", "TRACE"};
  return verbs;
}

// A method that is open to nobody from outside has no place in what outsiders read.
bool IsDocumented(const MethodDescriptor& method) {
  return method.options().GetExtension(starling::options::v1::method).access() !=
             starling::options::v1::ACCESS_UNSPECIFIED &&
         !method.client_streaming();
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string OpenApi(const ServiceDescriptor& service) {
  Schemas schemas;
  Json paths, tag;
  for (int i = 0; i < service.method_count(); ++i) {
    if (IsDocumented(*service.method(i)) && !HttpBindings(*service.method(i)).empty())
      schemas.AddRequest(*service.method(i)->input_type());
  }
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    if (!IsDocumented(method)) continue;
    int number = 0;
    for (const HttpBinding& binding : HttpBindings(method)) {
      if (!Verbs().contains(binding.verb)) continue;
      const PathTemplate path = ReadPath(binding.path);
      if (paths.Find(path.openapi) == nullptr) paths.Set(path.openapi, Json());
      paths.Find(path.openapi)->Set(Lower(binding.verb), Operation(method, binding, number++, path, schemas));
    }
  }
  tag.Set("name", TagOf(service));
  AddDescription(CommentOf(service), &tag);
  Json document, components;
  components.Set("schemas", schemas.Components());
  document.Set("tags", Json::Array({std::move(tag)}));
  document.Set("paths", std::move(paths));
  document.Set("components", std::move(components));
  return document.Print();
}

}  // namespace starling::codegen
