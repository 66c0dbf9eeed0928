#include "core/inference/batching/batcher.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/async/loop.h"
#include "core/inference/batching/batch_tensors.h"
#include "core/inference/batching/row_queue.h"
#include "core/inference/batching/run_caller.h"

namespace starling::inference {

using std::chrono::steady_clock;
using Answer = async::Completion<absl::Status>;

struct Batcher::Core {
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

  // What runs next on an instance: rows that wait no more.
  struct Batch {
    std::vector<QueuedRow> rows;
    RunPlan plan;
  };

  // Instances' threads.
  void Serve(Instance& instance);
  Batch Take(const RunPlan& previous);
  Batch TakeLocked(const RunPlan& previous, std::vector<std::shared_ptr<RowJob>>* expired);
  static Batch ChoosePadded(const std::vector<QueuedRow>& rows, const RunLimits& limits,
                            const RunPlan& previous);
  static Batch ChooseAlike(const std::vector<QueuedRow>& rows, const RunLimits& limits);
  void RunBatch(Instance& instance, const Batch& batch);
  absl::Status RunOnce(Instance& instance, std::span<const QueuedRow> batch, size_t length);
  absl::Status StackAndRun(Instance& instance, std::span<const QueuedRow> batch, size_t length,
                           RunReport* report);
  absl::Status RunWhole(Instance& instance, std::span<const QueuedRow> batch);
  void FinishRows(std::span<const QueuedRow> batch, const absl::Status& status);

  // The caller's thread.
  std::shared_ptr<RowJob> MakeJob(std::vector<Row> rows, async::Completer<absl::Status> done) const;
  size_t Length(const Row& row) const;
  // Queues the job and waits for its end.
  static async::Task<absl::Status> Wait(std::shared_ptr<Core> core, RequestContext context,
                                        std::shared_ptr<RowJob> job, Answer answer, CallTimes* times);

  // Any thread. Answers `job` unless it was answered before.
  void End(const std::shared_ptr<RowJob>& job, const absl::Status& status);
  absl::Status Enqueue(const std::shared_ptr<RowJob>& job);
  absl::Status Full() const;
};

Batcher::Batcher(BatcherOptions options, std::vector<TensorSpec> inputs,
                 std::vector<std::unique_ptr<Instance>> instances, RunObserver observer)
    : core_(std::make_shared<Core>()) {
  core_->options = std::move(options);
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
                                                           CallTimes* times) {
  const auto core = core_;
  if (rows.empty()) co_return std::vector<Row>();
  for (const Row& row : rows) CO_RETURN_IF_ERROR(CheckRow(core->inputs, row));
  Answer answer;
  const auto job = core->MakeJob(std::move(rows), answer.completer());
  const absl::Status status = co_await Core::Wait(core, std::move(context), job, std::move(answer), times);
  CO_RETURN_IF_ERROR(status);
  co_return std::move(job->results);
}

async::Task<absl::StatusOr<std::vector<Tensor>>> Batcher::RunTensors(RequestContext context,
                                                                     std::vector<Tensor> inputs,
                                                                     CallTimes* times) {
  const auto core = core_;
  CO_RETURN_IF_ERROR(CheckInputs(core->inputs, inputs));
  for (Tensor& input : inputs) input = Aligned(std::move(input));
  std::vector<Row> rows = {inputs};
  if (core->options.batches) {
    CO_ASSIGN_OR_RETURN(rows, SplitBatch(core->inputs, inputs));
  }
  Answer answer;
  const auto job = core->MakeJob(std::move(rows), answer.completer());
  job->whole = std::move(inputs);
  const absl::Status status = co_await Core::Wait(core, std::move(context), job, std::move(answer), times);
  CO_RETURN_IF_ERROR(status);
  if (!job->whole_results.empty()) co_return std::move(job->whole_results);
  co_return JoinBatch(job->results);
}

std::shared_ptr<RowJob> Batcher::Core::MakeJob(std::vector<Row> rows,
                                               async::Completer<absl::Status> done) const {
  const auto job = std::make_shared<RowJob>(std::move(done));
  job->lengths.reserve(rows.size());
  for (const Row& row : rows) job->lengths.push_back(Length(row));
  job->unfinished = rows.size();
  job->results.resize(rows.size());
  job->rows = std::move(rows);
  job->waiting.resize(job->rows.size());
  std::iota(job->waiting.begin(), job->waiting.end(), size_t{0});
  // By length, then by number: the order of the request where lengths are the same.
  std::sort(job->waiting.begin(), job->waiting.end(), [&job](size_t a, size_t b) {
    return job->lengths[a] != job->lengths[b] ? job->lengths[a] < job->lengths[b] : a < b;
  });
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
  job->queued_at = steady_clock::now();
  CO_RETURN_IF_ERROR(core->Enqueue(job));

  const auto registration =
      context.cancel().OnCancel([core, job](const absl::Status& reason) { core->End(job, reason); });
  async::Timer timer;
  if (context.has_deadline() && async::Loop::Current() != nullptr) {
    timer = async::Loop::Current()->After(context.deadline() - steady_clock::now(), [core, job] {
      core->End(job, DeadlineExceeded("The deadline passed while the request waited for model '",
                                      core->options.name, "'."));
    });
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
    if (!queue.empty() && queue.waiting() + job->rows.size() > options.max_queue) return Full();
    queue.Push(job);
  }
  work_waits.notify_one();
  return absl::OkStatus();
}

absl::Status Batcher::Core::Full() const {
  const double seconds = static_cast<double>(queue.waiting_elements()) * seconds_per_element /
                         static_cast<double>(instances.size());
  const std::chrono::milliseconds delay(static_cast<int64_t>(std::clamp(seconds, 0.1, 60.0) * 1000));
  return WithRetryAfter(ResourceExhausted("The queue of model '", options.name, "' is full."), delay);
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
      --idle;
      if (stopping) return;
    }
    const Batch batch = Take(previous);
    if (batch.rows.empty()) continue;
    RunBatch(instance, batch);
    previous = batch.plan;
  }
}

