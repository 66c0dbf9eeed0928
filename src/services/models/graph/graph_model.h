// GraphModel: a model that is made of others. It holds none of them: each step takes the version that answers then.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/package/model_package.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "services/models/graph/graph_models.h"

namespace starling::models {

// Declares starling.models.graph.steps {step}, labelled by model, step and result.
observe::CounterFamily& GraphStepCounters(observe::Registry& metrics);

// Thread-safe.
class GraphModel {
 public:
  // Errors of CheckGraph. All of it outlives the model. `tracer`: null for no spans.
  static absl::StatusOr<std::unique_ptr<GraphModel>> Load(inference::ModelPackage package,
                                                          GraphModels& models, const observe::Tracer* tracer,
                                                          observe::CounterFamily& steps);

  const inference::ModelPackage& package() const { return package_; }

  // The outputs in the order of package().outputs; inputs and outputs share their elements with what the steps take and give. On a loop; the
  // caller keeps the model until the task is done. Nothing of the request runs any more then. The deadline holds for all steps together.
  // The first hard step that fails ends the request with its code and a message that names it; INVALID_ARGUMENT also for inputs
  // that are not as the package says, INTERNAL if a model's tensors are no longer those that the graph was checked with,
  // FAILED_PRECONDITION for graphs that lie too deep in each other.
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Infer(RequestContext context,
                                                                    std::vector<inference::Tensor> inputs,
                                                                    GraphCall call) const;

 private:
  friend class GraphRun;
  // What came of a step, by its number.
  struct StepCounters {
    observe::Counter ok, failed, soft_failed;
  };

  GraphModel(inference::ModelPackage package, GraphModels& models, const observe::Tracer* tracer,
             observe::CounterFamily& steps);

  const inference::ModelPackage package_;
  GraphModels& models_;
  const observe::Tracer* tracer_;
  std::vector<StepCounters> counters_;
  mutable std::vector<std::atomic<uint32_t>> keyless_;  // requests without a key, by the number of the split
};

}  // namespace starling::models
