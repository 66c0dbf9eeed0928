#include "load/tally.h"

#include <array>
#include <utility>

#include "base/strings.h"

namespace starling::bench {
namespace {

std::string Microseconds(int64_t ns) { return StrCat(static_cast<double>(ns) / 1e3); }

std::string Latency(const Histogram& histogram) {
  return StrCat("{\"p50\": ", Microseconds(histogram.QuantileNs(0.5)),
                ", \"p90\": ", Microseconds(histogram.QuantileNs(0.9)),
                ", \"p99\": ", Microseconds(histogram.QuantileNs(0.99)),
                ", \"p999\": ", Microseconds(histogram.QuantileNs(0.999)),
                ", \"max\": ", Microseconds(histogram.max_ns()), "}");
}

std::string_view Name(Failure failure) {
  constexpr std::array<std::string_view, 4> kNames = {"connect", "closed", "timeout", "malformed"};
  return kNames[static_cast<size_t>(failure)];
}

}  // namespace

int64_t Tally::answered() const {
  int64_t count = 0;
  for (const auto& [status, latency] : latency_by_status) count += latency.count();
  return count;
}

std::string ToJson(const Tally& tally, const Options& options) {
  const double seconds = static_cast<double>(options.duration.count()) / 1e9;
  const double good = static_cast<double>(tally.succeeded.count()) / seconds;
  const int64_t answered = tally.answered();
  std::string json =
      StrCat("{\"connections\": ", options.connections, ", \"rate\": ", options.rate,
             ", \"seconds\": ", seconds, ", \"offered\": ", tally.offered, ", \"requests_per_s\": ", good,
             ", \"texts_per_s\": ", good * options.texts_per_request,
             ",\n \"latency_us\": ", Latency(tally.succeeded), ",\n \"statuses\": {");
  std::string_view comma = "";
  for (const auto& [status, latency] : tally.latency_by_status) {
    StrAppend(&json, comma, "\"", status, "\": {\"count\": ", latency.count(),
              ", \"latency_us\": ", Latency(latency), "}");
    comma = ", ";
  }
  StrAppend(&json, "},\n \"failures\": {");
  comma = "";
  for (const auto& [failure, count] : tally.failures) {
    StrAppend(&json, comma, "\"", Name(failure), "\": ", count);
    comma = ", ";
  }
  StrAppend(
      &json, "}, \"dropped\": ", tally.dropped, ", \"unanswered\": ", tally.unanswered,
      ", \"reconnects\": ", tally.reconnects, ", \"lag_us\": ", Latency(tally.lag),
      ",\n \"own_cpu_s\": ", static_cast<double>(tally.own_cpu_ns) / 1e9,
      ", \"server_cpu_s\": ", static_cast<double>(tally.server_cpu_ns) / 1e9,
      ", \"server_cpu_us_per_answer\": ",
      answered > 0 ? static_cast<double>(tally.server_cpu_ns) / 1e3 / static_cast<double>(answered) : 0.0,
      ", \"server_peak_rss_bytes\": ", tally.memory.peak_rss_bytes,
      ", \"server_rss_bytes\": ", tally.memory.rss_bytes, ", \"server_pss_bytes\": ", tally.memory.pss_bytes,
      "}\n");
  return json;
}

}  // namespace starling::bench
