#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace starling::config {
class Schema;
}

namespace starling::models {

// The section `models` of the configuration; the texts and bounds stand in config.cc.
struct ModelsConfig {
  std::vector<std::string> packages = {"models/sentiment", "models/fraud", "models/churn"};
  int64_t max_texts = 10000;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::models
