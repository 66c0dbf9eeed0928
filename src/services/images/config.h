#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace starling::config {
class Schema;
}

namespace starling::images {

// The section `images` of the configuration; the texts and bounds stand in config.cc.
struct ImagesConfig {
  std::string model = "digits";
  std::vector<std::string> labels = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  int64_t side = 8;
  int64_t max_bytes = 8 * 1024 * 1024;
  int64_t max_side = 8192;
  int64_t max_pixels = 16'000'000;
  int64_t decoders = 2;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::images
