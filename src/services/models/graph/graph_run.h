// GraphRun: one request on its way through a graph.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/graph/graph_definition.h"
#include "core/inference/tensor.h"
#include "services/models/graph/graph_model.h"

namespace starling::models {

// Of one loop. The model outlives it.
class GraphRun {
 public:
  // `inputs` are checked.
  GraphRun(const GraphModel& model, std::vector<inference::Tensor> inputs, GraphCall call)
      : model_(model), inputs_(std::move(inputs)), call_(call), steps_(model.counters_.size()) {}

  // As GraphModel::Infer. Once; the run lives until the task is done.
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Run(RequestContext context);

 private:
  using Named = std::vector<std::pair<std::string, inference::Tensor>>;
  using Nodes = std::vector<inference::GraphNode>;

  async::Task<absl::Status> RunNodes(RequestContext context, const Nodes& nodes);
  async::Task<absl::Status> RunNode(RequestContext context, const inference::GraphNode& node);
  async::Task<absl::Status> RunParallel(RequestContext context, const inference::GraphNode& node);
  async::Task<void> RunBranch(RequestContext context, const inference::GraphBranch& branch,
                              const CancelSource& others, absl::Status* first);
  async::Task<absl::Status> RunStep(RequestContext context, const inference::GraphStep& step);
  // By the step's model or, if that is UNAVAILABLE, by its fallback.
  async::Task<absl::StatusOr<Named>> Ask(RequestContext context, const inference::GraphStep& step) const;
  async::Task<absl::StatusOr<Named>> AskModel(RequestContext context, const inference::GraphStep& step,
                                              const std::string& name, const std::string& version) const;

  absl::StatusOr<std::vector<inference::Tensor>> InputsOf(const inference::GraphStep& step,
                                                          const inference::ModelPackage& model) const;
  absl::StatusOr<Named> DefaultsOf(const inference::GraphStep& step) const;
  // Null: none of the source's tensors is there.
  const inference::Tensor* Find(const inference::GraphSource& source) const;
  absl::StatusOr<const inference::GraphBranch*> Choose(const inference::GraphNode& node) const;
  absl::StatusOr<int> SlotFor(const inference::GraphNode& node) const;
  absl::StatusOr<std::vector<inference::Tensor>> Outputs() const;
  bool has_batch() const { return model_.package().batching.max_size > 0; }

  const GraphModel& model_;
  const std::vector<inference::Tensor> inputs_;
  const GraphCall call_;
  std::vector<Named> steps_;  // what each step gave, by its number; empty: it did not run or failed
};

}  // namespace starling::models
