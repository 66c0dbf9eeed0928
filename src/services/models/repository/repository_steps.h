// RepositorySteps: the models of the repository, as graphs ask for them.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "services/models/graph/graph_models.h"
#include "services/models/repository/model_table.h"

namespace starling::models {

class ModelRepository;

// Which version answers a step whose alias has a rule, and what is counted of that. Any thread.
class StepRouter {
 public:
  virtual ~StepRouter() = default;
  // As GraphModels::AcquireStep.
  virtual async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireByRule(
      RequestContext context, std::string_view name, std::string_view version,
      std::string_view sticky_key) = 0;
};

// Any thread. All of it outlives this.
class RepositorySteps final : public GraphModels {
 public:
  RepositorySteps(ModelRepository& repository, const ModelTable& table)
      : repository_(repository), table_(table) {}

  // Null: there are no rules. It may go when no request asks any more.
  void RouteBy(StepRouter* router) { router_ = router; }

  async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireStep(
      RequestContext context, std::string_view name, std::string_view version,
      std::string_view sticky_key) override;
  inference::ModelPackage::Fallback FallbackOf(std::string_view name, std::string_view version) override;
  absl::StatusOr<inference::ModelPackage> DescribeStep(std::string_view name,
                                                       std::string_view version) const override;

 private:
  ModelRepository& repository_;
  const ModelTable& table_;
  std::atomic<StepRouter*> router_{nullptr};
};

}  // namespace starling::models
