// What a method may answer, over HTTP.
#pragma once

#include <google/protobuf/descriptor.h>

#include "methods.h"
#include "openapi_parameters.h"
#include "openapi_schema.h"

namespace starling::codegen {

// 200 with the answer; the errors that may come by themselves for a method of this shape, access, path and body; and `default`
// for what the service itself may answer. They refer to components of the program: see app/openapi/openapi_base.h.
Json Responses(const google::protobuf::MethodDescriptor& method, const HttpBinding& binding,
               const PathTemplate& path, Schemas& schemas);

}  // namespace starling::codegen
