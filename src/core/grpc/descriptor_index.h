// Contracts by file name, symbol and extension. Internal to core/grpc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace google::protobuf {
class DescriptorProto;
class FieldDescriptorProto;
class FileDescriptorProto;
}  // namespace google::protobuf

namespace starling::grpc {

// Thread-safe once it is filled.
class DescriptorIndex {
 public:
  struct File {
    std::string_view serialized;  // google.protobuf.FileDescriptorProto
    std::vector<const File*> imports;
  };

  // `descriptor_set` is a serialized google.protobuf.FileDescriptorSet with imports before importers; it outlives this. Files
  // that are known already are passed over.
  void Add(std::string_view descriptor_set);

  // Null if there is none. Names are full names without a leading dot.
  const File* FileByName(std::string_view name) const;
  const File* FileOfSymbol(std::string_view symbol) const;
  const File* FileOfExtension(std::string_view type, int number) const;
  // Ascending.
  std::vector<int> ExtensionNumbers(std::string_view type) const;
  bool HasMessage(std::string_view type) const { return messages_.count(type) > 0; }

 private:
  void AddFile(std::string_view serialized);
  void AddMessage(const google::protobuf::DescriptorProto& message, const std::string& scope,
                  const File& file);
  void AddExtension(const google::protobuf::FieldDescriptorProto& extension, const std::string& scope,
                    const File& file);
  void AddSymbol(const std::string& scope, const std::string& name, const File& file);

  std::map<std::string, File, std::less<>> files_;
  std::map<std::string, const File*, std::less<>> symbols_;
  std::map<std::pair<std::string, int>, const File*> extensions_;
  std::set<std::string, std::less<>> messages_;
};

}  // namespace starling::grpc
