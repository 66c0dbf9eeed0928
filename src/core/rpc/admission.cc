#include "core/rpc/admission.h"

#include "base/status.h"

namespace starling::rpc {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};

}  // namespace

MethodAdmission::MethodAdmission(const Method& method, resilience::ConcurrencyLimit::Options options,
                                 observe::Counter refused)
    : busy_(
          WithRetryAfter(Unavailable(method.name, " is busy: it takes no more calls for now."), kRetryAfter)),
      limit_(options, std::chrono::steady_clock::now()),
      refused_(refused) {}

void MethodAdmission::Ticket::End(bool succeeded) {
  if (of_ == nullptr) return;
  const auto now = std::chrono::steady_clock::now();
  std::exchange(of_, nullptr)->limit_.End(now - began_, now, succeeded);
}

absl::Status MethodAdmission::Check() { return limit_.Full() ? Refuse() : absl::OkStatus(); }

absl::Status MethodAdmission::Begin(Ticket* ticket) {
  if (!limit_.TryBegin()) return Refuse();
  *ticket = Ticket(*this);
  return absl::OkStatus();
}

absl::Status MethodAdmission::Refuse() {
  refused_.Add();
  return busy_;
}

Admission::Admission(resilience::ConcurrencyLimit::Options options, observe::Registry& registry)
    : options_(options),
      refused_(registry.Counters({.name = "rpc.server.overload_refused_calls",
                                  .unit = "{call}",
                                  .help = "Calls refused at the edge because more would only have waited.",
                                  .labels = {"rpc.method"},
                                  .buckets = {}})) {
  limits_ = registry.AddCallback(
      {.name = "rpc.server.concurrency_limit",
       .unit = "{call}",
       .help = "Calls from outside that may be under way at once, as found out by watching them.",
       .labels = {"rpc.method"},
       .buckets = {}},
      observe::MetricType::kGauge, [this](const observe::Report& report) {
        const std::lock_guard lock(mutex_);
        for (const auto& [path, method] : methods_) report({path}, static_cast<double>(method->limit()));
      });
}

MethodAdmission* Admission::For(const Method& method) {
  if (method.shape != CallShape::kUnary) return nullptr;
  const std::lock_guard lock(mutex_);
  auto& known = methods_[method.path];
  if (known == nullptr)
    known = std::make_unique<MethodAdmission>(method, options_, refused_.With({method.path}));
  return known.get();
}

}  // namespace starling::rpc
