#pragma once

#include <cstdint>
#include <string>

namespace starling::config {
class Schema;
}

namespace starling::sentiment {

// The section `sentiment` of the configuration; the texts and bounds stand in config.cc.
struct SentimentConfig {
  std::string model = "sentiment";
  int64_t max_texts = 256;
  int64_t max_text_bytes = 16 * 1024;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::sentiment
