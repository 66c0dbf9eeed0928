#include "core/observe/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/strings.h"

namespace starling::observe {

const std::vector<double> kDurationBuckets = {0.000001, 0.00001, 0.0001, 0.00025, 0.0005, 0.001,
                                              0.0025,   0.005,   0.01,   0.025,   0.05,   0.1,
                                              0.25,     0.5,     1,      2.5,     5,      10};
const std::vector<double> kCountBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

namespace registry_internal {
struct CallbackState {
  std::mutex mutex;
  Callback callback;  // empty once unregistered
};
}  // namespace registry_internal

namespace {

[[noreturn]] void Die(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::abort();
}

double ValueOf(const GaugeCell& cell) { return cell.value.load(std::memory_order_relaxed); }
double ValueOf(const CounterCell& cell) { return static_cast<double>(cell.Sum()); }
HistogramCell::Snapshot ValueOf(const HistogramCell& cell) { return cell.Take(); }

}  // namespace

template <typename Instrument, typename Cell>
std::unique_ptr<Cell> Family<Instrument, Cell>::NewCell() const {
  if constexpr (std::is_same_v<Cell, HistogramCell>) {
    return std::make_unique<Cell>(info_.buckets);
  } else {
    return std::make_unique<Cell>();
  }
}

template <typename Instrument, typename Cell>
Instrument Family<Instrument, Cell>::With(const std::vector<std::string_view>& values) {
  if (values.size() != info_.labels.size()) {
    Die(StrCat("metric ", info_.name, " has ", info_.labels.size(), " labels, not ", values.size()));
  }
  if (!counts_) return Instrument();
  std::vector<std::string> key(values.begin(), values.end());
  std::lock_guard lock(mutex_);
  const auto found = cells_.find(key);
  if (found != cells_.end()) return Instrument(found->second.get());
  if (cells_.size() >= info_.max_series) {
    if (overflow_ == nullptr) overflow_ = NewCell();
    return Instrument(overflow_.get());
  }
  return Instrument(cells_.emplace(std::move(key), NewCell()).first->second.get());
}

template <typename Instrument, typename Cell>
std::vector<Series> Family<Instrument, Cell>::Take() const {
  std::vector<Series> series;
  std::lock_guard lock(mutex_);
  for (const auto& [labels, cell] : cells_) series.push_back({labels, false, ValueOf(*cell)});
  if (overflow_ != nullptr) series.push_back({{}, true, ValueOf(*overflow_)});
  return series;
}

template class Family<Counter, CounterCell>;
template class Family<UpDownCounter, CounterCell>;
template class Family<Gauge, GaugeCell>;
template class Family<Histogram, HistogramCell>;

CallbackRegistration::CallbackRegistration(std::shared_ptr<registry_internal::CallbackState> state)
    : state_(std::move(state)) {}
CallbackRegistration& CallbackRegistration::operator=(CallbackRegistration&& other) noexcept {
  CallbackRegistration old(std::exchange(state_, std::move(other.state_)));
  return *this;
}
CallbackRegistration::~CallbackRegistration() {
  if (state_ == nullptr) return;
  std::lock_guard lock(state_->mutex);
  state_->callback = nullptr;
}

struct Registry::Metric {
  MetricInfo info;
  MetricType type;
  bool callback;
  std::variant<std::monostate, std::unique_ptr<CounterFamily>, std::unique_ptr<UpDownCounterFamily>,
               std::unique_ptr<GaugeFamily>, std::unique_ptr<HistogramFamily>>
      family;
  std::vector<std::shared_ptr<registry_internal::CallbackState>> callbacks;

  template <typename F>
  F& As(bool counts) {
    if (std::holds_alternative<std::monostate>(family)) family = std::make_unique<F>(info, counts);
    return *std::get<std::unique_ptr<F>>(family);
  }
};

Registry::Registry(bool counts) : counts_(counts) {}
Registry::~Registry() = default;

Registry::Metric& Registry::Declare(MetricInfo info, MetricType type, bool callback) {
  const bool bucketed = type == MetricType::kHistogram && !info.buckets.empty() &&
                        std::is_sorted(info.buckets.begin(), info.buckets.end());
  if (type == MetricType::kHistogram && !bucketed)
    Die(StrCat("metric ", info.name, " needs ascending buckets"));
  std::unique_ptr<Metric>& metric = metrics_[info.name];
  if (metric == nullptr) {
    metric = std::make_unique<Metric>();
    metric->info = std::move(info);
    metric->type = type;
    metric->callback = callback;
  } else if (metric->type != type || metric->callback != callback || metric->info.labels != info.labels) {
    Die(StrCat("metric ", info.name, " is declared twice, with different types or labels"));
  }
  return *metric;
}

CounterFamily& Registry::Counters(MetricInfo info) {
  std::lock_guard lock(mutex_);
  return Declare(std::move(info), MetricType::kCounter, false).As<CounterFamily>(counts_);
}
UpDownCounterFamily& Registry::UpDownCounters(MetricInfo info) {
  std::lock_guard lock(mutex_);
  return Declare(std::move(info), MetricType::kUpDownCounter, false).As<UpDownCounterFamily>(counts_);
}
GaugeFamily& Registry::Gauges(MetricInfo info) {
  std::lock_guard lock(mutex_);
  return Declare(std::move(info), MetricType::kGauge, false).As<GaugeFamily>(counts_);
}
HistogramFamily& Registry::Histograms(MetricInfo info) {
  std::lock_guard lock(mutex_);
  return Declare(std::move(info), MetricType::kHistogram, false).As<HistogramFamily>(counts_);
}

CallbackRegistration Registry::AddCallback(MetricInfo info, MetricType type, Callback callback) {
  if (type == MetricType::kHistogram) Die(StrCat("metric ", info.name, ": a histogram has no callback"));
  auto state = std::make_shared<registry_internal::CallbackState>();
  {
    std::lock_guard lock(state->mutex);
    state->callback = std::move(callback);
  }
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<registry_internal::CallbackState>>& all =
      Declare(std::move(info), type, true).callbacks;
  // Those whose registration is gone are only held here.
  std::erase_if(all, [](const auto& other) { return other.use_count() == 1; });
  all.push_back(state);
  return CallbackRegistration(std::move(state));
}

std::vector<MetricSnapshot> Registry::Take() const {
  std::vector<MetricSnapshot> snapshots;
  std::lock_guard lock(mutex_);
  for (const auto& [name, metric] : metrics_) {
    MetricSnapshot snapshot{&metric->info, metric->type, {}};
    if (!metric->callback) {
      std::visit(
          [&](const auto& family) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(family)>, std::monostate>) {
              snapshot.series = family->Take();
            }
          },
          metric->family);
    }
    for (const auto& state : metric->callbacks) {
      std::lock_guard callback_lock(state->mutex);
      if (!state->callback) continue;
      state->callback([&](const std::vector<std::string_view>& labels, double value) {
        if (labels.size() != metric->info.labels.size()) return;
        if (snapshot.series.size() >= metric->info.max_series) return;
        snapshot.series.push_back({{labels.begin(), labels.end()}, false, value});
      });
    }
    snapshots.push_back(std::move(snapshot));
  }
  return snapshots;
}

}  // namespace starling::observe
