#include "core/inference/batching/run_caller.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

struct CalledRun {
  std::shared_ptr<RunCaller> caller = std::make_shared<RunCaller>();
  std::vector<std::shared_ptr<RowJob>> jobs;  // those that were not over when it began
  MonotonicTime deadline = MonotonicTime::min();
};

// Under the batcher's lock.
CalledRun Begin(std::span<const QueuedRow> batch) {
  CalledRun run;
  for (const QueuedRow& row : batch) {
    const auto is_this = [&row](const auto& job) { return job == row.job; };
    if (row.job->over || std::any_of(run.jobs.begin(), run.jobs.end(), is_this)) continue;
    run.deadline = std::max(run.deadline, row.job->deadline);
    row.job->runs.push_back(run.caller);
    run.jobs.push_back(row.job);
  }
  run.caller->jobs = run.jobs.size();
  return run;
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> RunFor(Instance& instance, std::span<const QueuedRow> batch,
                                           std::span<const Tensor> tensors, std::mutex& lock) {
  if (!instance.uses_context()) return instance.Run(tensors);
  std::unique_lock guard(lock);
  const CalledRun run = Begin(batch);
  guard.unlock();
  if (run.jobs.empty()) return Cancelled("Nobody waits for this run any more.");
  const RequestContext& first = run.jobs.front()->context;
  const RequestContext context(first.origin(), run.deadline, run.caller->nobody_waits.token(), first.trace());
  auto outputs = instance.RunFor(context, tensors);
  guard.lock();
  for (const auto& job : run.jobs) std::erase(job->runs, run.caller);
  return outputs;
}

std::vector<std::shared_ptr<RunCaller>> LeaveRuns(RowJob& job) {
  std::vector<std::shared_ptr<RunCaller>> unwanted;
  for (auto& run : std::exchange(job.runs, {})) {
    if (--run->jobs == 0) unwanted.push_back(std::move(run));
  }
  return unwanted;
}

}  // namespace starling::inference
