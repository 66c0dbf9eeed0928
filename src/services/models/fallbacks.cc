#include "services/models/fallbacks.h"

#include <string>

namespace starling::models {

Fallbacks::Fallbacks(const ModelTable& table, observe::Registry& metrics)
    : table_(table),
      requests_(
          metrics.Counters({.name = "starling.models.fallbacks",
                            .unit = "{request}",
                            .help = "Requests that went to another model, because theirs was not there.",
                            .labels = {"model"}})) {}

inference::ModelPackage::Fallback Fallbacks::Take(std::string_view name, std::string_view version) {
  inference::ModelPackage::Fallback fallback;
  {
    std::lock_guard lock(table_.mutex);
    const auto chosen = table_.Choose(name, version);
    if (chosen.ok()) fallback = (*chosen)->package.fallback;
  }
  if (!fallback.model.empty()) requests_.With({std::string(name)}).Add(1);
  return fallback;
}

}  // namespace starling::models
