#pragma once

#include <cstdint>
#include <string>

namespace starling::config {
class Schema;
}

namespace starling::churn {

// The section `churn` of the configuration; the texts and bounds stand in config.cc.
struct ChurnConfig {
  std::string model = "churn";
  double medium_from = 0.3;
  double high_from = 0.6;
  int64_t reasons = 5;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::churn
