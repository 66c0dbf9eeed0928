// One `google.api.http` binding of a method as an Operation Object (OpenAPI 3.1.1, section 4.8.10).
#pragma once

#include <google/protobuf/descriptor.h>

#include "methods.h"
#include "openapi_parameters.h"
#include "openapi_schema.h"

namespace starling::codegen {

// `number` counts the bindings of the method from 0.
Json Operation(const google::protobuf::MethodDescriptor& method, const HttpBinding& binding, int number,
               const PathTemplate& path, Schemas& schemas);

// "Sentiment" for SentimentService.
std::string TagOf(const google::protobuf::ServiceDescriptor& service);

}  // namespace starling::codegen
