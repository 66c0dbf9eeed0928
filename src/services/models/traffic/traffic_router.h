// TrafficRouter: which version answers a request, by the rules that hold now.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "services/models/repository/model_repository.h"
#include "services/models/traffic/active_rule.h"
#include "services/models/traffic/shadow.h"

namespace starling::models {

// The way of one request: which version is to be acquired, and through what it runs, so that it is counted and mirrored. Of a request
// without a rule it is empty and adds nothing. A value; what it came from outlives it.
class TrafficRoute {
 public:
  TrafficRoute() = default;
  TrafficRoute(std::shared_ptr<const ActiveRule> rule, TrafficArmState& arm, Shadow& shadow)
      : rule_(std::move(rule)), arm_(&arm), shadow_(&shadow) {}

  bool has_rule() const { return rule_ != nullptr; }
  // `version` unless a rule says otherwise; a view into the argument or the route.
  std::string_view VersionOr(std::string_view version) const {
    return rule_ == nullptr ? version : std::string_view(arm_->version);
  }

  // As ServedModel::Infer and Classify. The model and the route live until the task is done.
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Infer(const ModelLease& model,
                                                                    RequestContext context,
                                                                    std::vector<inference::Tensor> inputs,
                                                                    GraphCall call = {}) const {
    if (rule_ == nullptr) return model->Infer(std::move(context), std::move(inputs), call);
    return InferByRule(model, std::move(context), std::move(inputs), call);
  }
  async::Task<absl::StatusOr<std::vector<inference::TextClass>>> Classify(
      const ModelLease& model, RequestContext context, std::vector<std::string_view> texts,
      inference::QueueTerms terms = {}) const {
    if (rule_ == nullptr) return model->Classify(std::move(context), std::move(texts), terms);
    return ClassifyByRule(model, std::move(context), std::move(texts), terms);
  }
  // For a request that failed before it ran. Gives back its argument.
  absl::Status Failed(absl::Status status) const;

 private:
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> InferByRule(
      const ModelLease& model, RequestContext context, std::vector<inference::Tensor> inputs,
      GraphCall call) const;
  async::Task<absl::StatusOr<std::vector<inference::TextClass>>> ClassifyByRule(
      const ModelLease& model, RequestContext context, std::vector<std::string_view> texts,
      inference::QueueTerms terms) const;
  void Count(MonotonicTime begin, const absl::Status& status) const;
  bool TakesShadow() const;

  std::shared_ptr<const ActiveRule> rule_;
  TrafficArmState* arm_ = nullptr;  // of rule_
  Shadow* shadow_ = nullptr;
};

// Thread-safe.
class TrafficRouter final : public StepRouter {
 public:
  // The repository and the registry outlive it. From now on the steps of graphs go by the rules too.
  TrafficRouter(ModelRepository& repository, observe::Registry& metrics, ShadowOptions shadow);
  ~TrafficRouter() override;
  TrafficRouter(const TrafficRouter&) = delete;

  // Whether there is any rule: what every request asks. No lock.
  bool active() const { return active_.load(std::memory_order_relaxed); }

  // Empty unless `alias` is one with a rule. A version that is not loaded gets nothing: the stable one answers for it.
  TrafficRoute Route(std::string_view model, std::string_view alias, const RequestContext& context,
                     std::string_view sticky_key);
  async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireByRule(
      RequestContext context, std::string_view name, std::string_view version,
      std::string_view sticky_key) override;

  // The rule holds from now on; with `anew` what was observed is forgotten.
  void Apply(StoredRule stored, bool anew, MonotonicTime now);
  void Erase(const std::string& model, const std::string& alias);

  std::shared_ptr<const ActiveRule> Find(std::string_view model, std::string_view alias) const;
  std::vector<std::shared_ptr<const ActiveRule>> All() const;
  TrafficMetrics& metrics() { return metrics_; }

 private:
  ModelRepository& repository_;
  TrafficMetrics metrics_;
  std::atomic<bool> active_{false};
  mutable std::shared_mutex mutex_;  // guards rules_
  std::map<std::string, std::map<std::string, std::shared_ptr<const ActiveRule>, std::less<>>, std::less<>>
      rules_;
  Shadow shadow_;  // last: its requests use the rest
};

}  // namespace starling::models
