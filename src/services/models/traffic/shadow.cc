#include "services/models/traffic/shadow.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/async/spawn.h"

namespace starling::models {
namespace {

using inference::Tensor;
using inference::TextClass;
using std::chrono::steady_clock;

// Comparing more than this takes long enough to leave the loop for it.
constexpr size_t kLarge = 64 * 1024;

size_t SizeOf(const std::vector<Tensor>& tensors) {
  size_t bytes = 0;
  for (const Tensor& tensor : tensors) bytes += tensor.data.size();
  return bytes;
}

std::vector<std::string> NamesOf(const std::vector<inference::TensorSpec>& specs) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(spec.name);
  return names;
}

// The tensors that `from` has, in the order of `to`. INVALID_ARGUMENT if one is missing.
absl::StatusOr<std::vector<Tensor>> Reordered(const std::vector<inference::TensorSpec>& from,
                                              const std::vector<inference::TensorSpec>& to,
                                              const std::vector<Tensor>& tensors) {
  std::vector<Tensor> ordered;
  for (const auto& wanted : to) {
    const auto found =
        std::find_if(from.begin(), from.end(), [&](const auto& spec) { return spec.name == wanted.name; });
    if (found == from.end()) return InvalidArgument("There is no input '", wanted.name, "'.");
    ordered.push_back(tensors[static_cast<size_t>(found - from.begin())]);
  }
  return ordered;
}

bool Agree(const std::vector<TextClass>& a, const std::vector<TextClass>& b, const Tolerance& tolerance) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto tensor = [](const TextClass& found) {
      return inference::MakeTensor<float>(inference::DataType::kFp32,
                                          {static_cast<int64_t>(found.probabilities.size())},
                                          found.probabilities);
    };
    if (a[i].label != b[i].label || !Agree({{""}, {tensor(a[i])}}, {{""}, {tensor(b[i])}}, tolerance))
      return false;
  }
  return true;
}

}  // namespace

// Room for one request, until it is destroyed. Its owner is the first parameter of a coroutine: that goes last.
class Shadow::Ticket {
 public:
  Ticket(std::shared_ptr<Load> load, size_t bytes) : load_(std::move(load)), bytes_(bytes) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() {
    const std::lock_guard lock(load_->mutex);
    --load_->requests;
    load_->bytes -= bytes_;
    load_->changed.notify_all();
  }

 private:
  const std::shared_ptr<Load> load_;
  const size_t bytes_;
};

Shadow::Shadow(ModelRepository& repository, ShadowOptions options)
    : repository_(repository), options_(options), pool_("model-shadow", 1, options.max_requests) {}

Shadow::~Shadow() {
  cancel_.Cancel();
  std::unique_lock lock(load_->mutex);
  load_->changed.wait(lock, [this] { return load_->requests == 0; });
}

std::unique_ptr<Shadow::Ticket> Shadow::Admit(const ActiveRule& rule, size_t bytes) {
  {
    const std::lock_guard lock(load_->mutex);
    if (load_->requests < options_.max_requests && bytes <= options_.max_bytes - load_->bytes) {
      ++load_->requests;
      load_->bytes += bytes;
      return std::make_unique<Ticket>(load_, bytes);
    }
  }
  rule.shadow()->dropped.Add();
  return nullptr;
}

RequestContext Shadow::Context() const {
  return RequestContext().WithCancel(cancel_.token()).WithDeadline(steady_clock::now() + options_.timeout);
}

void Shadow::Mirror(std::shared_ptr<const ActiveRule> rule, ModelLease model, std::vector<Tensor> inputs,
                    std::vector<Tensor> outputs) {
  async::Loop* loop = async::Loop::Current();
  auto ticket = Admit(*rule, SizeOf(inputs) + SizeOf(outputs));
  if (ticket == nullptr || loop == nullptr) return;
  async::Spawn(*loop, Run(std::move(ticket), std::move(rule), std::move(model), std::move(inputs),
                          std::move(outputs)));
}

