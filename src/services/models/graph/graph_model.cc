#include "services/models/graph/graph_model.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "core/inference/batching/batch_tensors.h"
#include "services/models/graph/graph_check.h"
#include "services/models/graph/graph_run.h"

namespace starling::models {

using inference::Tensor;

observe::CounterFamily& GraphStepCounters(observe::Registry& metrics) {
  return metrics.Counters({.name = "starling.models.graph.steps",
                           .unit = "{step}",
                           .help = "Steps of graphs that ran, by what came of them.",
                           .labels = {"model", "step", "result"}});
}

absl::StatusOr<std::unique_ptr<GraphModel>> GraphModel::Load(inference::ModelPackage package,
                                                             GraphModels& models,
                                                             const observe::Tracer* tracer,
                                                             observe::CounterFamily& steps) {
  RETURN_IF_ERROR(CheckGraph(package, models));
  return std::unique_ptr<GraphModel>(new GraphModel(std::move(package), models, tracer, steps));
}

GraphModel::GraphModel(inference::ModelPackage package, GraphModels& models, const observe::Tracer* tracer,
                       observe::CounterFamily& steps)
    : package_(std::move(package)), models_(models), tracer_(tracer), keyless_(package_.graph->splits) {
  for (const std::string& step : package_.graph->step_names) {
    counters_.push_back({steps.With({package_.name, step, "ok"}), steps.With({package_.name, step, "error"}),
                         steps.With({package_.name, step, "soft_error"})});
  }
}

async::Task<absl::StatusOr<std::vector<Tensor>>> GraphModel::Infer(RequestContext context,
                                                                   std::vector<Tensor> inputs,
                                                                   GraphCall call) const {
  if (call.depth >= inference::GraphDefinition::kMaxDepth) {
    co_return FailedPrecondition("Graphs lie more than ", inference::GraphDefinition::kMaxDepth,
                                 " deep in each other.");
  }
  CO_RETURN_IF_ERROR(inference::CheckInputs(package_.inputs, inputs));
  for (Tensor& input : inputs) input = inference::Aligned(std::move(input));
  GraphRun run(*this, std::move(inputs), call);
  auto steps = run.Run(std::move(context));
  co_return co_await std::move(steps);
}

}  // namespace starling::models
