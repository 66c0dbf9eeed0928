#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

namespace starling::codegen {

// `constexpr HttpRule k<Service><Method>Http[]` of each method with a route, and what they refer to. Throws where a route names
// what is not there.
void PrintHttpRules(const google::protobuf::ServiceDescriptor& service, google::protobuf::io::Printer& out);

}  // namespace starling::codegen
