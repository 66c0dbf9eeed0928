// A configuration file, read with the whole schema of the program.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "app/commands/commands.h"
#include "app/services.h"
#include "core/config/schema.h"
#include "fuzz.h"

namespace {

// Gone with the program.
struct TemporaryFile {
  TemporaryFile() { close(mkstemp(name.data())); }
  ~TemporaryFile() { unlink(name.c_str()); }
  std::string name = "/tmp/starling-config-fuzz-XXXXXX";
};

const std::string& File() {
  static const TemporaryFile file;
  return file.name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kServices = starling::app::BuiltInServices();
  static const starling::config::Schema kSchema = starling::app::MakeSchema(kServices);
  std::ofstream(File(), std::ios::binary | std::ios::trunc) << starling::fuzz::Text(data, size);
  const auto values = kSchema.Load({.file = File(), .environment = {}, .sets = {}});
  if (!values.ok()) {
    starling::fuzz::Require(values.status().code() == absl::StatusCode::kInvalidArgument,
                            "it is the file's fault");
    starling::fuzz::Require(values.status().message().find(File()) != std::string_view::npos,
                            "it names the file");
  }
  return 0;
}
