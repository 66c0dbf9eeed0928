// The table of fields that JSON and request lines are read by (src/core/rpc/json/message_info.h).
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

namespace starling::codegen {

// `extern` of the tables of every message that the file defines or uses.
void PrintInfoDeclarations(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);

// The fields, names and oneofs of one message; throws where a field's type has no JSON.
void PrintTable(const google::protobuf::Descriptor& message, google::protobuf::io::Printer& out);
// Its MessageInfo, made of them and of the function that writes it.
void PrintInfo(const google::protobuf::Descriptor& message, google::protobuf::io::Printer& out);

}  // namespace starling::codegen
