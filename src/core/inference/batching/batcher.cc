#include "core/inference/batching/batcher.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/async/loop.h"
#include "core/inference/batching/batch_choice.h"
#include "core/inference/batching/batch_tensors.h"
#include "core/inference/batching/row_queue.h"
#include "core/inference/batching/run_caller.h"

namespace starling::inference {

using std::chrono::steady_clock;
using Answer = async::Completion<absl::Status>;

struct Batcher::Core {
  explicit Core(BatcherOptions o)
      : options(std::move(o)), queue(std::max<size_t>(options.queue.levels.size(), 1)) {}

  BatcherOptions options;
  std::vector<TensorSpec> inputs;
  std::vector<std::unique_ptr<Instance>> instances;
  RunObserver observer;
  std::vector<std::thread> threads;

  mutable std::mutex mutex;
  std::condition_variable work_waits;
  RowQueue queue;
  size_t idle = 0;  // instances that wait for work
  bool stopping = false;
  double seconds_per_element = 0.0005;  // recent average, for RetryAfter alone

  // Instances' threads.
  void Serve(Instance& instance);
  void WaitForMore(std::unique_lock<std::mutex>& lock);
  Batch Take(const RunPlan& previous);
  Batch TakeLocked(const RunPlan& previous, std::vector<std::shared_ptr<RowJob>>* expired);
  void RunBatch(Instance& instance, const Batch& batch);
  absl::Status RunOnce(Instance& instance, std::span<const QueuedRow> batch, size_t length);
  absl::Status StackAndRun(Instance& instance, std::span<const QueuedRow> batch, size_t length,
                           RunReport* report);
  absl::Status RunWhole(Instance& instance, std::span<const QueuedRow> batch);
  void FinishRows(std::span<const QueuedRow> batch, const absl::Status& status);

  // The caller's thread.
  std::shared_ptr<RowJob> MakeJob(std::vector<Row> rows, const QueueTerms& terms,
                                  async::Completer<absl::Status> done) const;
  size_t Length(const Row& row) const;
  // Queues the job and waits for its end.
  static async::Task<absl::Status> Wait(std::shared_ptr<Core> core, RequestContext context,
                                        std::shared_ptr<RowJob> job, Answer answer, CallTimes* times);

