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
#include "core/inference/batching/queue_policy.h"
#include "core/inference/batching/rows.h"
#include "core/inference/batching/run_plan.h"
#include "core/inference/runtime.h"

namespace starling::inference {

struct BatcherOptions {
  std::string name;  // of the model, in messages; its first letters name the threads
  RunLimits run;
  QueueOptions queue;
  // False: tensors have no batch dimension, each request is one run of its own.
  bool batches = true;
  // Rows of different lengths share a run, the shorter ones filled up with zeros, which the model knows to ignore. False:
  // only rows of the same shapes share one.
  bool pads = true;
  // Called for each request that the queue's time-out refuses; any thread, must not block. May be empty.
  std::function<void()> on_timeout;
};

// Of one answered request.
struct CallTimes {
  std::chrono::nanoseconds queue{0};    // until an instance took its first row
  std::chrono::nanoseconds compute{0};  // from there to the answer, of which:
  std::chrono::nanoseconds stack{0};    // its share of making rows into tensors
  std::chrono::nanoseconds unstack{0};  // and back
};

// What a batcher tells of one run; called on the instance's thread, must not block.
struct RunReport {
  size_t rows = 0;
  size_t elements = 0;                       // without padding
  size_t padded_elements = 0;                // with padding
  std::chrono::nanoseconds run_time{0};      // all of it, of which:
  std::chrono::nanoseconds stack_time{0};    // rows to tensors
  std::chrono::nanoseconds unstack_time{0};  // tensors to rows
  std::chrono::nanoseconds longest_wait{0};  // of the row that waited longest for an instance
  bool ok = true;
};
using RunObserver = std::function<void(const RunReport&)>;

// Each instance has a thread of its own. The moment it is free it runs the row whose turn it is together with as many of
// those that wait as pays: those of like length (and only its part of them, for the other instances to have some too). Nothing
// waits for a batch to fill, unless QueueOptions::max_delay says so, and with n requests before it a request waits for n runs
// at most, whatever their size. Where there are priorities, that holds among requests of the same one: higher ones have their
// turn first, but for one of RowQueue::kMostPassed + 1 runs; lower ones fill up their runs.
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
  // INVALID_ARGUMENT: a row does not fit the model. RESOURCE_EXHAUSTED with RetryAfter: the queue is full. UNAVAILABLE with
  // RetryAfter: no row was taken before the queue's time-out.
  // CANCELLED, DEADLINE_EXCEEDED: at once when it happens, though a run under way is not stopped; no run is started for
  // it after that. UNAVAILABLE: the batcher is being destroyed. Else what the instance said.
  async::Task<absl::StatusOr<std::vector<Row>>> Run(RequestContext context, std::vector<Row> rows,
                                                    CallTimes* times = nullptr, QueueTerms terms = {});

  // The same for whole tensors, in the order of the model's inputs, whose first size is the batch (if the model batches).
  // They share runs with other requests' rows as rows do; where all rows of a request run together and alone, the
  // instance gets `inputs` themselves. `times` is written on success.
  async::Task<absl::StatusOr<std::vector<Tensor>>> RunTensors(RequestContext context,
                                                              std::vector<Tensor> inputs,
                                                              CallTimes* times = nullptr,
                                                              QueueTerms terms = {});

  // Rows that wait for an instance.
  size_t queued() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // shared with the calls under way
};

}  // namespace starling::inference
