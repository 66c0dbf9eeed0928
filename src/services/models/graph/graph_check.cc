#include "services/models/graph/graph_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "core/inference/graph/graph_condition.h"

namespace starling::models {
namespace {

using inference::GraphBranch;
using inference::GraphDefinition;
using inference::GraphNode;
using inference::GraphSource;
using inference::GraphStep;
using inference::GraphTensor;
using inference::ModelPackage;
using inference::TensorSpec;

const TensorSpec* Find(const std::vector<TensorSpec>& specs, std::string_view name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [name](const TensorSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

std::string Described(const TensorSpec& spec) {
  return StrCat(inference::Name(spec.datatype), inference::ToString(spec.shape));
}

class Checker {
 public:
  Checker(const ModelPackage& package, const GraphModels& models) : package_(package), models_(models) {}

  absl::Status Check() {
    const GraphDefinition& graph = *package_.graph;
    for (const GraphStep* step : StepsOf(graph.steps)) RETURN_IF_ERROR(FindModel(*step));
    for (const GraphStep* step : StepsOf(graph.steps)) RETURN_IF_ERROR(CheckStep(*step));
    for (const GraphNode& node : graph.steps) RETURN_IF_ERROR(CheckConditions(node));
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const TensorSpec& output = package_.outputs[i];
      RETURN_IF_ERROR(CheckSource(StrCat("Output '", output.name, "'"), graph.outputs[i], output));
    }
    return CheckNesting(package_, package_.name, 1);
  }

 private:
  absl::Status FindModel(const GraphStep& step) {
    auto model = models_.DescribeStep(step.model, step.version);
    if (!model.ok()) return InvalidArgument("Step '", step.name, "': ", Message(model.status()));
    if (model->inputs.empty() || model->outputs.empty()) {
      return Unavailable("Step '", step.name, "': model '", step.model,
                         "' says what its tensors are only once it is loaded.");
    }
    steps_.push_back(*std::move(model));
    return absl::OkStatus();
  }

  absl::Status CheckStep(const GraphStep& step) {
    const ModelPackage& model = steps_[step.number];
    for (const auto& [name, source] : step.inputs) {
      const TensorSpec* const wanted = Find(model.inputs, name);
      if (wanted == nullptr)
        return InvalidArgument("Step '", step.name, "': model '", step.model, "' has no input '", name, "'.");
      RETURN_IF_ERROR(CheckSource(StrCat("Step '", step.name, "': input '", name, "'"), source, *wanted));
    }
    for (const TensorSpec& wanted : model.inputs) {
      if (!step.inputs.contains(wanted.name))
        return InvalidArgument("Step '", step.name, "': input '", wanted.name, "' of model '", step.model,
                               "' is missing.");
    }
    for (const auto& [name, value] : step.defaults) RETURN_IF_ERROR(CheckDefault(step, model, name, value));
    return absl::OkStatus();
  }

  static absl::Status CheckDefault(const GraphStep& step, const ModelPackage& model, const std::string& name,
                                   const std::string& value) {
    const std::string what = StrCat("Step '", step.name, "': the default of '", name, "'");
    const TensorSpec* const spec = Find(model.outputs, name);
    if (spec == nullptr) return InvalidArgument(what, ": model '", step.model, "' has no such output.");
    if (std::any_of(spec->shape.begin() + (spec->shape.empty() ? 0 : 1), spec->shape.end(),
                    [](int64_t size) { return size < 0; })) {
      return InvalidArgument(what, " can't be made: its shape ", inference::ToString(spec->shape),
                             " is free.");
    }
    const auto one = inference::FilledTensor(spec->datatype, {1}, value);
    return one.ok() ? absl::OkStatus() : InvalidArgument(what, ": ", Message(one.status()));
  }

  absl::StatusOr<const TensorSpec*> SpecOf(const GraphTensor& tensor) const {
    const bool of_request = tensor.step == GraphTensor::kRequest;
    const auto& specs = of_request ? package_.inputs : steps_[tensor.step].outputs;
    const TensorSpec* const spec = Find(specs, tensor.name);
    if (spec != nullptr) return spec;
    return InvalidArgument("'", tensor.text, "': model '", steps_[tensor.step].name, "' has no output '",
                           tensor.name, "'.");
  }

  absl::Status CheckSource(const std::string& what, const GraphSource& source,
                           const TensorSpec& wanted) const {
    for (const GraphTensor& tensor : source) {
      const auto given = SpecOf(tensor);
      if (!given.ok()) return InvalidArgument(what, ": ", Message(given.status()));
      if (!TensorsFit(**given, wanted)) {
        return InvalidArgument(what, " is ", Described(wanted), ", but '", tensor.text, "' is ",
                               Described(**given), ".");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckConditions(const GraphNode& node) const {
    for (const GraphBranch& branch : node.branches) {
      if (branch.when.has_value()) {
        for (const GraphTensor& tensor : branch.when->source) {
          ASSIGN_OR_RETURN(const TensorSpec* const spec, SpecOf(tensor));
          RETURN_IF_ERROR(inference::CheckComparable(*branch.when, spec->datatype));
        }
      }
      for (const GraphNode& inner : branch.steps) RETURN_IF_ERROR(CheckConditions(inner));
    }
    for (const GraphTensor& tensor : node.key) RETURN_IF_ERROR(SpecOf(tensor).status());
    return absl::OkStatus();
  }

  absl::Status CheckNesting(const ModelPackage& graph, const std::string& chain, size_t depth) {
    if (depth > GraphDefinition::kMaxDepth) {
      return InvalidArgument("Graphs lie more than ", GraphDefinition::kMaxDepth,
                             " deep in each other: ", chain, ".");
    }
    for (const GraphStep* step : StepsOf(graph.graph->steps)) {
      const std::string longer = StrCat(chain, " > ", step->model);
      if (++all_steps_ > GraphDefinition::kMaxSteps) {
        return InvalidArgument("The graph and those within it have more than ", GraphDefinition::kMaxSteps,
                               " steps.");
      }
      if (step->model == package_.name) return InvalidArgument("The graph contains itself: ", longer, ".");
      const auto model = models_.DescribeStep(step->model, step->version);
      if (!model.ok() || model->graph == nullptr) continue;
      RETURN_IF_ERROR(CheckNesting(*model, longer, depth + 1));
    }
    return absl::OkStatus();
  }

  const ModelPackage& package_;
  const GraphModels& models_;
  std::vector<ModelPackage> steps_;  // the models, by the numbers of the steps
  size_t all_steps_ = 0;             // of this one and the graphs within it
};

}  // namespace

bool TensorsFit(const TensorSpec& given, const TensorSpec& wanted) {
  if (given.datatype != wanted.datatype || given.shape.size() != wanted.shape.size()) return false;
  for (size_t i = 0; i < given.shape.size(); ++i) {
    if (given.shape[i] >= 0 && wanted.shape[i] >= 0 && given.shape[i] != wanted.shape[i]) return false;
  }
  return true;
}

absl::Status CheckGraph(const ModelPackage& package, const GraphModels& models) {
  return Checker(package, models).Check();
}

}  // namespace starling::models
