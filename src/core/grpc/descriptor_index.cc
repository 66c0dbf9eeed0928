#include "core/grpc/descriptor_index.h"

#include <google/protobuf/descriptor.pb.h>

#include <climits>

#include "core/grpc/wire.h"

namespace starling::grpc {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::ServiceDescriptorProto;

// Field numbers of google/protobuf/descriptor.proto.
constexpr int kSetFile = 1;
constexpr int kFileName = 1;

std::string Join(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

template <typename Map, typename Key>
auto* Find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

void DescriptorIndex::Add(std::string_view descriptor_set) {
  wire::Reader set(descriptor_set);
  while (set.Next()) {
    if (set.field() == kSetFile) AddFile(set.bytes());
  }
}

void DescriptorIndex::AddFile(std::string_view serialized) {
  wire::Reader peek(serialized);
  while (peek.Next()) {
    if (peek.field() == kFileName && FileByName(peek.bytes()) != nullptr) return;
  }
  FileDescriptorProto proto;
  if (serialized.size() > INT_MAX ||
      !proto.ParseFromArray(serialized.data(), static_cast<int>(serialized.size()))) {
    return;
  }
  File& file = files_[proto.name()];
  file.serialized = serialized;
  for (const std::string& import : proto.dependency()) {
    if (const File* imported = FileByName(import)) file.imports.push_back(imported);
  }
  const std::string& package = proto.package();
  for (const DescriptorProto& message : proto.message_type()) AddMessage(message, package, file);
  for (const FieldDescriptorProto& extension : proto.extension()) AddExtension(extension, package, file);
  for (const EnumDescriptorProto& enumeration : proto.enum_type()) {
    AddSymbol(package, enumeration.name(), file);
    for (const auto& value : enumeration.value()) AddSymbol(package, value.name(), file);
  }
  for (const ServiceDescriptorProto& service : proto.service()) {
    AddSymbol(package, service.name(), file);
    for (const auto& method : service.method()) AddSymbol(Join(package, service.name()), method.name(), file);
  }
}

void DescriptorIndex::AddMessage(const DescriptorProto& message, const std::string& scope, const File& file) {
  const std::string name = Join(scope, message.name());
  messages_.insert(name);
  AddSymbol(scope, message.name(), file);
  for (const FieldDescriptorProto& field : message.field()) AddSymbol(name, field.name(), file);
  for (const auto& oneof : message.oneof_decl()) AddSymbol(name, oneof.name(), file);
  for (const FieldDescriptorProto& extension : message.extension()) AddExtension(extension, name, file);
  for (const DescriptorProto& nested : message.nested_type()) AddMessage(nested, name, file);
  for (const EnumDescriptorProto& enumeration : message.enum_type()) {
    AddSymbol(name, enumeration.name(), file);
    for (const auto& value : enumeration.value()) AddSymbol(name, value.name(), file);
  }
}

void DescriptorIndex::AddExtension(const FieldDescriptorProto& extension, const std::string& scope,
                                   const File& file) {
  AddSymbol(scope, extension.name(), file);
  // As protoc writes it: ".google.protobuf.FieldOptions".
  extensions_[{extension.extendee().substr(1), extension.number()}] = &file;
}

void DescriptorIndex::AddSymbol(const std::string& scope, const std::string& name, const File& file) {
  symbols_.emplace(Join(scope, name), &file);
}

const DescriptorIndex::File* DescriptorIndex::FileByName(std::string_view name) const {
  return Find(files_, name);
}

const DescriptorIndex::File* DescriptorIndex::FileOfSymbol(std::string_view symbol) const {
  const auto* file = Find(symbols_, symbol);
  return file != nullptr ? *file : nullptr;
}

const DescriptorIndex::File* DescriptorIndex::FileOfExtension(std::string_view type, int number) const {
  const auto* file = Find(extensions_, std::pair(std::string(type), number));
  return file != nullptr ? *file : nullptr;
}

std::vector<int> DescriptorIndex::ExtensionNumbers(std::string_view type) const {
  std::vector<int> numbers;
  const std::string name(type);
  for (auto at = extensions_.lower_bound({name, INT_MIN}); at != extensions_.end() && at->first.first == name;
       ++at) {
    numbers.push_back(at->first.second);
  }
  return numbers;
}

}  // namespace starling::grpc
