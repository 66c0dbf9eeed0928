// Another model in place of one that is not there.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/status.h"
#include "services/models/repository/model_repository.h"

namespace starling::models {

// Asks a model by its name and version.
template <typename T>
using AskModel = std::function<async::Task<absl::StatusOr<T>>(std::string name, std::string version)>;

// What `ask` makes of a name and a version; and if that is UNAVAILABLE, what it makes of the model that the package there
// names as its fallback, once.
template <typename T>
async::Task<absl::StatusOr<T>> WithFallback(ModelRepository& repository, std::string name,
                                            std::string version, AskModel<T> ask) {
  auto first = ask(name, version);
  absl::StatusOr<T> result = co_await std::move(first);
  if (!absl::IsUnavailable(result.status())) co_return result;
  const auto fallback = repository.fallbacks().Take(name, version);
  if (fallback.model.empty()) co_return result;
  auto second = ask(fallback.model, fallback.version);
  co_return co_await std::move(second);
}

}  // namespace starling::models
