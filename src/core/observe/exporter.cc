#include "core/observe/exporter.h"

#include <algorithm>
#include <span>

#include "base/status.h"
#include "core/observe/log.h"
#include "core/observe/thread.h"

namespace starling::observe {
namespace {

using Clock = std::chrono::steady_clock;

int64_t NowNs() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

// https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
bool Retryable(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

// Half of `delay` to all of it, so that programs which lost the collector together do not return together.
std::chrono::milliseconds Jittered(std::chrono::milliseconds delay) {
  const auto half = static_cast<uint64_t>(delay.count() / 2);
  return std::chrono::milliseconds(half + RandomId() % (half + 1));
}

CounterFamily& Exported(Registry& registry, const std::string& what, const std::string& unit) {
  return registry.Counters(
      {.name = "otel.sdk.exporter." + what + ".exported",
       .unit = unit,
       .help = "Handed to the collector; with error.type, given up: it refused them, or gave no "
               "answer until the end.",
       .labels = {"error.type"}});
}

MetricInfo Dropped(const std::string& what, const std::string& unit) {
  return {.name = "starling.exporter." + what + ".dropped",
          .unit = unit,
          .help = "Lost because the queue to the collector was full.",
          .labels = {},
          .buckets = {}};
}

}  // namespace

Exporter::Exporter(ExporterOptions options, Resource resource, Registry& registry)
    : options_(std::move(options)),
      resource_(std::move(resource)),
      spans_(options_.queue),
      traces_{.path = "/v1/traces",
              .sent = Exported(registry, "span", "{span}").With({""}),
              .refused = Exported(registry, "span", "{span}").With({"rejected"}),
              .lost = Exported(registry, "span", "{span}").With({"unavailable"})},
      logs_{.path = "/v1/logs",
            .sent = Exported(registry, "log", "{log_record}").With({""}),
            .refused = Exported(registry, "log", "{log_record}").With({"rejected"}),
            .lost = Exported(registry, "log", "{log_record}").With({"unavailable"})},
      lines_dropped_(registry.Counters(Dropped("log", "{log_record}")).With({})),
      spans_dropped_(registry.AddCallback(
          Dropped("span", "{span}"), MetricType::kCounter,
          [this](const Report& report) { report({}, static_cast<double>(spans_.dropped())); })),
      thread_(StartThread("otlp", [this] { Run(); })) {}

Exporter::~Exporter() {
  subscription_ = LogSubscription();
  end_ns_.store(NowNs() + std::chrono::nanoseconds(options_.last_flush).count());
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Exporter::Follow(Logger& logger) {
  if (!options_.logs) return;
  subscription_ = logger.Subscribe([this](const LogLinePtr& line) { AddLine(line); });
}

void Exporter::AddLine(const LogLinePtr& line) {
  std::lock_guard lock(mutex_);
  if (lines_.size() < options_.queue) {
    lines_.push_back(line);
    if (lines_.size() == options_.batch) woken_.notify_one();
  } else {
    lines_dropped_.Add();
  }
}

void Exporter::Run() {
  HttpPoster poster(options_.http, [this] { return Ending(); });
  bool go_on = true;
  while (go_on) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, options_.interval, [this] { return Woken(); });
      go_on = !stopping_;
    }
    SendAll(poster);
  }
}

void Exporter::SendAll(HttpPoster& poster) {
  const std::vector<std::unique_ptr<SpanRecord>> spans = spans_.TakeAll();
  for (size_t from = 0; from < spans.size(); from += options_.batch) {
    const size_t count = std::min(options_.batch, spans.size() - from);
    Send(poster, traces_, EncodeSpans(resource_, std::span(spans).subspan(from, count)), count);
  }
  std::vector<LogLinePtr> lines;
  {
    std::lock_guard lock(mutex_);
    lines.swap(lines_);
  }
  for (size_t from = 0; from < lines.size(); from += options_.batch) {
    const size_t count = std::min(options_.batch, lines.size() - from);
    Send(poster, logs_, EncodeLogs(resource_, std::span(lines).subspan(from, count)), count);
  }
}

void Exporter::Send(HttpPoster& poster, const Signal& signal, const std::string& body, size_t items) {
  std::chrono::milliseconds backoff = options_.first_backoff;
  while (!Ending()) {
    const absl::StatusOr<PostReply> reply = poster.Post(options_.endpoint + signal.path, body);
    if (reply.ok() && reply->status / 100 == 2) return signal.sent.Add(items);
    if (Ending()) break;
    if (const auto missed = warnings_.Allow()) {
      LogWarning("the telemetry collector does not take what is sent",
                 {{"endpoint", options_.endpoint},
                  {"status", reply.ok() ? reply->status : 0},
                  {"error", reply.ok() ? "" : Message(reply.status())},
                  {"suppressed", *missed}});
    }
    if (reply.ok() && !Retryable(reply->status)) return signal.refused.Add(items);
    std::chrono::milliseconds delay = Jittered(backoff);
    if (reply.ok() && reply->retry_after)
      delay = std::max<std::chrono::milliseconds>(delay, *reply->retry_after);
    if (!Wait(std::min(delay, options_.last_backoff))) break;
    backoff = std::min(2 * backoff, options_.last_backoff);
  }
  signal.lost.Add(items);
}

bool Exporter::Wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !woken_.wait_for(lock, time, [this] { return stopping_; });
}

bool Exporter::Ending() const { return NowNs() >= end_ns_.load(); }

}  // namespace starling::observe
