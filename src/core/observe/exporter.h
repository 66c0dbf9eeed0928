// Sends spans and log lines to a collector as OTLP/HTTP JSON, from one thread of its own. A collector that is slow or
// dead costs bounded memory and lost telemetry, which is counted; it changes nothing else.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/observe/http_post.h"
#include "core/observe/logger.h"
#include "core/observe/otlp_json.h"
#include "core/observe/registry.h"
#include "core/observe/span.h"

namespace starling::observe {

struct ExporterOptions {
  std::string endpoint;  // "http://127.0.0.1:4318"; /v1/traces and /v1/logs are added
  bool traces = true;
  bool logs = true;
  HttpPoster::Options http;
  std::chrono::milliseconds interval =
      std::chrono::seconds(1);  // at most this long until a span or line is sent
  size_t batch = 512;           // spans or lines in one request
  size_t queue = 8192;          // of each kind, waiting
  std::chrono::milliseconds first_backoff = std::chrono::milliseconds(500);
  std::chrono::milliseconds last_backoff = std::chrono::seconds(30);
  std::chrono::milliseconds last_flush = std::chrono::seconds(1);  // spent at the end on what still waits
};

class Exporter {
 public:
  // `registry` counts what was sent and lost, and outlives the exporter.
  Exporter(ExporterOptions options, Resource resource, Registry& registry);
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;
  // Sends what waits, for options.last_flush at most.
  ~Exporter();

  // Where ended spans go; null if traces are off.
  SpanQueue* spans() { return options_.traces ? &spans_ : nullptr; }

  // Sends the lines of `logger` from now on; it must outlive the exporter. Nothing if logs are off.
  void Follow(Logger& logger);

 private:
  struct Signal {  // spans or logs
    std::string path;
    Counter sent, refused, lost;
  };

  void Run();
  // With mutex_ held.
  bool Woken() const { return stopping_ || lines_.size() >= options_.batch; }
  void AddLine(const LogLinePtr& line);
  void SendAll(HttpPoster& poster);
  // Tries until the collector takes `body`, refuses it for good, or the exporter ends.
  void Send(HttpPoster& poster, const Signal& signal, const std::string& body, size_t items);
  // False once the exporter ends.
  bool Wait(std::chrono::milliseconds time);
  bool Ending() const;

  const ExporterOptions options_;
  const Resource resource_;
  SpanQueue spans_;
  const Signal traces_, logs_;
  Counter lines_dropped_;
  CallbackRegistration spans_dropped_;
  LogLimiter warnings_{std::chrono::minutes(1)};

  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_;
  std::vector<LogLinePtr> lines_;
  bool stopping_ = false;

  std::atomic<int64_t> end_ns_{INT64_MAX};  // steady clock: when to give up what still waits
  LogSubscription subscription_;
  std::thread thread_;
};

}  // namespace starling::observe
