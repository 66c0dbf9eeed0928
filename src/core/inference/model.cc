#include "core/inference/model.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"

namespace starling::inference {
namespace {

bool Fits(const Shape& actual, const Shape& declared) {
  if (actual.size() != declared.size()) return false;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] >= 0 && declared[i] >= 0 && actual[i] != declared[i]) return false;
  }
  return true;
}

// Orders of the tensors in the package and in the file may differ; which of the file's is the package's number i.
absl::StatusOr<std::vector<size_t>> Match(const std::vector<TensorSpec>& declared,
                                          const std::vector<TensorSpec>& actual, std::string_view kind) {
  std::vector<size_t> positions;
  for (const TensorSpec& spec : declared) {
    const auto found = std::find_if(actual.begin(), actual.end(),
                                    [&spec](const TensorSpec& other) { return other.name == spec.name; });
    if (found == actual.end()) return InvalidArgument("The file has no ", kind, " '", spec.name, "'.");
    if (found->datatype != spec.datatype || !Fits(found->shape, spec.shape)) {
      return InvalidArgument("The file's ", kind, " '", spec.name, "' is ", Name(found->datatype),
                             ToString(found->shape), ", the package says ", Name(spec.datatype),
                             ToString(spec.shape), ".");
    }
    positions.push_back(static_cast<size_t>(found - actual.begin()));
  }
  if (kind == "input" && actual.size() != declared.size()) {
    return InvalidArgument("The file has ", actual.size(), " inputs, the package says ", declared.size(),
                           ".");
  }
  return positions;
}

// Gives an instance the package's order of tensors.
class OrderedInstance : public Instance {
 public:
  OrderedInstance(std::unique_ptr<Instance> inner, std::vector<size_t> inputs, std::vector<size_t> outputs)
      : inner_(std::move(inner)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor> inputs) override {
    return Picked(inner_->Run(Ordered(inputs)));
  }

  bool uses_context() const override { return inner_->uses_context(); }
  absl::StatusOr<std::vector<Tensor>> RunFor(const RequestContext& context,
                                             std::span<const Tensor> inputs) override {
    return Picked(inner_->RunFor(context, Ordered(inputs)));
  }

 private:
  std::vector<Tensor> Ordered(std::span<const Tensor> inputs) const {
    std::vector<Tensor> ordered(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) ordered[inputs_[i]] = inputs[i];
    return ordered;
  }
  absl::StatusOr<std::vector<Tensor>> Picked(absl::StatusOr<std::vector<Tensor>> all) const {
    RETURN_IF_ERROR(all.status());
    std::vector<Tensor> outputs;
    for (const size_t position : outputs_) outputs.push_back((*all)[position]);
    return outputs;
  }

  std::unique_ptr<Instance> inner_;
  std::vector<size_t> inputs_;   // where the package's input i goes
  std::vector<size_t> outputs_;  // where the package's output i comes from
};

bool BeginFree(const std::vector<TensorSpec>& specs) {
  return std::all_of(specs.begin(), specs.end(),
                     [](const TensorSpec& spec) { return !spec.shape.empty() && spec.shape[0] == -1; });
}

absl::Status WarmUp(const ModelPackage& package, const std::vector<Row>& rows, Instance& instance) {
  for (const Row& row : rows) {
    RETURN_IF_ERROR(CheckRow(package.inputs, row));
    const Row* const only = &row;
    ASSIGN_OR_RETURN(const std::vector<Tensor> batch, StackRows(package.inputs, {&only, 1}, RowLength(row)));
    RETURN_IF_ERROR(instance.Run(batch).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Model>> Model::Load(ModelPackage package, const RuntimeRegistry& runtimes,
                                                   LoadOptions load_options) {
  const size_t cores = async::AvailableCores();
  if (package.instances == 0) package.instances = cores;
  ASSIGN_OR_RETURN(Runtime * runtime, runtimes.Get(package.runtime));
  ModelFile file;
  file.path = package.file;
  file.instances = package.instances;
  file.threads_per_instance = package.threads_per_instance;
  file.options = package.runtime_options;
  file.name = package.name;
  file.version = package.version;
  file.folder = package.folder;
  file.command = package.command;
  file.permissions = load_options.permissions;
  file.cancel = load_options.cancel;
  file.memory_limit_bytes = package.memory_limit_bytes;
  file.outputs = package.wanted_outputs;
  for (const TensorSpec& output : package.outputs) file.outputs.push_back(output.name);
  if (file.threads_per_instance == 0) {
    file.threads_per_instance = std::max<size_t>(cores / package.instances, 1);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<LoadedModel> loaded, runtime->Load(file));
  const bool is_described = !package.inputs.empty() && !package.outputs.empty();
  if (package.inputs.empty()) package.inputs = loaded->inputs();
  if (package.outputs.empty()) package.outputs = loaded->outputs();
  // An exported model often has a fixed first size; its rows can't be stacked.
  if (!is_described && !(BeginFree(package.inputs) && BeginFree(package.outputs)))
    package.batching.max_size = 0;
  ASSIGN_OR_RETURN(const std::vector<size_t> inputs, Match(package.inputs, loaded->inputs(), "input"));
  ASSIGN_OR_RETURN(const std::vector<size_t> outputs, Match(package.outputs, loaded->outputs(), "output"));

  load_options.on_warm_up();
  std::vector<std::unique_ptr<Instance>> instances;
  for (size_t i = 0; i < package.instances; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Instance> instance, loaded->NewInstance());
    instances.push_back(std::make_unique<OrderedInstance>(std::move(instance), inputs, outputs));
    RETURN_IF_ERROR(WarmUp(package, load_options.warm_up, *instances.back()));
  }
  BatcherOptions options;
  options.name = package.name;
  options.queue = package.batching.queue;
  options.on_timeout = std::move(load_options.on_queue_timeout);
  options.batches = package.batching.max_size > 0;
  options.pads = package.is_text();
  options.run = {std::max<size_t>(package.batching.max_size, 1),
                 package.batching.max_elements,
                 package.batching.run_overhead,
                 package.batching.reshape_overhead,
                 loaded->prefers_few_shapes(),
                 package.pre_processing.max_length};
  auto batcher = std::make_unique<Batcher>(std::move(options), package.inputs, std::move(instances),
                                           std::move(load_options.observer));
  return std::unique_ptr<Model>(new Model(std::move(package), std::move(loaded), std::move(batcher)));
}

}  // namespace starling::inference
