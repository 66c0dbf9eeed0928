// A model.yaml.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/inference/package/model_package.h"
#include "fuzz.h"

namespace {

// Gone with the program.
struct TemporaryFolder {
  TemporaryFolder() { starling::fuzz::Require(mkdtemp(name.data()) != nullptr, "a folder can be made"); }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
  }
  std::string name = "/tmp/starling-package-fuzz-XXXXXX";
};

const std::string& Folder() {
  static const TemporaryFolder folder;
  return folder.name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::ofstream(Folder() + "/model.yaml", std::ios::binary | std::ios::trunc)
      << starling::fuzz::Text(data, size);
  const auto package = starling::inference::ReadModelPackage(Folder());
  if (package.ok()) {
    starling::fuzz::Require(!package->name.empty() && !package->file.empty(), "what must be there is there");
  } else {
    starling::fuzz::Require(package.status().message().find("model.yaml") != std::string_view::npos,
                            "it names the file");
  }
  return 0;
}
