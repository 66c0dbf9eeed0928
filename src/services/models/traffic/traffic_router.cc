#include "services/models/traffic/traffic_router.h"

#include <mutex>
#include <utility>

#include "base/status.h"

namespace starling::models {

using inference::Tensor;
using inference::TextClass;
using std::chrono::steady_clock;

namespace {

// A step's model that runs through a rule.
class RoutedStep final : public StepModel {
 public:
  RoutedStep(ModelLease model, TrafficRoute route) : model_(std::move(model)), route_(std::move(route)) {}
  const inference::ModelPackage& package() const override { return model_->package(); }
  async::Task<absl::StatusOr<std::vector<Tensor>>> Infer(RequestContext context, std::vector<Tensor> inputs,
                                                         GraphCall call) const override {
    return route_.Infer(model_, std::move(context), std::move(inputs), call);
  }
  absl::Status Failed(absl::Status status) const override { return route_.Failed(std::move(status)); }

 private:
  const ModelLease model_;
  const TrafficRoute route_;
};

}  // namespace

TrafficRouter::TrafficRouter(ModelRepository& repository, observe::Registry& metrics, ShadowOptions shadow)
    : repository_(repository), metrics_(metrics), shadow_(repository, shadow) {
  repository_.steps().RouteBy(this);
}

TrafficRouter::~TrafficRouter() { repository_.steps().RouteBy(nullptr); }

async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> TrafficRouter::AcquireByRule(
    RequestContext context, std::string_view name, std::string_view version, std::string_view sticky_key) {
  TrafficRoute route = Route(name, version, context, sticky_key);
  auto acquire = repository_.Acquire(std::move(context), name, route.VersionOr(version), version);
  absl::StatusOr<ModelLease> model = co_await std::move(acquire);
  if (!model.ok()) co_return route.Failed(model.status());
  std::shared_ptr<const StepModel> step = *model;
  if (route.has_rule()) step = std::make_shared<RoutedStep>(*std::move(model), std::move(route));
  co_return step;
}

void TrafficRoute::Count(MonotonicTime begin, const absl::Status& status) const {
  const auto now = steady_clock::now();
  if (absl::IsCancelled(status)) return arm_->window.AddAbandoned(now, now - begin);
  arm_->window.AddRun(now, now - begin, !status.ok());
  (status.ok() ? arm_->answered : arm_->failed).Add();
}

absl::Status TrafficRoute::Failed(absl::Status status) const {
  if (rule_ != nullptr) Count(steady_clock::now(), status);
  return status;
}

bool TrafficRoute::TakesShadow() const { return arm_ == &rule_->stable() && rule_->TakesShadow(); }

async::Task<absl::StatusOr<std::vector<Tensor>>> TrafficRoute::InferByRule(const ModelLease& model,
                                                                           RequestContext context,
                                                                           std::vector<Tensor> inputs,
                                                                           GraphCall call) const {
  const bool mirrors = TakesShadow();
  std::vector<Tensor> asked;
  if (mirrors) asked = inputs;
  const auto begin = steady_clock::now();
  auto infer = model->Infer(std::move(context), std::move(inputs), call);
  auto outputs = co_await std::move(infer);
  Count(begin, outputs.status());
  if (mirrors && outputs.ok()) shadow_->Mirror(rule_, model, std::move(asked), *outputs);
  co_return outputs;
}

async::Task<absl::StatusOr<std::vector<TextClass>>> TrafficRoute::ClassifyByRule(
    const ModelLease& model, RequestContext context, std::vector<std::string_view> texts,
    inference::QueueTerms terms) const {
  const bool mirrors = TakesShadow();
  std::vector<std::string> asked;
  if (mirrors) asked.assign(texts.begin(), texts.end());
  const auto begin = steady_clock::now();
  auto classify = model->Classify(std::move(context), std::move(texts), terms);
  auto classes = co_await std::move(classify);
  Count(begin, classes.status());
  if (mirrors && classes.ok()) shadow_->MirrorTexts(rule_, std::move(asked), *classes);
  co_return classes;
}

std::shared_ptr<const ActiveRule> TrafficRouter::Find(std::string_view model, std::string_view alias) const {
  const std::shared_lock lock(mutex_);
  const auto rules = rules_.find(model);
  if (rules == rules_.end()) return nullptr;
  const auto rule = rules->second.find(alias);
  return rule == rules->second.end() ? nullptr : rule->second;
}

TrafficRoute TrafficRouter::Route(std::string_view model, std::string_view alias,
                                  const RequestContext& context, std::string_view sticky_key) {
  if (!active()) return {};
  const size_t at = model.rfind('@');
  if (alias.empty() && at != std::string_view::npos) {  // both in one word
    alias = model.substr(at + 1);
    model = model.substr(0, at);
  }
  if (alias.empty()) return {};
  auto rule = Find(model, alias);
  if (rule == nullptr) return {};
  const bool by_caller = rule->rule().sticky_by() == v1::STICKY_BY_CALLER;
  const std::string_view key = sticky_key.empty() && by_caller ? context.principal().name : sticky_key;
  TrafficArmState* arm = &rule->At(rule->SlotFor(key));
  if (arm != &rule->stable() && !repository_.CanServe(model, arm->version)) arm = &rule->stable();
  // The alias was moved in the repository and this version has gone; the rule hears of it in a moment.
  if (arm == &rule->stable() && !repository_.CanServe(model, arm->version)) return {};
  return {std::move(rule), *arm, shadow_};
}

void TrafficRouter::Apply(StoredRule stored, bool anew, MonotonicTime now) {
  const auto before = Find(stored.model, stored.alias);
  repository_.SetAlias(stored.model, stored.alias, stored.rule.stable());
  auto rule =
      std::make_shared<const ActiveRule>(std::move(stored), anew ? nullptr : before.get(), now, metrics_);
  const std::unique_lock lock(mutex_);
  rules_[rule->stored().model][rule->stored().alias] = rule;
  active_ = true;
}

void TrafficRouter::Erase(const std::string& model, const std::string& alias) {
  repository_.SetAlias(model, alias, "");
  const std::unique_lock lock(mutex_);
  const auto rules = rules_.find(model);
  if (rules == rules_.end()) return;
  rules->second.erase(alias);
  if (rules->second.empty()) rules_.erase(rules);
  active_ = !rules_.empty();
}

std::vector<std::shared_ptr<const ActiveRule>> TrafficRouter::All() const {
  std::vector<std::shared_ptr<const ActiveRule>> all;
  const std::shared_lock lock(mutex_);
  for (const auto& [model, rules] : rules_) {
    for (const auto& [alias, rule] : rules) all.push_back(rule);
  }
  return all;
}

}  // namespace starling::models
