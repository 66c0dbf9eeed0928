// GraphModels: what a graph asks of the models around it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/batching/queue_policy.h"
#include "core/inference/package/model_package.h"

namespace starling::models {

// What a request says to models beside its tensors.
struct GraphCall {
  std::string_view sticky_key;  // to graphs; lives until the call has ended
  size_t depth = 0;             // graphs that this one runs in
  inference::QueueTerms queue;  // of a graph: for each of its steps
};

// A version of a model that a step runs on.
class StepModel {
 public:
  virtual ~StepModel() = default;
  virtual const inference::ModelPackage& package() const = 0;
  // As ServedModel::Infer.
  virtual async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Infer(
      RequestContext context, std::vector<inference::Tensor> inputs, GraphCall call = {}) const = 0;
  // For a request that failed before it ran: its inputs do not fit. Gives back its argument.
  virtual absl::Status Failed(absl::Status status) const { return status; }
};

// Any thread.
class GraphModels {
 public:
  virtual ~GraphModels() = default;
  // As ModelRepository::Acquire; of an alias with a traffic rule the version that the rule says, by the request's `sticky_key`. The
  // views live until the task is done.
  virtual async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireStep(
      RequestContext context, std::string_view name, std::string_view version,
      std::string_view sticky_key) = 0;
  // What is asked in place of a model that is UNAVAILABLE; none if the model is empty. Counted.
  virtual inference::ModelPackage::Fallback FallbackOf(std::string_view name, std::string_view version) = 0;
  // What is known of the version that would answer, loaded or not: its tensors may be unknown before it is. NOT_FOUND.
  virtual absl::StatusOr<inference::ModelPackage> DescribeStep(std::string_view name,
                                                               std::string_view version) const = 0;
};

}  // namespace starling::models