void Shadow::MirrorTexts(std::shared_ptr<const ActiveRule> rule, std::vector<std::string> texts,
                         std::vector<TextClass> classes) {
  async::Loop* loop = async::Loop::Current();
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  auto ticket = Admit(*rule, bytes);
  if (ticket == nullptr || loop == nullptr) return;
  async::Spawn(*loop, RunTexts(std::move(ticket), std::move(rule), std::move(texts), std::move(classes)));
}

bool Shadow::CountRun(const ActiveRule& rule, MonotonicTime begin, const absl::Status& status) {
  TrafficArmState& arm = *rule.shadow();
  // It did not run: that says nothing of the version.
  if (absl::IsCancelled(status) || absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    arm.dropped.Add();
    return false;
  }
  const auto now = steady_clock::now();
  arm.window.AddRun(now, now - begin, !status.ok());
  if (status.ok()) return true;
  arm.shadow_failed.Add();
  arm.window.AddComparison(now, true);
  return false;
}

void Shadow::CountComparison(const ActiveRule& rule, bool agree) {
  TrafficArmState& arm = *rule.shadow();
  arm.window.AddComparison(steady_clock::now(), !agree);
  (agree ? arm.agreed : arm.differed).Add();
}

async::Task<void> Shadow::Run(std::unique_ptr<Ticket>, std::shared_ptr<const ActiveRule> rule,
                              ModelLease model, std::vector<Tensor> inputs, std::vector<Tensor> outputs) {
  const RequestContext context = Context();
  auto acquire = repository_.Acquire(context, rule->stored().model, rule->shadow()->version);
  const absl::StatusOr<ModelLease> shadow = co_await std::move(acquire);
  auto begin = steady_clock::now();
  if (!shadow.ok()) {
    CountRun(*rule, begin, shadow.status());
    co_return;
  }
  auto ordered = Reordered(model->package().inputs, (*shadow)->package().inputs, inputs);
  if (!ordered.ok()) {
    CountRun(*rule, begin, ordered.status());
    co_return;
  }
  auto infer = (*shadow)->Infer(context, *std::move(ordered));
  auto answers = co_await std::move(infer);
  if (!CountRun(*rule, begin, answers.status())) co_return;
  const bool large = SizeOf(outputs) > kLarge;
  const NamedOutputs ours = {NamesOf(model->package().outputs), std::move(outputs)};
  const NamedOutputs theirs = {NamesOf((*shadow)->package().outputs), *std::move(answers)};
  if (!large) {
    CountComparison(*rule, Agree(ours, theirs, rule->tolerance()));
    co_return;
  }
  auto compare = [&] { return Agree(ours, theirs, rule->tolerance()); };
  auto compared = pool_.Run(compare);
  const absl::StatusOr<bool> agree = co_await std::move(compared);
  if (agree.ok()) CountComparison(*rule, *agree);
}

async::Task<void> Shadow::RunTexts(std::unique_ptr<Ticket>, std::shared_ptr<const ActiveRule> rule,
                                   std::vector<std::string> texts, std::vector<TextClass> classes) {
  const RequestContext context = Context();
  auto acquire = repository_.Acquire(context, rule->stored().model, rule->shadow()->version);
  const absl::StatusOr<ModelLease> shadow = co_await std::move(acquire);
  const auto begin = steady_clock::now();
  if (!shadow.ok()) {
    CountRun(*rule, begin, shadow.status());
    co_return;
  }
  std::vector<std::string_view> views(texts.begin(), texts.end());
  auto classify = (*shadow)->Classify(context, std::move(views));
  const auto answers = co_await std::move(classify);
  if (CountRun(*rule, begin, answers.status()))
    CountComparison(*rule, Agree(classes, *answers, rule->tolerance()));
}

}  // namespace starling::models
