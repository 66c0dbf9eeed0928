#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

namespace starling::codegen {

// Declares the checks of every message with rules that the file defines or uses.
void PrintCheckDeclarations(const google::protobuf::FileDescriptor& file, google::protobuf::io::Printer& out);

}  // namespace starling::codegen
