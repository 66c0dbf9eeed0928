// The metrics of one process: declared once with name, unit and help, counted through handles, read as a
// snapshot.
//
//   auto& requests = registry.Counters({.name = "rpc.server.requests", .unit = "{request}", .help = "Calls
//   answered.",
//                                       .labels = {"rpc.method"}});
//   observe::Counter analyze = requests.With({"AnalyzeSentiment"});  // once
//   analyze.Add();                                                    // on the hot path
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/observe/instruments.h"

namespace starling::observe {

// From 100 microseconds to 10 seconds, and finer below for hops inside the process; in seconds.
extern const std::vector<double> kDurationBuckets;
// 1, 2, 4 ... 1024: sizes of batches and queues.
extern const std::vector<double> kCountBuckets;

struct MetricInfo {
  std::string name;                 // OpenTelemetry's, for example "http.server.request.duration"
  std::string unit;                 // UCUM as OpenTelemetry uses it: "s", "By", "1", "{request}"
  std::string help;                 // one sentence
  std::vector<std::string> labels;  // attribute names, for example "http.route"
  std::vector<double> buckets;      // of a histogram: upper bounds, ascending
  size_t max_series = 1000;         // more sets of label values than this share one overflow series
};

enum class MetricType { kCounter, kUpDownCounter, kGauge, kHistogram };

struct Series {
  std::vector<std::string>
      labels;  // values, in the order of MetricInfo::labels; empty for the overflow series
  bool overflow = false;
  std::variant<double, HistogramCell::Snapshot> value;
};
struct MetricSnapshot {
  const MetricInfo* info;
  MetricType type;
  std::vector<Series> series;
};

// Gives the handle for a set of label values. Takes a lock: resolve once, keep the handle. Any thread.
template <typename Instrument, typename Cell>
class Family {
 public:
  // One that does not count gives handles that count nowhere.
  explicit Family(MetricInfo info, bool counts = true) : info_(std::move(info)), counts_(counts) {}
  // As many values as the metric has labels.
  Instrument With(const std::vector<std::string_view>& values);

  const MetricInfo& info() const { return info_; }
  std::vector<Series> Take() const;

 private:
  std::unique_ptr<Cell> NewCell() const;

  const MetricInfo info_;
  const bool counts_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::vector<std::string>, std::unique_ptr<Cell>> cells_;
  std::unique_ptr<Cell> overflow_;
};
using CounterFamily = Family<Counter, CounterCell>;
using UpDownCounterFamily = Family<UpDownCounter, CounterCell>;
using GaugeFamily = Family<Gauge, GaugeCell>;
using HistogramFamily = Family<Histogram, HistogramCell>;

// Reports values when they are asked for; see Registry::AddCallback.
using Report = std::function<void(const std::vector<std::string_view>& labels, double value)>;
using Callback = std::function<void(const Report&)>;

namespace registry_internal {
struct CallbackState;
}
// Keeps a callback registered. After the destructor returned it does not run and is not running.
class CallbackRegistration {
 public:
  CallbackRegistration() = default;
  explicit CallbackRegistration(std::shared_ptr<registry_internal::CallbackState> state);
  CallbackRegistration(CallbackRegistration&&) noexcept = default;
  CallbackRegistration& operator=(CallbackRegistration&& other) noexcept;
  ~CallbackRegistration();

 private:
  std::shared_ptr<registry_internal::CallbackState> state_;
};

// Any thread. Declaring a name again with the same labels gives the same family; with others, or as another
// type, ends the program with a sentence: that is a mistake in it.
class Registry {
 public:
  // One that does not count gives handles that cost nothing and count nowhere; callbacks report all the same.
  explicit Registry(bool counts = true);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  CounterFamily& Counters(MetricInfo info);
  UpDownCounterFamily& UpDownCounters(MetricInfo info);
  GaugeFamily& Gauges(MetricInfo info);
  HistogramFamily& Histograms(MetricInfo info);

  // `callback` runs on the thread that takes a snapshot; it must not block or use the registry. Several
  // callbacks may report to one metric, with different labels.
  [[nodiscard]] CallbackRegistration AddCallback(MetricInfo info, MetricType type, Callback callback);

  // In the order of names. Callback metrics without a value at the moment are there without series.
  std::vector<MetricSnapshot> Take() const;

 private:
  struct Metric;
  Metric& Declare(MetricInfo info, MetricType type, bool callback);

  const bool counts_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::unique_ptr<Metric>> metrics_;
};

}  // namespace starling::observe
