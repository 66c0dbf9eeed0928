#include "core/observe/prometheus.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace starling::observe {
namespace {

constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";

std::string Sanitized(std::string_view name) {
  std::string sanitized;
  for (const char c : name) {
    const char next = absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
    if (next != '_' || !sanitized.ends_with('_')) sanitized += next;
  }
  if (sanitized.empty() || absl::ascii_isdigit(static_cast<unsigned char>(sanitized[0])))
    sanitized.insert(sanitized.begin(), '_');
  return sanitized;
}

std::string_view UnitWord(const MetricInfo& info, MetricType type) {
  if (info.unit == "s") return "seconds";
  if (info.unit == "ms") return "milliseconds";
  if (info.unit == "By") return "bytes";
  if (info.unit == "1" && type == MetricType::kGauge) return "ratio";
  return "";
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

// The bounds as OpenMetrics wants them: a canonical float, so 1 is "1.0".
std::string Bound(double value) {
  std::string text = Number(value);
  if (text.find_first_of(".eI") == std::string::npos) text += ".0";
  return text;
}

void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

class Writer {
 public:
  explicit Writer(Exposition format) : open_(format == Exposition::kOpenMetrics) {}

  void Add(const MetricSnapshot& metric) {
    const std::string name = PrometheusName(*metric.info, metric.type);
    const bool counter = metric.type == MetricType::kCounter;
    // The text format knows a counter by its samples' name, OpenMetrics by the name without _total.
    const std::string family = counter && !open_ ? name + "_total" : name;
    const std::string sample = counter ? name + "_total" : name;
    StrAppend(&out_, "# TYPE ", family, " ", TypeWord(metric.type), "\n");
    const std::string_view unit = UnitWord(*metric.info, metric.type);
    if (open_ && !unit.empty()) StrAppend(&out_, "# UNIT ", family, " ", unit, "\n");
    StrAppend(&out_, "# HELP ", family, " ");
    AppendEscaped(metric.info->help, open_, out_);
    out_ += '\n';
    for (const Series& series : metric.series) {
      const std::string labels = Labels(*metric.info, series);
      if (const auto* value = std::get_if<double>(&series.value)) {
        Sample(sample, labels, Number(*value));
        continue;
      }
      // Series are made beforehand, for every method and status. One that counted nothing yet would be some 20 lines of
      // zeros; of a program with 70 methods that is a megabyte with each scrape.
      const auto& histogram = std::get<HistogramCell::Snapshot>(series.value);
      if (histogram.count != 0) AddHistogram(name, labels, metric.info->buckets, histogram);
    }
  }

  std::string Finish() && {
    if (open_) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  static std::string_view TypeWord(MetricType type) {
    if (type == MetricType::kCounter) return "counter";
    return type == MetricType::kHistogram ? "histogram" : "gauge";
  }

  // Without braces: `a="1",b="2"`.
  static std::string Labels(const MetricInfo& info, const Series& series) {
    if (series.overflow) return "otel_metric_overflow=\"true\"";
    std::string text;
    for (size_t i = 0; i < series.labels.size(); ++i) {
      StrAppend(&text, i == 0 ? "" : ",", Sanitized(info.labels[i]), "=\"");
      AppendEscaped(series.labels[i], true, text);
      text += '"';
    }
    return text;
  }

  void Sample(std::string_view name, std::string_view labels, std::string_view value) {
    out_ += name;
    if (!labels.empty()) StrAppend(&out_, "{", labels, "}");
    StrAppend(&out_, " ", value, "\n");
  }

  void AddHistogram(const std::string& name, const std::string& labels, const std::vector<double>& bounds,
                    const HistogramCell::Snapshot& histogram) {
    int64_t cumulative = 0;
    const std::string_view comma = labels.empty() ? "" : ",";
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
      cumulative += histogram.counts[i];
      const std::string bound = i < bounds.size() ? Bound(bounds[i]) : "+Inf";
      StrAppend(&out_, name, "_bucket{", labels, comma, "le=\"", bound, "\"} ", cumulative);
      const Exemplar& exemplar = histogram.exemplars[i];
      if (open_ && exemplar.trace.valid()) {
        StrAppend(&out_, " # {trace_id=\"", exemplar.trace.TraceIdHex(), "\",span_id=\"",
                  exemplar.trace.SpanIdHex(), "\"} ", Number(exemplar.value));
      }
      out_ += '\n';
    }
    Sample(name + "_sum", labels, Number(histogram.sum));
    Sample(name + "_count", labels, StrCat(histogram.count));
  }

  const bool open_;
  std::string out_;
};

// The q of a media range in an Accept header (RFC 9110, section 12.4.2), 0 if it is not there.
double Quality(std::string_view accept, std::string_view type) {
  for (const absl::string_view range : absl::StrSplit(ToAbsl(accept), ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(range, ';');
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), ToAbsl(type))) continue;
    double quality = 1;
    for (size_t i = 1; i < parts.size(); ++i) {
      const absl::string_view part = absl::StripAsciiWhitespace(parts[i]);
      if (part.substr(0, 2) != "q=" || !absl::SimpleAtod(part.substr(2), &quality)) continue;
    }
    return quality;
  }
  return 0;
}

}  // namespace

Exposition NegotiateExposition(std::string_view accept) {
  const double open = Quality(accept, kOpenMetricsType);
  return open > 0 && open >= Quality(accept, "text/plain") ? Exposition::kOpenMetrics
                                                           : Exposition::kPrometheusText;
}

std::string_view ContentType(Exposition format) {
  return format == Exposition::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8";
}

std::string PrometheusName(const MetricInfo& info, MetricType type) {
  std::string name = Sanitized(info.name);
  if (type == MetricType::kCounter && name.ends_with("_total")) name.resize(name.size() - 6);
  const std::string suffix = StrCat("_", UnitWord(info, type));
  if (suffix.size() > 1 && !name.ends_with(suffix)) name += suffix;
  return name;
}

std::string Expose(const Registry& registry, Exposition format) {
  Writer writer(format);
  for (const MetricSnapshot& metric : registry.Take()) writer.Add(metric);
  return std::move(writer).Finish();
}

}  // namespace starling::observe
