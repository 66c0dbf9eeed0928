// Which model answers in place of another, and how often that was.
#pragma once

#include <string_view>

#include "core/inference/package/model_package.h"
#include "core/observe/registry.h"
#include "services/models/repository/model_table.h"

namespace starling::models {

// Thread-safe. Both outlive it.
class Fallbacks {
 public:
  Fallbacks(const ModelTable& table, observe::Registry& metrics);

  // What a caller gets who found a model UNAVAILABLE, as the package of that says; an empty one if it says none. Counted.
  inference::ModelPackage::Fallback Take(std::string_view name, std::string_view version);

 private:
  const ModelTable& table_;
  observe::CounterFamily& requests_;
};

}  // namespace starling::models
