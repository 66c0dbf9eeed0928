#include "services/models/repository/repository_steps.h"

#include <mutex>
#include <utility>

#include "base/status.h"
#include "services/models/repository/model_repository.h"

namespace starling::models {

async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> RepositorySteps::AcquireStep(
    RequestContext context, std::string_view name, std::string_view version, std::string_view sticky_key) {
  if (StepRouter* const router = router_; router != nullptr) {
    auto by_rule = router->AcquireByRule(std::move(context), name, version, sticky_key);
    co_return co_await std::move(by_rule);
  }
  auto acquire = repository_.Acquire(std::move(context), name, version);
  CO_ASSIGN_OR_RETURN(std::shared_ptr<const StepModel> model, co_await std::move(acquire));
  co_return model;
}

inference::ModelPackage::Fallback RepositorySteps::FallbackOf(std::string_view name,
                                                              std::string_view version) {
  return repository_.fallbacks().Take(name, version);
}

absl::StatusOr<inference::ModelPackage> RepositorySteps::DescribeStep(std::string_view name,
                                                                      std::string_view version) const {
  std::lock_guard lock(table_.mutex);
  ASSIGN_OR_RETURN(const auto chosen, table_.Choose(name, version));
  if (chosen->served != nullptr) return chosen->served->package();
  // A description that could not be read says nothing of tensors.
  if (chosen->state == ModelState::kFailed && chosen->package.outputs.empty())
    return FailedPrecondition("Model '", name, "' failed to load.");
  return chosen->package;
}

}  // namespace starling::models