  // Any thread. Answers `job` unless it was answered before.
  void End(const std::shared_ptr<RowJob>& job, const absl::Status& status);
  // The queue's time-out: refuses `job` if none of its rows was taken.
  void GiveUp(const std::shared_ptr<RowJob>& job);
  void EndLate(const std::shared_ptr<RowJob>& job);
  absl::Status Enqueue(const std::shared_ptr<RowJob>& job);
  // Under the lock: when what waits now will have run.
  std::chrono::milliseconds RetryDelay() const;
};

Batcher::Batcher(BatcherOptions options, std::vector<TensorSpec> inputs,
                 std::vector<std::unique_ptr<Instance>> instances, RunObserver observer)
    : core_(std::make_shared<Core>(std::move(options))) {
  core_->inputs = std::move(inputs);
  core_->instances = std::move(instances);
  core_->observer = std::move(observer);
  const std::string thread_name = core_->options.name.substr(0, 15);
  for (auto& instance : core_->instances) {
    core_->threads.emplace_back([core = core_.get(), seat = instance.get()] { core->Serve(*seat); });
    pthread_setname_np(core_->threads.back().native_handle(), thread_name.c_str());
  }
}

Batcher::~Batcher() {
  std::vector<std::shared_ptr<RowJob>> waiting;
  {
    std::lock_guard lock(core_->mutex);
    core_->stopping = true;
    waiting = core_->queue.TakeAll();
  }
  core_->work_waits.notify_all();
  for (const auto& job : waiting)
    core_->End(job, Unavailable("Model '", core_->options.name, "' is being unloaded."));
  for (auto& thread : core_->threads) thread.join();
  core_->instances.clear();
}

size_t Batcher::queued() const {
  std::lock_guard lock(core_->mutex);
  return core_->queue.waiting();
}

async::Task<absl::StatusOr<std::vector<Row>>> Batcher::Run(RequestContext context, std::vector<Row> rows,
                                                           CallTimes* times, QueueTerms terms) {
  const auto core = core_;
  if (rows.empty()) co_return std::vector<Row>();
  for (const Row& row : rows) CO_RETURN_IF_ERROR(CheckRow(core->inputs, row));
  Answer answer;
  const auto job = core->MakeJob(std::move(rows), terms, answer.completer());
  const absl::Status status = co_await Core::Wait(core, std::move(context), job, std::move(answer), times);
  CO_RETURN_IF_ERROR(status);
  co_return std::move(job->results);
}

async::Task<absl::StatusOr<std::vector<Tensor>>> Batcher::RunTensors(RequestContext context,
                                                                     std::vector<Tensor> inputs,
                                                                     CallTimes* times, QueueTerms terms) {
  const auto core = core_;
  CO_RETURN_IF_ERROR(CheckInputs(core->inputs, inputs));
  for (Tensor& input : inputs) input = Aligned(std::move(input));
  std::vector<Row> rows = {inputs};
  if (core->options.batches) {
    CO_ASSIGN_OR_RETURN(rows, SplitBatch(core->inputs, inputs));
  }
  Answer answer;
  const auto job = core->MakeJob(std::move(rows), terms, answer.completer());
  job->whole = std::move(inputs);
  const absl::Status status = co_await Core::Wait(core, std::move(context), job, std::move(answer), times);
  CO_RETURN_IF_ERROR(status);
  if (!job->whole_results.empty()) co_return std::move(job->whole_results);
  co_return JoinBatch(job->results);
}

std::shared_ptr<RowJob> Batcher::Core::MakeJob(std::vector<Row> rows, const QueueTerms& terms,
                                               async::Completer<absl::Status> done) const {
  std::vector<size_t> lengths;
  lengths.reserve(rows.size());
  for (const Row& row : rows) lengths.push_back(Length(row));
  auto job = MakeRowJob(std::move(rows), std::move(lengths), std::move(done));
  job->level = options.queue.LevelOf(terms.priority);
  job->queued_at = steady_clock::now();
  const auto timeout = options.queue.PolicyOf(job->level).TimeoutFor(terms.timeout);
  if (timeout.count() > 0) job->give_up_at = job->queued_at + timeout;
  return job;
}

// Only a size that requests choose makes one row dearer than another.
size_t Batcher::Core::Length(const Row& row) const {
  if (options.pads) return RowLength(row);
  if (!options.batches) return 1;
  int64_t length = 1;
  for (size_t i = 0; i < row.size(); ++i) {
    if (inputs[i].shape.size() > 1 && inputs[i].shape[1] < 0) length = std::max(length, row[i].shape[0]);
  }
  return static_cast<size_t>(length);
}

async::Task<absl::Status> Batcher::Core::Wait(std::shared_ptr<Core> core, RequestContext context,
                                              std::shared_ptr<RowJob> job, Answer answer, CallTimes* times) {
  CO_RETURN_IF_ERROR(context.Check());
  job->deadline = context.deadline();
  job->context = context;
  CO_RETURN_IF_ERROR(core->Enqueue(job));

  const auto registration =
      context.cancel().OnCancel([core, job](const absl::Status& reason) { core->End(job, reason); });
  async::Timer deadline, timeout;
  if (async::Loop* const loop = async::Loop::Current(); loop != nullptr) {
    if (context.has_deadline())
      deadline = loop->After(job->deadline - steady_clock::now(), [core, job] { core->EndLate(job); });
    if (job->give_up_at != kNoDeadline)
      timeout = loop->After(job->give_up_at - steady_clock::now(), [core, job] { core->GiveUp(job); });
  }
  const absl::Status status = co_await answer;
  if (times != nullptr && status.ok()) {
    times->queue = job->taken_at - job->queued_at;
    times->compute = steady_clock::now() - job->taken_at;
    times->stack = job->stack_time;
    times->unstack = job->unstack_time;
  }
  co_return status;
}

absl::Status Batcher::Core::Enqueue(const std::shared_ptr<RowJob>& job) {
  {
    std::lock_guard lock(mutex);
    if (stopping) return Unavailable("Model '", options.name, "' is being unloaded.");
    const size_t waiting = queue.waiting(job->level);
    if (waiting > 0 && waiting + job->rows.size() > options.queue.PolicyOf(job->level).max_queue) {
      return WithRetryAfter(ResourceExhausted("The queue of model '", options.name, "' is full."),
                            RetryDelay());
    }
    queue.Push(job);
  }
  work_waits.notify_one();
  return absl::OkStatus();
}

std::chrono::milliseconds Batcher::Core::RetryDelay() const {
  const double seconds = static_cast<double>(queue.waiting_elements()) * seconds_per_element /
                         static_cast<double>(instances.size());
  return std::chrono::milliseconds(static_cast<int64_t>(std::clamp(seconds, 0.1, 60.0) * 1000));
}

void Batcher::Core::EndLate(const std::shared_ptr<RowJob>& job) {
  End(job, DeadlineExceeded("The deadline passed while the request waited for model '", options.name, "'."));
}

void Batcher::Core::GiveUp(const std::shared_ptr<RowJob>& job) {
  std::chrono::milliseconds delay(0);
  {
    std::lock_guard lock(mutex);
    if (job->over || job->taken()) return;
    job->over = true;
    queue.Remove(*job);
    delay = RetryDelay();
  }
  if (options.on_timeout) options.on_timeout();
  job->done.Set(WithRetryAfter(
      Unavailable("The request waited too long for model '", options.name, "': its queue's time-out passed."),
      delay));
}

void Batcher::Core::End(const std::shared_ptr<RowJob>& job, const absl::Status& status) {
  std::vector<std::shared_ptr<RunCaller>> unwanted;
  {
    std::lock_guard lock(mutex);
    if (job->over) return;
    job->over = true;
    queue.Remove(*job);
    unwanted = LeaveRuns(*job);
  }
  // At its deadline a run ends by itself, and says so to whom it waited for.
  if (!absl::IsDeadlineExceeded(status)) {
    for (const auto& run : unwanted) run->nobody_waits.Cancel();
  }
  job->done.Set(status);
}

void Batcher::Core::Serve(Instance& instance) {
  RunPlan previous;
  while (true) {
    {
      std::unique_lock lock(mutex);
      ++idle;
      work_waits.wait(lock, [this] { return stopping || !queue.empty(); });
      if (options.queue.max_delay.count() > 0) WaitForMore(lock);
      --idle;
      if (stopping) return;
    }
    const Batch batch = Take(previous);
    if (batch.rows.empty()) continue;
    RunBatch(instance, batch);
    previous = batch.plan;
  }
}

// Returns with an empty queue too, if what waited went away.
void Batcher::Core::WaitForMore(std::unique_lock<std::mutex>& lock) {
  const auto& preferred = options.queue.preferred_sizes;
  const size_t enough =
      preferred.empty() ? options.run.max_rows : *std::min_element(preferred.begin(), preferred.end());
  while (!stopping && !queue.empty() && queue.waiting() < enough) {
    const MonotonicTime due = queue.DueAt(options.queue.max_delay);
    if (steady_clock::now() >= due) return;
    work_waits.wait_until(lock, due);
  }
}

Batch Batcher::Core::Take(const RunPlan& previous) {
  std::vector<std::shared_ptr<RowJob>> expired;
  Batch batch;
  bool more = false;
  {
    std::lock_guard lock(mutex);
    batch = TakeLocked(previous, &expired);
    more = !queue.empty();
  }
  if (more) work_waits.notify_one();
  for (const auto& job : expired) job->deadline <= steady_clock::now() ? EndLate(job) : GiveUp(job);
  return batch;
}

Batch Batcher::Core::TakeLocked(const RunPlan& previous, std::vector<std::shared_ptr<RowJob>>* expired) {
  const auto now = steady_clock::now();
  RunLimits limits = options.run;
  // What waited to run together is not shared.
  if (options.queue.max_delay.count() == 0)
    limits.max_rows = ShareOf(queue.waiting(), idle, instances.size(), options.pads, limits.max_rows);
  std::vector<QueuedRow> rows =
      queue.Next(options.run.max_rows, std::max<size_t>(options.run.max_rows / 4, 1), now, expired);
  if (rows.empty()) return {};
  Batch batch = options.pads ? ChoosePadded(rows, limits, previous) : ChooseAlike(rows, limits);
  queue.Take(rows.front().job, batch.rows);
  for (const QueuedRow& row : batch.rows) {
    if (!row.job->taken()) row.job->taken_at = now;
  }
  return batch;
}

void Batcher::Core::RunBatch(Instance& instance, const Batch& batch) {
  const absl::Status status = RunOnce(instance, batch.rows, batch.plan.length);
  if (absl::IsInvalidArgument(status) && batch.rows.size() > 1) {
    // Rows that do not go together, or one that is wrong: each answers for itself.
    for (const QueuedRow& row : batch.rows) FinishRows({&row, 1}, RunOnce(instance, {&row, 1}, row.length()));
  } else {
    FinishRows(batch.rows, status);
  }
}

absl::Status Batcher::Core::RunOnce(Instance& instance, std::span<const QueuedRow> batch, size_t length) {
  RunReport report;
  report.rows = batch.size();
  report.padded_elements = batch.size() * length;
  const auto begin = steady_clock::now();
  for (const QueuedRow& row : batch) {
    report.elements += row.length();
    report.longest_wait = std::max<std::chrono::nanoseconds>(report.longest_wait, begin - row.job->queued_at);
  }
  const absl::Status status = StackAndRun(instance, batch, length, &report);
  report.run_time = steady_clock::now() - begin;
  report.ok = status.ok();
  {
    std::lock_guard lock(mutex);
    const double seconds = std::chrono::duration<double>(report.run_time).count();
    seconds_per_element += 0.1 * (seconds / static_cast<double>(report.elements) - seconds_per_element);
    for (const QueuedRow& row : batch) {
      row.job->stack_time += report.stack_time / batch.size();
      row.job->unstack_time += report.unstack_time / batch.size();
    }
  }
  if (observer) observer(report);
  return status;
}

absl::Status Batcher::Core::StackAndRun(Instance& instance, std::span<const QueuedRow> batch, size_t length,
                                        RunReport* report) {
  RowJob& first = *batch.front().job;
  const bool is_whole = !first.whole.empty() && batch.size() == first.rows.size() &&
                        std::all_of(batch.begin(), batch.end(), [&](const QueuedRow& row) {
                          return row.job.get() == &first && row.length() == length;
                        });
  // Equal lengths leave a request's rows in their order, so its tensors are what stacking would make again.
  if (is_whole) return RunWhole(instance, batch);

  const auto begin = steady_clock::now();
  std::vector<const Row*> rows;
  rows.reserve(batch.size());
  for (const QueuedRow& taken : batch) rows.push_back(&taken.job->rows[taken.row]);
  ASSIGN_OR_RETURN(const std::vector<Tensor> stacked, StackRows(inputs, rows, length));
  const auto stacked_at = steady_clock::now();
  ASSIGN_OR_RETURN(const std::vector<Tensor> outputs, RunFor(instance, batch, stacked, mutex));
  const auto run_at = steady_clock::now();
  ASSIGN_OR_RETURN(std::vector<Row> results, UnstackRows(outputs, batch.size()));
  for (size_t i = 0; i < batch.size(); ++i) batch[i].job->results[batch[i].row] = std::move(results[i]);
  report->stack_time = stacked_at - begin;
  report->unstack_time = steady_clock::now() - run_at;
  return absl::OkStatus();
}

absl::Status Batcher::Core::RunWhole(Instance& instance, std::span<const QueuedRow> batch) {
  RowJob& job = *batch.front().job;
  ASSIGN_OR_RETURN(std::vector<Tensor> outputs, RunFor(instance, batch, job.whole, mutex));
  const auto rows = static_cast<int64_t>(job.rows.size());
  for (const Tensor& output : outputs) {
    if (options.batches && (output.shape.empty() || output.shape[0] != rows)) {
      return Internal("A run of ", rows, " rows gave an output of shape ", ToString(output.shape), ".");
    }
  }
  job.whole_results = std::move(outputs);
  return absl::OkStatus();
}

void Batcher::Core::FinishRows(std::span<const QueuedRow> batch, const absl::Status& status) {
  if (!status.ok()) {
    for (const QueuedRow& row : batch) End(row.job, status);
    return;
  }
  std::vector<std::shared_ptr<RowJob>> finished;
  {
    std::lock_guard lock(mutex);
    for (const QueuedRow& row : batch) {
      if (--row.job->unfinished == 0 && !row.job->over) {
        row.job->over = true;
        finished.push_back(row.job);
      }
    }
  }
  for (const auto& job : finished) job->done.Set(absl::OkStatus());
}

}  // namespace starling::inference
