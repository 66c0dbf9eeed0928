// Where log lines go: standard error, the last lines kept in memory, and whoever subscribes. One thread does all of it;
// those who log only put a record into a bounded queue.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/observe/log.h"

namespace starling::observe {

enum class LogFormat { kAuto, kJson, kHuman };  // kAuto: for people on a terminal, JSON elsewhere

struct LoggerOptions {
  Level level = Level::kInfo;
  LogFormat format = LogFormat::kAuto;
  std::string service = "starling";
  int fd = 2;                        // stays open for as long as the logger lives
  size_t queue_lines = 8192;         // waiting for the thread
  size_t unwritten_bytes = 1 << 20;  // waiting for a slow reader of `fd`
  size_t recent_lines = 1000;        // kept in memory
};

struct LogLine {
  LogRecord record;
  std::string json;  // with its line feed
};
using LogLinePtr = std::shared_ptr<const LogLine>;

class Logger;

// Keeps a subscription; after the destructor returned the callback does not run and is not running. Must be destroyed
// before the logger, and not inside the callback.
class LogSubscription {
 public:
  LogSubscription() = default;
  LogSubscription(LogSubscription&& other) noexcept;
  LogSubscription& operator=(LogSubscription&& other) noexcept;
  ~LogSubscription();

 private:
  friend class Logger;
  Logger* logger_ = nullptr;
  uint64_t id_ = 0;
};

// Any thread.
class Logger {
 public:
  explicit Logger(LoggerOptions options);
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  // Writes what waits, for a second at most.
  ~Logger();

  Level level() const { return options_.level; }
  const std::string& service() const { return options_.service; }

  // Never waits for the reader of the lines. A full queue drops the record and counts it.
  void Write(LogRecord record);

  // Lines lost since the start: the queue was full, or the reader of `fd` too slow.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // The last lines, oldest first; at most `count`.
  std::vector<LogLinePtr> Recent(size_t count) const;

  // `callback` gets every line from now on, on the logger's thread, and must not block. With `recent`, it first gets
  // that many of the last lines, before this returns, and none is missed or given twice in between.
  [[nodiscard]] LogSubscription Subscribe(std::function<void(const LogLinePtr&)> callback, size_t recent = 0);

  // True once all that was written before has left, false after `timeout`.
  bool Flush(std::chrono::milliseconds timeout);

 private:
  friend class LogSubscription;
  void Run();
  void Spread(LogRecord record);
  void WriteOut();
  // With mutex_ held.
  bool Idle() const { return queue_.empty() && !busy_; }
  bool Woken() const { return !queue_.empty() || stopping_; }

  const LoggerOptions options_;
  const bool human_;
  const bool socket_;
  std::atomic<uint64_t> dropped_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_, idle_;
  std::vector<LogRecord> queue_;
  bool busy_ = false;  // the thread holds records or unwritten text
  bool stopping_ = false;

  mutable std::mutex spread_mutex_;  // guards what follows
  std::deque<LogLinePtr> recent_;
  std::map<uint64_t, std::function<void(const LogLinePtr&)>> subscribers_;
  uint64_t next_subscriber_ = 1;

  std::string unwritten_;  // of the thread alone
  std::thread thread_;
};

// Makes `logger` the one that Log() writes to, as long as this lives. Made and destroyed by main, once no other thread
// logs any more.
class ProcessLogger {
 public:
  explicit ProcessLogger(Logger& logger);
  ProcessLogger(const ProcessLogger&) = delete;
  ProcessLogger& operator=(const ProcessLogger&) = delete;
  ~ProcessLogger();

  static Logger* Current();
};

}  // namespace starling::observe
