#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "generate.h"
#include "names.h"

namespace starling::codegen {
namespace {

using google::protobuf::FileDescriptor;

// Imports before those that import them, as readers of descriptor sets expect.
void Add(const FileDescriptor& file, std::set<const FileDescriptor*>* seen,
         google::protobuf::FileDescriptorSet* out) {
  if (!seen->insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i), seen, out);
  file.CopyTo(out->add_file());
}

}  // namespace

void WriteDescriptorSet(const FileDescriptor& file, google::protobuf::io::Printer& out) {
  out.Print("// Generated from $file$. Do not edit.\n#include <string_view>\n", "file", file.name());
  if (file.service_count() == 0) return;
  google::protobuf::FileDescriptorSet set;
  std::set<const FileDescriptor*> seen;
  Add(file, &seen, &set);
  out.Print(
      "\nnamespace $namespace$::starling_internal {\n\nstd::string_view DescriptorSet() {\n"
      "  static constexpr char kBytes[] =\n    ",
      "namespace", Namespace(file));
  out.PrintRaw(Literal(set.SerializeAsString()));
  out.Print(
      ";\n  return {kBytes, sizeof(kBytes) - 1};\n}\n\n}  // namespace $namespace$::starling_internal\n",
      "namespace", Namespace(file));
}

}  // namespace starling::codegen
