// Model packages: a folder with a model.yaml that says what is in it and how it is run.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/batching/queue_policy.h"
#include "core/inference/graph/graph_definition.h"
#include "core/inference/runtime.h"

namespace starling::inference {

inline constexpr std::string_view kTextClassification = "text-classification";
inline constexpr std::string_view kTensors = "tensors";
// Runtimes whose models are no files of the package.
inline constexpr std::string_view kProcessRuntime = "process";
inline constexpr std::string_view kRemoteRuntime = "remote";

// What model.yaml says. Paths are absolute or relative to the working directory, made from the file's own relative ones.
// docs/model-packages.md explains each field for those who write one.
struct ModelPackage {
  std::string name;
  std::string version;
  std::string task;     // "text-classification", or "tensors": no more than its inputs and outputs
  std::string runtime;  // name in the RuntimeRegistry
  std::string file;     // empty for "process", "remote" and "graph"
  std::string folder;   // of the package
  std::vector<std::string> command;  // of "process" alone: program and arguments
  std::map<std::string, std::string> runtime_options;
  std::shared_ptr<const GraphDefinition> graph;  // of "graph" alone, else null

  // What the file is expected to have; checked when it is loaded. The rows that tasks make follow this order.
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::vector<std::string> wanted_outputs;  // if `outputs` is empty: which of the file's; empty: all

  struct TextPreProcessing {
    std::string tokenizer;   // "bert-wordpiece"
    std::string vocabulary;  // path
    bool lowercase = true;
    size_t max_length = 256;  // tokens that the model reads at once, with [CLS] and [SEP]
    bool windows = true;      // a longer text is read in windows of that many; false: it is cut
  };
  TextPreProcessing pre_processing;

  struct ClassPostProcessing {
    std::string output;  // name of the output with one number per label
    std::vector<std::string> labels;
    bool softmax = false;  // the output holds logits, not probabilities
  };
  ClassPostProcessing post_processing;

  struct Batching {
    // Rows per run; 0: the tensors have no batch dimension. Becomes 0 at load if the file alone describes them and they have none.
    size_t max_size = 32;
    size_t max_elements = 256;  // rows times padded length per run; unlimited for the task "tensors"
    size_t run_overhead = 10;   // what a run costs beside its elements, counted in elements
    // What it costs more in another shape than the run before, counted in elements.
    size_t reshape_overhead = 10;
    QueueOptions queue;
  };
  Batching batching;

  // The model that answers while this one is UNAVAILABLE; none: empty. An empty version: the latest.
  struct Fallback {
    std::string model;
    std::string version;
  };
  Fallback fallback;

  bool is_text() const { return task == kTextClassification; }

  bool response_cache = false;        // equal requests may get the answer of the first one
  std::vector<std::string> warnings;  // what its description asks for that has no meaning here, for operators
  size_t memory_bytes = 0;            // what it counts in a budget; 0: what it is found to take
  size_t memory_limit_bytes = 0;      // what it may take; 0: no limit
  size_t instances = 0;               // 0: one per core
  size_t threads_per_instance = 0;    // 0: the cores there are, divided by the instances
  std::vector<std::string> warm_up;   // texts
};

// Where a package is described.
struct PackageSource {
  std::string file;    // the model.yaml, config.pbtxt or MLmodel
  std::string folder;  // where its relative paths start
  // What a repository's folders call it; empty where the file alone says so. The file then need not say it, and must not say
  // anything else.
  std::string name;
  std::string version;
  // Others wrote the package (it was uploaded): what it says of its name and version counts for nothing, its paths must not lead
  // out of the folder, and it must not start programs or call other servers.
  bool is_foreign = false;
};

// A model.yaml, Triton's config.pbtxt (triton_config.h) or MLflow's MLmodel (mlflow_model.h). NOT_FOUND if there is no such file;
// INVALID_ARGUMENT "<file>:<line>: <what>" for the first thing that is wrong, unknown or missing. Does not open the files it names.
absl::StatusOr<ModelPackage> ReadModelPackage(const PackageSource& source);
// `folder`/model.yaml.
absl::StatusOr<ModelPackage> ReadModelPackage(const std::string& folder);

}  // namespace starling::inference
