// What of a request stands in its path and query.
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <vector>

#include "methods.h"
#include "openapi_schema.h"

namespace starling::codegen {

struct PathTemplate {
  std::string openapi;                 // "/v1/find/{place.city}/{name}"
  std::vector<std::string> variables;  // "place.city", "name"
  std::set<std::string> rest;          // variables that take slashes too: "name"
};
// `path` as in google.api.http: "/v1/find/{place.city}/{name=**}".
PathTemplate ReadPath(const std::string& path);

// Path variables first, then one query parameter for each field, and each field of its message fields (`place.city`), that
// neither path nor body holds. Maps, lists of messages and free JSON values have no form in a query.
Json Parameters(const google::protobuf::MethodDescriptor& method, const HttpBinding& binding,
                const PathTemplate& path, Schemas& schemas);

}  // namespace starling::codegen
