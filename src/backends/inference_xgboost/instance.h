// One seat at a model of XGBoost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/inference_xgboost/library.h"
#include "backends/inference_xgboost/outputs.h"
#include "core/inference/runtime.h"

namespace starling::inference_xgboost {

// What a model is asked for.
struct Question {
  size_t features = 0;
  size_t rounds = 0;            // the first so many answer
  std::string missing = "NaN";  // the number that stands for "not known", as JSON
  std::vector<Output> outputs;
};

// The booster is shared by all instances of a model: predicting does not change it.
class XgboostInstance final : public inference::Instance {
 public:
  // `library` and `booster` outlive the instance.
  static absl::StatusOr<std::unique_ptr<inference::Instance>> Make(const Library& library,
                                                                   BoosterHandle booster, Question question);

  absl::StatusOr<std::vector<inference::Tensor>> Run(std::span<const inference::Tensor> inputs) override;

 private:
  // What the library answered, its own until the next call of this thread.
  struct Answer {
    const float* values = nullptr;
    size_t size = 0;
  };

  XgboostInstance(const Library& library, BoosterHandle booster, Question question, Handle proxy);

  absl::StatusOr<Answer> Ask(OutputKind kind, const char* rows, Handle* matrix);

  const Library& library_;
  const BoosterHandle booster_;
  const Question question_;
  const std::string matrix_config_;
  const std::string value_config_;
  const std::string margin_config_;
  const std::string contribution_config_;
  const std::string leaf_config_;
  const Handle proxy_;  // lets rows be read where they lie
};

}  // namespace starling::inference_xgboost
