#include "services/models/graph/graph_run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/graph/graph_condition.h"
#include "core/observe/span.h"
#include "services/models/graph/graph_split.h"
#include "services/models/traffic/traffic_split.h"

namespace starling::models {

using inference::GraphBranch;
using inference::GraphNode;
using inference::GraphSource;
using inference::GraphStep;
using inference::GraphTensor;
using inference::ModelPackage;
using inference::Tensor;
using inference::TensorSpec;

namespace {

// The same error, with the step before its message.
absl::Status AtStep(const GraphStep& step, const absl::Status& status) {
  absl::Status named(status.code(), StrCat("Step '", step.name, "': ", Message(status)));
  const auto retry = RetryAfter(status);
  return retry.has_value() ? WithRetryAfter(std::move(named), *retry) : named;
}

}  // namespace

async::Task<absl::StatusOr<std::vector<Tensor>>> GraphRun::Run(RequestContext context) {
  auto steps = RunNodes(std::move(context), model_.package().graph->steps);
  const absl::Status status = co_await std::move(steps);
  CO_RETURN_IF_ERROR(status);
  co_return Outputs();
}

async::Task<absl::Status> GraphRun::RunNodes(RequestContext context, const Nodes& nodes) {
  for (const GraphNode& node : nodes) {
    CO_RETURN_IF_ERROR(context.Check());
    auto run = RunNode(context, node);
    const absl::Status status = co_await std::move(run);
    CO_RETURN_IF_ERROR(status);
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> GraphRun::RunNode(RequestContext context, const GraphNode& node) {
  if (node.kind == GraphNode::Kind::kModel) {
    auto run = RunStep(std::move(context), node.step);
    co_return co_await std::move(run);
  }
  if (node.kind == GraphNode::Kind::kParallel) {
    auto run = RunParallel(std::move(context), node);
    co_return co_await std::move(run);
  }
  CO_ASSIGN_OR_RETURN(const GraphBranch* const branch, Choose(node));
  auto run = RunNodes(std::move(context), branch->steps);
  co_return co_await std::move(run);
}

async::Task<absl::Status> GraphRun::RunParallel(RequestContext context, const GraphNode& node) {
  const CancelSource others(context.cancel());
  absl::Status first;
  async::TaskGroup group;
  for (const GraphBranch& branch : node.branches)
    group.Start(RunBranch(context.WithCancel(others.token()), branch, others, &first));
  auto join = group.Join();
  co_await std::move(join);
  co_return first;
}

async::Task<void> GraphRun::RunBranch(RequestContext context, const GraphBranch& branch,
                                      const CancelSource& others, absl::Status* first) {
  auto steps = RunNodes(std::move(context), branch.steps);
  absl::Status status = co_await std::move(steps);
  if (status.ok() || !first->ok()) co_return;
  *first = std::move(status);
  others.Cancel(Cancelled("Another step of the graph failed."));
}

async::Task<absl::Status> GraphRun::RunStep(RequestContext context, const GraphStep& step) {
  const auto& counters = model_.counters_[step.number];
  observe::Span span(context.trace());
  if (model_.tracer_ != nullptr) span = model_.tracer_->Start(context.trace(), StrCat("step ", step.name));
  span.Set("starling.models.model", step.model);
  auto ask = Ask(span.Within(context), step);
  auto outputs = co_await std::move(ask);
  span.SetStatus(outputs.status());
  if (outputs.ok()) {
    counters.ok.Add();
    steps_[step.number] = *std::move(outputs);
    co_return absl::OkStatus();
  }
  // What ends the whole request is no failure of the step.
  CO_RETURN_IF_ERROR(context.Check());
  if (!step.soft) {
    counters.failed.Add();
    co_return AtStep(step, outputs.status());
  }
  counters.soft_failed.Add();
  CO_ASSIGN_OR_RETURN(steps_[step.number], DefaultsOf(step));
  co_return absl::OkStatus();
}

async::Task<absl::StatusOr<GraphRun::Named>> GraphRun::Ask(RequestContext context,
                                                           const GraphStep& step) const {
  auto first = AskModel(context, step, step.model, step.version);
  auto outputs = co_await std::move(first);
  if (!absl::IsUnavailable(outputs.status())) co_return outputs;
  const ModelPackage::Fallback fallback = model_.models_.FallbackOf(step.model, step.version);
  if (fallback.model.empty()) co_return outputs;
  auto second = AskModel(std::move(context), step, fallback.model, fallback.version);
  co_return co_await std::move(second);
}

async::Task<absl::StatusOr<GraphRun::Named>> GraphRun::AskModel(RequestContext context, const GraphStep& step,
                                                                const std::string& name,
                                                                const std::string& version) const {
  auto acquire = model_.models_.AcquireStep(context, name, version, call_.sticky_key);
  const auto acquired = co_await std::move(acquire);
  if (absl::IsNotFound(acquired.status())) {
    // The caller asked for the graph, which is there.
    co_return WithRetryAfter(Unavailable(Message(acquired.status())), std::chrono::seconds(1));
  }
  CO_RETURN_IF_ERROR(acquired.status());
  const StepModel& model = **acquired;
  const ModelPackage& package = model.package();
  auto inputs = InputsOf(step, package);
  if (!inputs.ok()) co_return model.Failed(inputs.status());
  auto infer =
      model.Infer(std::move(context), *std::move(inputs), {call_.sticky_key, call_.depth + 1, call_.queue});
  CO_ASSIGN_OR_RETURN(auto outputs, co_await std::move(infer));
  Named named;
  for (size_t i = 0; i < outputs.size(); ++i)
    named.emplace_back(package.outputs[i].name, std::move(outputs[i]));
  co_return named;
}

absl::StatusOr<std::vector<Tensor>> GraphRun::InputsOf(const GraphStep& step,
                                                       const ModelPackage& model) const {
  std::vector<Tensor> inputs;
  for (const TensorSpec& spec : model.inputs) {
    const auto source = step.inputs.find(spec.name);
    if (source == step.inputs.end())
      return Internal("Model '", model.name, "' has an input '", spec.name,
                      "' that the graph does not know.");
    const Tensor* const tensor = Find(source->second);
    if (tensor == nullptr) return FailedPrecondition("'", source->second.back().text, "' is missing.");
    inputs.push_back(*tensor);
  }
  return inputs;
}

absl::StatusOr<GraphRun::Named> GraphRun::DefaultsOf(const GraphStep& step) const {
  Named named;
  if (step.defaults.empty()) return named;
  const auto model = model_.models_.DescribeStep(step.model, step.version);
  RETURN_IF_ERROR(model.status());
  const int64_t rows = inputs_[0].shape.empty() ? 1 : inputs_[0].shape[0];
  for (const TensorSpec& spec : model->outputs) {
    const auto value = step.defaults.find(spec.name);
    if (value == step.defaults.end()) continue;
    inference::Shape shape = spec.shape;
    if (!shape.empty() && shape[0] < 0) shape[0] = rows;
    ASSIGN_OR_RETURN(Tensor tensor, inference::FilledTensor(spec.datatype, shape, value->second));
    named.emplace_back(spec.name, std::move(tensor));
  }
  return named;
}

const Tensor* GraphRun::Find(const GraphSource& source) const {
  for (const GraphTensor& wanted : source) {
    if (wanted.step == GraphTensor::kRequest) {
      const auto& specs = model_.package().inputs;
      for (size_t i = 0; i < specs.size(); ++i) {
        if (specs[i].name == wanted.name) return &inputs_[i];
      }
      continue;
    }
    for (const auto& [name, tensor] : steps_[wanted.step]) {
      if (name == wanted.name) return &tensor;
    }
  }
  return nullptr;
}

absl::StatusOr<const GraphBranch*> GraphRun::Choose(const GraphNode& node) const {
  if (node.kind == GraphNode::Kind::kSequence) return node.branches.data();
  if (node.kind == GraphNode::Kind::kSplit) {
    ASSIGN_OR_RETURN(const int slot, SlotFor(node));
    return &BranchAt(node, slot);
  }
  for (const GraphBranch& branch : node.branches) {
    if (!branch.when.has_value()) return &branch;
    const Tensor* const tensor = Find(branch.when->source);
    if (tensor == nullptr) return Internal("'", branch.when->text, "': the tensor is missing.");
    ASSIGN_OR_RETURN(const bool holds, inference::Holds(*branch.when, *tensor, has_batch()));
    if (holds) return &branch;
  }
  return Internal("The switch has no default.");
}

absl::StatusOr<int> GraphRun::SlotFor(const GraphNode& node) const {
  const std::string salt = SplitSalt(model_.package().name, node.number);
  if (!node.key.empty()) {
    const Tensor* const tensor = Find(node.key);
    if (tensor == nullptr) return Internal("'", node.key.back().text, "': the key is missing.");
    return SlotOfTensor(salt, *tensor);
  }
  if (!call_.sticky_key.empty()) return SlotOf(salt, call_.sticky_key);
  return NextSlot(model_.keyless_[node.number]);
}

absl::StatusOr<std::vector<Tensor>> GraphRun::Outputs() const {
  const auto& specs = model_.package().outputs;
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < specs.size(); ++i) {
    const GraphSource& source = model_.package().graph->outputs[i];
    const Tensor* const tensor = Find(source);
    if (tensor == nullptr)
      return Internal("Output '", specs[i].name, "' is missing: a model no longer has it.");
    if (tensor->datatype != specs[i].datatype) {
      return Internal("Output '", specs[i].name, "' is ", inference::Name(tensor->datatype), " and not ",
                      inference::Name(specs[i].datatype), ": a model has changed.");
    }
    outputs.push_back(*tensor);
  }
  return outputs;
}

}  // namespace starling::models