Batcher::Core::Batch Batcher::Core::Take(const RunPlan& previous) {
  std::vector<std::shared_ptr<RowJob>> expired;
  Batch batch;
  bool more = false;
  {
    std::lock_guard lock(mutex);
    batch = TakeLocked(previous, &expired);
    more = !queue.empty();
  }
  if (more) work_waits.notify_one();
  for (const auto& job : expired) {
    End(job,
        DeadlineExceeded("The deadline passed while the request waited for model '", options.name, "'."));
  }
  return batch;
}

Batcher::Core::Batch Batcher::Core::TakeLocked(const RunPlan& previous,
                                               std::vector<std::shared_ptr<RowJob>>* expired) {
  const auto now = steady_clock::now();
  // Idle instances get their part of what waits.
  RunLimits limits = options.run;
  const size_t sharers = 1 + idle;
  limits.max_rows = std::min(limits.max_rows, (queue.waiting() + sharers - 1) / sharers);
  std::vector<QueuedRow> rows =
      queue.Next(options.run.max_rows, std::max<size_t>(options.run.max_rows / 4, 1), now, expired);
  if (rows.empty()) return {};
  Batch batch = options.pads ? ChoosePadded(rows, limits, previous) : ChooseAlike(rows, limits);
  queue.Take(batch.rows);
  for (const QueuedRow& row : batch.rows) {
    if (row.job->taken_at == MonotonicTime::min()) row.job->taken_at = now;
  }
  return batch;
}

// The oldest row with those of like length.
Batcher::Core::Batch Batcher::Core::ChoosePadded(const std::vector<QueuedRow>& rows, const RunLimits& limits,
                                                 const RunPlan& previous) {
  std::vector<size_t> order(rows.size());  // by ascending length, the older one first
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&rows](size_t a, size_t b) {
    return rows[a].length() != rows[b].length() ? rows[a].length() < rows[b].length() : a < b;
  });
  std::vector<size_t> lengths;
  lengths.reserve(rows.size());
  for (const size_t row : order) lengths.push_back(rows[row].length());
  const auto oldest = static_cast<size_t>(std::find(order.begin(), order.end(), 0u) - order.begin());
  Batch batch{{}, PlanRunOf(oldest, lengths, limits, previous)};
  for (size_t i = batch.plan.first; i < batch.plan.first + batch.plan.rows; ++i)
    batch.rows.push_back(rows[order[i]]);
  return batch;
}

// The oldest row with those of the same shapes.
Batcher::Core::Batch Batcher::Core::ChooseAlike(const std::vector<QueuedRow>& rows, const RunLimits& limits) {
  const QueuedRow& oldest = rows.front();
  const size_t most = std::clamp<size_t>(limits.max_elements / oldest.length(), 1, limits.max_rows);
  Batch batch;
  for (const QueuedRow& row : rows) {
    if (batch.rows.size() == most) break;
    if (SameShapes(oldest.job->rows[oldest.row], row.job->rows[row.row])) batch.rows.push_back(row);
  }
  batch.plan = {0, batch.rows.size(), oldest.length()};
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
