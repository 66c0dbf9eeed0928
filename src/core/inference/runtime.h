// Runtime: the interface to a product that runs models. One folder src/backends/inference_<product>/ per product.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/inference/tensor.h"

namespace starling::inference {

// What a model says of one input or output. A size of -1 is free; the first dimension is the batch.
struct TensorSpec {
  std::string name;
  DataType datatype = DataType::kFp32;
  Shape shape;
};

// What the operator lets a model's description ask for, beyond reading its own files.
struct ModelPermissions {
  bool commands = false;  // programs that it names may be started
  std::vector<std::string>
      upstreams;  // beside this machine's own: hosts, or hosts with ports, that it may call
};

// What to load, and how it shall share the machine.
struct ModelFile {
  std::string path;
  size_t instances = 1;             // how many Instance objects will be asked for
  size_t threads_per_instance = 1;  // threads that one Run() may keep busy
  // The product's own settings, from `runtime_options` of model.yaml. An unknown one is INVALID_ARGUMENT.
  std::map<std::string, std::string> options;
  // Names of the outputs that will be asked for: the model may leave others away. Empty: all.
  std::vector<std::string> outputs;
  // For runtimes whose models run elsewhere; `path` may then be empty.
  std::string name;                  // of the model, and
  std::string version;               // here
  std::string folder;                // of the package
  std::vector<std::string> command;  // program and arguments
  ModelPermissions permissions;
  size_t memory_limit_bytes = 0;  // what its program may take; 0: no limit
  CancelToken cancel;             // nobody waits for the model any more: a load that waits for others ends
};

// One seat at a loaded model. Run() blocks its thread until the outputs are there. One thread at a time.
class Instance {
 public:
  virtual ~Instance() = default;
  // `inputs` in the order of LoadedModel::inputs(), with shapes that match them; the outputs in the order of outputs(),
  // owning their elements. INTERNAL if the product fails; the instance stays usable. Does not throw.
  virtual absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor> inputs) = 0;

  // Of an instance that waits for somebody else: RunFor() is called in place of Run(), with the deadline by which the last
  // of a run's requests needs its answer, cancelled when nobody waits for it any more, and in the trace of the first.
  virtual bool uses_context() const { return false; }
  // UNAVAILABLE if whoever it waits for is not there.
  virtual absl::StatusOr<std::vector<Tensor>> RunFor(const RequestContext& /*context*/,
                                                     std::span<const Tensor> inputs) {
    return Run(inputs);
  }
};

// A model in memory. Any thread. Outlives its instances.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  virtual const std::vector<TensorSpec>& inputs() const = 0;
  virtual const std::vector<TensorSpec>& outputs() const = 0;
  // True if the first run of each new input shape costs much more than the later ones: the batcher then keeps to few
  // batch sizes and rounds lengths.
  virtual bool prefers_few_shapes() const { return false; }
  virtual absl::StatusOr<std::unique_ptr<Instance>> NewInstance() = 0;
  // Of a model that is not in this process: the memory that its own takes now, 0 if that is not known.
  virtual std::optional<size_t> BytesElsewhere() const { return std::nullopt; }
};

// A product. Any thread. Outlives its models.
class Runtime {
 public:
  virtual ~Runtime() = default;
  // Blocks, up to seconds. NOT_FOUND if there is no such file, INVALID_ARGUMENT if it is no model that the product can
  // read or an option is wrong, FAILED_PRECONDITION if the permissions do not allow it, UNAVAILABLE if it may work later as it
  // is, INTERNAL for anything else. The messages are for operators: they name the file.
  virtual absl::StatusOr<std::unique_ptr<LoadedModel>> Load(const ModelFile& file) = 0;
};

// The products of this program by name. Each is made when the first model asks for it, so that a program without
// models does not pay for them. Add() before any Get(); Get() from any thread.
class RuntimeRegistry {
 public:
  using Factory = absl::AnyInvocable<absl::StatusOr<std::unique_ptr<Runtime>>()>;

  RuntimeRegistry();
  ~RuntimeRegistry();
  void Add(std::string name, Factory factory);
  // NOT_FOUND with the names there are; or what the factory says, asked again the next time. The registry owns it.
  absl::StatusOr<Runtime*> Get(std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace starling::inference
