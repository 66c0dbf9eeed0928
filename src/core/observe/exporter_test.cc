#include "core/observe/exporter.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "core/observe/prometheus.h"
#include "core/observe/tracer.h"

namespace starling::observe {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;  // NOLINT(build/namespaces)

// A collector on loopback: one request per connection, each answered with the next of `statuses` (then 200). A status
// of zero is never answered.
class Collector {
 public:
  explicit Collector(std::vector<int> statuses = {}) : statuses_(std::move(statuses)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Collector() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    for (const int fd : silent_) close(fd);
  }
  std::string endpoint() const { return StrCat("http://127.0.0.1:", port_); }
  // The requests, once there are `count` of them.
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, 20s, [&] { return requests_.size() >= count; }));
    return requests_;
  }

 private:
  void Run() {
    for (;;) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string request = Read(fd);
      const int status = statuses_.empty() ? 200 : statuses_.front();
      if (!statuses_.empty()) statuses_.erase(statuses_.begin());
      if (status == 0) {
        silent_.push_back(fd);
      } else {
        const std::string reply =
            StrCat("HTTP/1.1 ", status, " X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
        close(fd);
      }
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      arrived_.notify_all();
    }
  }
  static std::string Read(int fd) {
    std::string request;
    size_t whole = std::string::npos;
    char buffer[4096];
    while (request.size() < whole) {
      const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<size_t>(got));
      const size_t body = request.find("\r\n\r\n");
      const size_t length = request.find("Content-Length: ");
      if (body != std::string::npos && length != std::string::npos) {
        whole = body + 4 + static_cast<size_t>(std::atoi(request.c_str() + length + 16));
      }
    }
    return request;
  }

  std::vector<int> statuses_;
  std::vector<int> silent_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;  // guards requests_
  std::condition_variable arrived_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

ExporterOptions Fast(const std::string& endpoint) {
  return {.endpoint = endpoint,
          .http = {.timeout = 500ms, .headers = {{"x-key", "k"}}},
          .interval = 1ms,
          .first_backoff = 1ms,
          .last_backoff = 10ms,
          .last_flush = 300ms};
}

void Record(Exporter& exporter, std::string_view name) {
  const Tracer tracer({}, exporter.spans());
  tracer.Start(TraceContext::NewRoot(true), name).End();
}

double Exported(const Registry& registry, std::string_view labels) {
  const std::string text = Expose(registry, Exposition::kPrometheusText);
  const std::string name = StrCat("\notel_sdk_exporter_span_exported_total{error_type=\"", labels, "\"} ");
  const size_t at = text.find(name);
  return at == std::string::npos ? -1 : std::atof(text.c_str() + at + name.size());
}

TEST(ExporterTest, SendsSpansAndLogLines) {
  Collector collector;
  Registry registry;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  {
    Logger logger({.fd = fds[1]});
    Exporter exporter(Fast(collector.endpoint()), {{"service.name", "starling"}}, registry);
    exporter.Follow(logger);
    Record(exporter, "work");
    const std::string spans = collector.Wait(1)[0];
    EXPECT_THAT(spans, HasSubstr("POST /v1/traces HTTP/1.1\r\n"));
    EXPECT_THAT(spans, HasSubstr("x-key: k\r\n"));
    EXPECT_THAT(spans, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(spans, HasSubstr(R"("name":"work")"));
    EXPECT_THAT(spans, HasSubstr(R"({"key":"service.name","value":{"stringValue":"starling"}})"));
    LogRecord record;
    record.message = "hello";
    logger.Write(record);
    const std::string logs = collector.Wait(2)[1];
    EXPECT_THAT(logs, HasSubstr("POST /v1/logs HTTP/1.1\r\n"));
    EXPECT_THAT(logs, HasSubstr(R"("body":{"stringValue":"hello"})"));
  }
  EXPECT_EQ(Exported(registry, ""), 1);
  close(fds[0]);
  close(fds[1]);
}

TEST(ExporterTest, TriesAgainWhatMayPassAndGivesUpWhatWillNot) {
  Collector collector({503, 429, 200, 400, 200});
  Registry registry;
  {
    Exporter exporter(Fast(collector.endpoint()), {}, registry);
    Record(exporter, "first");
    EXPECT_THAT(collector.Wait(3)[2], HasSubstr(R"("name":"first")"));
    Record(exporter, "refused");
    collector.Wait(4);
    Record(exporter, "third");
    EXPECT_THAT(collector.Wait(5)[4], HasSubstr(R"("name":"third")"));
  }
  EXPECT_EQ(Exported(registry, ""), 2);
  EXPECT_EQ(Exported(registry, "rejected"), 1);
}

TEST(ExporterTest, WhatWaitsAtTheEndIsSent) {
  Collector collector;
  Registry registry;
  {
    ExporterOptions options = Fast(collector.endpoint());
    options.interval = 1h;
    Exporter exporter(std::move(options), {}, registry);
    Record(exporter, "last");
  }
  EXPECT_THAT(collector.Wait(1)[0], HasSubstr(R"("name":"last")"));
}

TEST(ExporterTest, ADeadCollectorChangesNothing) {
  std::string endpoint;
  {
    endpoint = Collector().endpoint();
  }
  Registry registry;
  const auto start = std::chrono::steady_clock::now();
  {
    ExporterOptions options = Fast(endpoint);
    options.queue = 100;
    Exporter exporter(std::move(options), {}, registry);
    for (int i = 0; i < 1000; ++i) Record(exporter, "unheard");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_GT(Exported(registry, "unavailable"), 0);
}

TEST(ExporterTest, ASilentCollectorDoesNotHoldUpTheEnd) {
  Collector collector({0, 0, 0, 0, 0, 0, 0, 0});
  Registry registry;
  const auto start = std::chrono::steady_clock::now();
  {
    ExporterOptions options = Fast(collector.endpoint());
    options.http.timeout = 1min;
    Exporter exporter(std::move(options), {}, registry);
    Record(exporter, "unheard");
    collector.Wait(1);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  EXPECT_EQ(Exported(registry, "unavailable"), 1);
}

}  // namespace
}  // namespace starling::observe
