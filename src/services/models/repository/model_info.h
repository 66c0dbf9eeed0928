// What the models service says of its models: state, metadata, statistics.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/inference/batching/queue_policy.h"
#include "core/inference/runtime.h"

namespace starling::models {

enum class ModelState {
  kUnloaded,  // known, not in memory; loaded when somebody says so, or when it is asked for if it was evicted
  kLoading,   // its file is being read
  kWarmingUp,  // it runs its first rows
  kReady,      // it answers
  kUnloading,  // it takes no more requests; those it has are being answered
  kFailed,     // it could not be loaded; not tried again until somebody says so or its files change
};

// For messages: "loading", "warming up", ...
std::string_view Name(ModelState state);

struct ModelInfo {
  std::string name;
  std::string version;
  std::string task;
  std::string runtime;              // "openvino"
  std::vector<std::string> labels;  // of a classifier
  std::string probabilities;        // of a text classifier: the output with one for each label
  ModelState state = ModelState::kUnloaded;
  std::string reason;                // of kFailed, for operators: may name files
  std::string waits_for;             // of a graph that is loaded: which step's model is not, for callers
  std::vector<std::string> aliases;  // that mean this version
  std::vector<inference::TensorSpec> inputs;
  std::vector<inference::TensorSpec> outputs;
  size_t max_batch_size = 0;  // 0: its tensors have no batch dimension
  inference::QueueOptions queue;
};

// How often, and how long altogether.
struct TimeSum {
  uint64_t count = 0;
  uint64_t nanoseconds = 0;
};

// One version's, since the program started; they outlast loading it again. As in Triton's statistics extension.
struct ModelStatistics {
  std::string name;
  std::string version;
  std::chrono::system_clock::time_point last_inference;  // the epoch if there was none
  uint64_t inference_count = 0;                          // rows that were answered; those from the cache not
  uint64_t execution_count = 0;                          // runs
  // Requests. `success` and `fail` are whole requests; the others parts of the successful ones.
  TimeSum success;
  TimeSum fail;
  TimeSum queue;
  TimeSum compute_input;   // stacking rows
  TimeSum compute_infer;   // the runtime
  TimeSum compute_output;  // cutting outputs
  TimeSum cache_hit;       // requests that the response cache answered, and how long that took
  TimeSum cache_miss;  // requests that it did not know, and how long it took to look and to keep the answer
  // Runs by their number of rows, ascending.
  struct Batch {
    size_t rows = 0;
    TimeSum compute_input;
    TimeSum compute_infer;
    TimeSum compute_output;
  };
  std::vector<Batch> batches;
  size_t memory_bytes = 0;  // what it counts in the memory budget; 0 when it is not in memory
};

}  // namespace starling::models
