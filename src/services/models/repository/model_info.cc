#include "services/models/repository/model_info.h"

namespace starling::models {

std::string_view Name(ModelState state) {
  switch (state) {
    case ModelState::kUnloaded:
      return "not loaded";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kWarmingUp:
      return "warming up";
    case ModelState::kReady:
      return "ready";
    case ModelState::kUnloading:
      return "unloading";
    case ModelState::kFailed:
      return "failed";
  }
  return "";
}

}  // namespace starling::models
