// The files that are generated from one contract, each by one function. All throw SourceError.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <string>

namespace starling::codegen {

// X.starling.h: interface, stub, dispatcher, contract and message types.
void WriteHeader(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);
// X.starling.cc: stub, dispatcher, method table, contract.
void WriteCalls(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);
// X.json.starling.cc: reading and writing of JSON.
void WriteJson(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);
// X.rules.starling.cc: the rules of fields (api/buf/validate/validate.proto).
void WriteRules(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);
// X.descriptor.starling.cc: the descriptor set for server reflection.
void WriteDescriptorSet(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);

// The OpenAPI 3.1 document of one service, as rpc::Contract::openapi says. Its routes must have passed PrintHttpRules().
std::string OpenApi(const google::protobuf::ServiceDescriptor& service);

}  // namespace starling::codegen
