#include "source_error.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

namespace starling::codegen {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::ServiceDescriptorProto;

std::vector<int> Extend(std::vector<int> path, int field, int index) {
  path.push_back(field);
  path.push_back(index);
  return path;
}

}  // namespace

std::vector<int> PathOf(const google::protobuf::FileDescriptor& /*file*/) { return {}; }

std::vector<int> PathOf(const google::protobuf::Descriptor& message) {
  if (message.containing_type() == nullptr)
    return {FileDescriptorProto::kMessageTypeFieldNumber, message.index()};
  return Extend(PathOf(*message.containing_type()), DescriptorProto::kNestedTypeFieldNumber, message.index());
}

std::vector<int> PathOf(const google::protobuf::FieldDescriptor& field) {
  return Extend(PathOf(*field.containing_type()), DescriptorProto::kFieldFieldNumber, field.index());
}

std::vector<int> PathOf(const google::protobuf::OneofDescriptor& oneof) {
  return Extend(PathOf(*oneof.containing_type()), DescriptorProto::kOneofDeclFieldNumber, oneof.index());
}

std::vector<int> PathOf(const google::protobuf::ServiceDescriptor& service) {
  return {FileDescriptorProto::kServiceFieldNumber, service.index()};
}

std::vector<int> PathOf(const google::protobuf::MethodDescriptor& method) {
  return Extend(PathOf(*method.service()), ServiceDescriptorProto::kMethodFieldNumber, method.index());
}

namespace internal {

void Fail(const google::protobuf::FileDescriptor& file, std::vector<int> path, const std::string& what) {
  google::protobuf::SourceLocation location;
  while (!file.GetSourceLocation(path, &location) && !path.empty()) path.pop_back();
  throw SourceError(file.name() + ":" + std::to_string(location.start_line + 1) + ":" +
                    std::to_string(location.start_column + 1) + ": " + what);
}

}  // namespace internal
}  // namespace starling::codegen
