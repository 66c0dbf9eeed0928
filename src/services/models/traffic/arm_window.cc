#include "services/models/traffic/arm_window.h"

#include <algorithm>
#include <cmath>

namespace starling::models {
namespace {

constexpr double kFirst = 1e-6;
constexpr double kGrowth = 1.08;

}  // namespace

ArmWindow::ArmWindow(std::chrono::nanoseconds window, MonotonicTime begin)
    : window_(std::max<std::chrono::nanoseconds>(window, std::chrono::nanoseconds(kParts))), begin_(begin) {}

size_t ArmWindow::BucketOf(double seconds) {
  if (seconds <= kFirst) return 0;
  const double bucket = std::ceil(std::log(seconds / kFirst) / std::log(kGrowth));
  return static_cast<size_t>(std::min<double>(bucket, kBuckets - 1));
}

double ArmWindow::UpperBound(size_t bucket) {
  return kFirst * std::pow(kGrowth, static_cast<double>(bucket));
}

int64_t ArmWindow::NumberAt(MonotonicTime now) const { return (now - begin_) / (window_ / kParts); }

ArmWindow::Part& ArmWindow::PartAt(MonotonicTime now) {
  const int64_t number = std::max<int64_t>(0, NumberAt(now));
  Part& part = parts_[static_cast<size_t>(number) % parts_.size()];
  if (part.number < number) {
    part = Part();
    part.number = number;
  }
  return part;
}

template <typename Count>
void ArmWindow::Add(MonotonicTime now, std::chrono::nanoseconds time, Count count) {
  const double seconds = std::chrono::duration<double>(time).count();
  const size_t bucket = BucketOf(seconds);
  const std::lock_guard lock(mutex_);
  Part& part = PartAt(now);
  count(part);
  part.sum_s += seconds;
  ++part.latencies[bucket];
}

void ArmWindow::AddRun(MonotonicTime now, std::chrono::nanoseconds latency, bool failed) {
  Add(now, latency, [failed](Part& part) {
    ++part.requests;
    if (failed) ++part.failures;
  });
}

void ArmWindow::AddAbandoned(MonotonicTime now, std::chrono::nanoseconds waited) {
  Add(now, waited, [](Part& part) { ++part.abandoned; });
}

void ArmWindow::AddComparison(MonotonicTime now, bool differs) {
  const std::lock_guard lock(mutex_);
  Part& part = PartAt(now);
  ++part.compared;
  if (differs) ++part.differing;
}

ArmFigures ArmWindow::Figures(MonotonicTime now) const {
  ArmFigures figures;
  std::array<int64_t, kBuckets> latencies{};
  const int64_t oldest = NumberAt(now) - static_cast<int64_t>(kParts);
  {
    const std::lock_guard lock(mutex_);
    for (const Part& part : parts_) {
      if (part.number < 0 || part.number < oldest) continue;
      figures.requests += part.requests;
      figures.failures += part.failures;
      figures.abandoned += part.abandoned;
      figures.compared += part.compared;
      figures.differing += part.differing;
      figures.mean_s += part.sum_s;
      for (size_t i = 0; i < kBuckets; ++i) latencies[i] += part.latencies[i];
    }
  }
  if (figures.timed() == 0) return figures;
  figures.mean_s /= static_cast<double>(figures.timed());
  int64_t left = figures.timed() - figures.timed() / 100;  // as many are no slower than the percentile
  size_t bucket = 0;
  while (bucket + 1 < kBuckets && (left -= latencies[bucket]) > 0) ++bucket;
  figures.p99_s = UpperBound(bucket);
  return figures;
}

}  // namespace starling::models
