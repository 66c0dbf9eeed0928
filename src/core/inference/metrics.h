// What the batchers of a program tell its metrics.
#pragma once

#include <string_view>

#include "core/inference/batching/batcher.h"
#include "core/observe/registry.h"

namespace starling::inference {

// Declares the metrics of inference, all labelled by model and version:
//   starling.inference.run.duration     s          one run of a batch
//   starling.inference.queue.duration   s          how long the first row of a run waited for an instance
//   starling.inference.batch.size       {row}      rows of one run
//   starling.inference.rows             {row}      rows that were run
//   starling.inference.run.errors       {run}      runs that failed
//   starling.inference.elements         {element}  for example tokens, without padding
//   starling.inference.padding          {element}  what padding added to them
// The registry outlives the observer.
RunObserver MetricsObserver(observe::Registry& registry, std::string_view model, std::string_view version);

// starling.inference.queue.timeouts {request}: requests that waited longer than the model's queue time-out. The registry outlives
// the counter.
observe::Counter QueueTimeouts(observe::Registry& registry, std::string_view model, std::string_view version);

// starling.inference.queue.size {row}: rows that wait. Drop the registration before the batcher ends.
[[nodiscard]] observe::CallbackRegistration ReportQueueSize(observe::Registry& registry,
                                                            std::string_view model, std::string_view version,
                                                            std::function<size_t()> queued);

}  // namespace starling::inference
