// protoc-gen-starling: from a contract to C++. See docs/contracts.md.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <memory>
#include <string>

#include "generate.h"
#include "names.h"
#include "source_error.h"

namespace starling::codegen {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::compiler::GeneratorContext;

struct Output {
  const char* ending;
  void (*write)(const FileDescriptor&, google::protobuf::io::Printer&);
};

// cmake/starling_contract.cmake expects exactly these of every file.
constexpr Output kOutputs[] = {
    {".starling.h", &WriteHeader},
    {".starling.cc", &WriteCalls},
    {".json.starling.cc", &WriteJson},
    {".rules.starling.cc", &WriteRules},
    {".descriptor.starling.cc", &WriteDescriptorSet},
};

class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

  bool Generate(const FileDescriptor* file, const std::string& /*parameter*/, GeneratorContext* context,
                std::string* error) const override {
    try {
      for (const auto& output : kOutputs) {
        const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> stream(
            context->Open(Stem(*file) + output.ending));
        google::protobuf::io::Printer printer(stream.get(), '$');
        output.write(*file, printer);
      }
      return true;
    } catch (const SourceError& fault) {
      *error = fault.what();
      return false;
    }
  }
};

}  // namespace
}  // namespace starling::codegen

int main(int argc, char** argv) {
  const starling::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
