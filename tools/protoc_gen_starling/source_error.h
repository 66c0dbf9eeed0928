#pragma once

#include <google/protobuf/descriptor.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace starling::codegen {

// A fault of a contract; ends the generation. The text begins with `file:line:column: `.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where a thing stands in its file: numbers of fields and positions, from FileDescriptorProto on (descriptor.proto,
// SourceCodeInfo.Location.path).
std::vector<int> PathOf(const google::protobuf::FileDescriptor& file);
std::vector<int> PathOf(const google::protobuf::Descriptor& message);
std::vector<int> PathOf(const google::protobuf::FieldDescriptor& field);
std::vector<int> PathOf(const google::protobuf::OneofDescriptor& oneof);
std::vector<int> PathOf(const google::protobuf::ServiceDescriptor& service);
std::vector<int> PathOf(const google::protobuf::MethodDescriptor& method);

namespace internal {
[[noreturn]] void Fail(const google::protobuf::FileDescriptor& file, std::vector<int> path,
                       const std::string& what);
inline const google::protobuf::FileDescriptor& FileOf(const google::protobuf::FileDescriptor& file) {
  return file;
}
inline const google::protobuf::FileDescriptor& FileOf(const google::protobuf::MethodDescriptor& method) {
  return *method.service()->file();
}
inline const google::protobuf::FileDescriptor& FileOf(const google::protobuf::OneofDescriptor& oneof) {
  return *oneof.containing_type()->file();
}
template <typename Descriptor>
const google::protobuf::FileDescriptor& FileOf(const Descriptor& descriptor) {
  return *descriptor.file();
}
}  // namespace internal

// Throws a SourceError at the place of `descriptor`, or of the option in it that `option` (numbers of fields, from its
// descriptor message on) leads to; of the nearest thing around it that the compiler noted a place for.
template <typename Descriptor>
[[noreturn]] void FailAt(const Descriptor& descriptor, const std::vector<int>& option,
                         const std::string& what) {
  std::vector<int> path = PathOf(descriptor);
  path.insert(path.end(), option.begin(), option.end());
  internal::Fail(internal::FileOf(descriptor), std::move(path), what);
}

}  // namespace starling::codegen
