#pragma once

#include <cstdint>
#include <string>

namespace starling::config {
class Schema;
}

namespace starling::fraud {

// The section `fraud` of the configuration; the texts and bounds stand in config.cc.
struct FraudConfig {
  std::string model = "fraud";
  double review_from = 0.2;
  double decline_from = 0.8;
  int64_t reasons = 5;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::fraud
