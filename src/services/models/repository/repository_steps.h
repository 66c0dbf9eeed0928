// RepositorySteps: the models of the repository, as graphs ask for them.
#pragma once

#include <memory>
#include <string_view>

#include "services/models/graph/graph_models.h"
#include "services/models/repository/model_table.h"

namespace starling::models {

class ModelRepository;

// Any thread. Both outlive it.
class RepositorySteps final : public GraphModels {
 public:
  RepositorySteps(ModelRepository& repository, const ModelTable& table)
      : repository_(repository), table_(table) {}

  async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireStep(
      RequestContext context, std::string_view name, std::string_view version) override;
  absl::StatusOr<inference::ModelPackage> DescribeStep(std::string_view name,
                                                       std::string_view version) const override;

 private:
  ModelRepository& repository_;
  const ModelTable& table_;
};

}  // namespace starling::models
