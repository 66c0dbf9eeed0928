#include "core/observe/logger.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/observe/log_format.h"
#include "core/observe/thread.h"

namespace starling::observe {
namespace {

std::atomic<Logger*> process_logger{nullptr};

constexpr auto kLastFlush = std::chrono::seconds(1);
constexpr auto kRetry = std::chrono::milliseconds(20);  // while the reader of `fd` is slow

bool IsSocket(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

bool Writable(int fd) {
  pollfd poller{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&poller, 1, 0) > 0;
}

}  // namespace

LogSubscription::LogSubscription(LogSubscription&& other) noexcept
    : logger_(std::exchange(other.logger_, nullptr)), id_(other.id_) {}
LogSubscription& LogSubscription::operator=(LogSubscription&& other) noexcept {
  std::swap(logger_, other.logger_);
  std::swap(id_, other.id_);
  return *this;
}
LogSubscription::~LogSubscription() {
  if (logger_ == nullptr) return;
  std::lock_guard lock(logger_->spread_mutex_);
  logger_->subscribers_.erase(id_);
}

Logger::Logger(LoggerOptions options)
    : options_(std::move(options)),
      human_(options_.format == LogFormat::kHuman ||
             (options_.format == LogFormat::kAuto && isatty(options_.fd) == 1)),
      socket_(IsSocket(options_.fd)),
      thread_(StartThread("log", [this] { Run(); })) {}

Logger::~Logger() {
  Flush(kLastFlush);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Logger::Write(LogRecord record) {
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.queue_lines) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back(std::move(record));
    if (queue_.size() > 1) return;  // the thread is already on its way
  }
  woken_.notify_one();
}

std::vector<LogLinePtr> Logger::Recent(size_t count) const {
  std::lock_guard lock(spread_mutex_);
  const size_t from = recent_.size() - std::min(count, recent_.size());
  return {recent_.begin() + static_cast<std::ptrdiff_t>(from), recent_.end()};
}

LogSubscription Logger::Subscribe(std::function<void(const LogLinePtr&)> callback, size_t recent) {
  LogSubscription subscription;
  std::lock_guard lock(spread_mutex_);
  const size_t from = recent_.size() - std::min(recent, recent_.size());
  for (size_t i = from; i < recent_.size(); ++i) callback(recent_[i]);
  subscription.logger_ = this;
  subscription.id_ = next_subscriber_++;
  subscribers_.emplace(subscription.id_, std::move(callback));
  return subscription;
}

bool Logger::Flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, timeout, [this] { return Idle(); });
}

void Logger::Run() {
  for (;;) {
    std::vector<LogRecord> records;
    {
      std::unique_lock lock(mutex_);
      busy_ = !unwritten_.empty();
      if (busy_) {
        woken_.wait_for(lock, kRetry, [this] { return Woken(); });
      } else {
        if (Idle()) idle_.notify_all();
        woken_.wait(lock, [this] { return Woken(); });
      }
      if (stopping_ && queue_.empty()) return;
      records.swap(queue_);
      busy_ = true;
    }
    for (LogRecord& record : records) Spread(std::move(record));
    WriteOut();
  }
}

void Logger::Spread(LogRecord record) {
  auto line = std::make_shared<LogLine>();
  line->json = JsonLine(record, options_.service);
  line->record = std::move(record);
  const std::string& text = human_ ? HumanLine(line->record, /*colours=*/true) : line->json;
  if (unwritten_.size() + text.size() > options_.unwritten_bytes) WriteOut();
  if (unwritten_.size() + text.size() <= options_.unwritten_bytes) {
    unwritten_ += text;
  } else {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  std::lock_guard lock(spread_mutex_);
  recent_.push_back(line);
  if (recent_.size() > options_.recent_lines) recent_.pop_front();
  for (const auto& [id, callback] : subscribers_) callback(line);
}

void Logger::WriteOut() {
  size_t written = 0;
  while (written < unwritten_.size() && Writable(options_.fd)) {
    // No more than a pipe takes whole once it is writable, so that this never blocks.
    const size_t size = std::min<size_t>(unwritten_.size() - written, PIPE_BUF);
    const char* from = unwritten_.data() + written;
    const ssize_t done =
        socket_ ? send(options_.fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL) : write(options_.fd, from, size);
    if (done > 0) written += static_cast<size_t>(done);
    if (done >= 0 || errno == EINTR) continue;
    if (errno == EAGAIN) break;
    written = unwritten_.size();  // nobody reads any more
  }
  unwritten_.erase(0, written);
}

ProcessLogger::ProcessLogger(Logger& logger) { process_logger.store(&logger, std::memory_order_release); }
ProcessLogger::~ProcessLogger() { process_logger.store(nullptr, std::memory_order_release); }
Logger* ProcessLogger::Current() { return process_logger.load(std::memory_order_acquire); }

}  // namespace starling::observe
