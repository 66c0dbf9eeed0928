// Batcher: dynamic batching in front of the instances of one model.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/rows.h"
#include "core/inference/run_plan.h"
#include "core/inference/runtime.h"

namespace starling::inference {

struct BatcherOptions {
  std::string name;  // of the model, in messages; its first letters name the threads
  RunLimits run;
  size_t max_queue = 1024;  // rows that may wait; one request alone may bring more
};

// What a batcher tells of one run; called on the instance's thread, must not block.
struct RunReport {
  size_t rows = 0;
  size_t elements = 0;         // without padding
  size_t padded_elements = 0;  // with padding
  std::chrono::nanoseconds run_time{0};
  std::chrono::nanoseconds longest_wait{0};  // of the row that waited longest for an instance
  bool ok = true;
};
using RunObserver = std::function<void(const RunReport&)>;

// Each instance has a thread of its own. The moment it is free it runs the row whose turn it is together with as many of
// those that wait as pays: those of like length (and only its part of them, if other instances are free too). Nothing
// waits for a batch to fill, and with n requests before it a request waits for n runs at most, whatever their size.
// Thread-safe.
class Batcher {
 public:
  // `inputs` are the model's. At least one instance. `observer` may be empty.
  Batcher(BatcherOptions options, std::vector<TensorSpec> inputs,
          std::vector<std::unique_ptr<Instance>> instances, RunObserver observer);
  // Lets the runs under way end; answers what waits with UNAVAILABLE.
  ~Batcher();
  Batcher(const Batcher&) = delete;

  // The outputs of each row, in order; the caller goes on on its own loop, after one hop. All rows or an error:
  // INVALID_ARGUMENT: a row does not fit the model. RESOURCE_EXHAUSTED with RetryAfter: the queue is full.
  // CANCELLED, DEADLINE_EXCEEDED: at once when it happens, though a run under way is not stopped; no run is started for
  // it after that. UNAVAILABLE: the batcher is being destroyed. Else what the instance said.
  async::Task<absl::StatusOr<std::vector<Row>>> Run(RequestContext context, std::vector<Row> rows);

  // Rows that wait for an instance.
  size_t queued() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // shared with the calls under way
};

}  // namespace starling::inference
