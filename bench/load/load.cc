#include "load/load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <utility>

namespace starling::bench {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int64_t kExpiryEveryNs = kSecond / 20;
// Due requests are looked at this often at most: at high rates a turn takes several, which saves processor time.
constexpr int64_t kShortestWaitNs = 20000;
constexpr int kEventsPerTurn = 256;

int64_t Clock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

void SleepUntil(int64_t at_ns) {
  const timespec time{at_ns / kSecond, at_ns % kSecond};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

}  // namespace

Load::Load(const Options& options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  for (int i = 0; i < options.connections; ++i) connections_.push_back(std::make_unique<Connection>(options));
}

Load::~Load() { ::close(epoll_); }

Tally Load::Run() {
  now_ns_ = Clock(CLOCK_MONOTONIC);
  begin_ns_ = now_ns_ + options_.warmup.count();
  end_ns_ = begin_ns_ + options_.duration.count();
  next_due_ns_ = now_ns_;
  servers_ = WithDescendants(options_.servers);
  for (const auto& connection : connections_) {
    Connect(*connection);
    Free(*connection);
  }
  std::array<epoll_event, kEventsPerTurn> events;
  while (!Over()) {
    if (open_loop() && options_.turn.count() > 0) SleepUntil(now_ns_ + options_.turn.count());
    const timespec wait = WaitTime();
    const int count = ::epoll_pwait2(epoll_, events.data(), kEventsPerTurn, &wait, nullptr);
    NoteTime();
    for (int i = 0; i < count; ++i) Handle(events[static_cast<size_t>(i)]);
    if (open_loop()) OfferDue();
    if (now_ns_ >= next_expiry_ns_) ExpireLate();
    Reopen(&closed_);
  }
  NoteTime();
  tally_.memory = MemoryOf(servers_);
  if (!open_loop()) {
    tally_.offered = tally_.answered();
    for (const auto& [failure, count] : tally_.failures) tally_.offered += count;
    return std::move(tally_);
  }
  for (const auto& connection : connections_) {
    if (connection->busy() && Measured(connection->due_ns())) ++tally_.unanswered;
  }
  tally_.unanswered +=
      std::count_if(waiting_.begin(), waiting_.end(), [&](int64_t due) { return Measured(due); });
  return std::move(tally_);
}

// Costs are taken at the edges of the measured time.
void Load::NoteTime() {
  now_ns_ = Clock(CLOCK_MONOTONIC);
  if (!began_ && now_ns_ >= begin_ns_) {
    began_ = true;
    servers_ = WithDescendants(options_.servers);
    tally_.server_cpu_ns -= CpuTimeNs(servers_);
    tally_.own_cpu_ns -= Clock(CLOCK_PROCESS_CPUTIME_ID);
  }
  if (!ended_ && now_ns_ >= end_ns_) {
    ended_ = true;
    tally_.server_cpu_ns += CpuTimeNs(servers_);
    tally_.own_cpu_ns += Clock(CLOCK_PROCESS_CPUTIME_ID);
  }
}

bool Load::Over() const {
  if (now_ns_ < end_ns_) return false;
  if (!open_loop()) return true;
  return (busy_ == 0 && waiting_.empty()) || now_ns_ >= end_ns_ + options_.timeout.count();
}

timespec Load::WaitTime() const {
  if (open_loop() && options_.turn.count() > 0) return {};
  int64_t until = std::min(next_expiry_ns_, now_ns_ < begin_ns_ ? begin_ns_ : std::max(end_ns_, now_ns_ + 1));
  if (open_loop() && now_ns_ < end_ns_)
    until = std::min(until, std::max(next_due_ns_, now_ns_ + kShortestWaitNs));
  if (ended_) until = next_expiry_ns_;
  if (!closed_.empty()) until = now_ns_;
  const int64_t wait = std::max<int64_t>(until - now_ns_, 0);
  return {wait / kSecond, wait % kSecond};
}

void Load::Connect(Connection& connection) {
  if (!connection.Open()) {
    ++tally_.failures[Failure::kConnect];
    return;
  }
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd(), &event);
}

void Load::Reopen(std::vector<Connection*>* connections) {
  for (Connection* connection : std::exchange(*connections, {})) {
    Connect(*connection);
    Free(*connection);
  }
}

void Load::Handle(const epoll_event& event) {
  auto& connection = *static_cast<Connection*>(event.data.ptr);
  if (connection.fd() < 0) return;
  if ((event.events & EPOLLOUT) != 0 && !connection.ContinueSending())
    return Failed(connection, Failure::kClosed);
  if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) return;
  ResponseEnd answer;
  switch (connection.Receive(&answer)) {
    case Connection::Read::kNothing:
      return;
    case Connection::Read::kAnswer:
      Answered(connection, answer);
      // The end of the connection may have come with the answer, and no edge comes twice.
      if ((event.events & EPOLLRDHUP) != 0 && connection.fd() >= 0 && !connection.busy())
        Failed(connection, Failure::kClosed);
      return;
    case Connection::Read::kMalformed:
      return Failed(connection, Failure::kMalformed);
    case Connection::Read::kClosed:
      return Failed(connection, Failure::kClosed);
  }
}

void Load::Answered(Connection& connection, const ResponseEnd& answer) {
  --busy_;
  now_ns_ = Clock(CLOCK_MONOTONIC);
  // In an open loop every request that was due in the measured time counts; in a closed one every answer that came in it.
  if (Measured(open_loop() ? connection.due_ns() : now_ns_)) {
    const int64_t latency = now_ns_ - connection.due_ns();
    tally_.latency_by_status[answer.status].Record(latency);
    if (answer.status / 100 == 2) tally_.succeeded.Record(latency);
  }
  if (answer.close) {
    connection.Close();
    ++tally_.reconnects;
    closed_.push_back(&connection);
    return;
  }
  Free(connection);
}

void Load::Failed(Connection& connection, Failure failure) {
  if (connection.busy()) {
    --busy_;
    if (Measured(open_loop() ? connection.due_ns() : now_ns_)) ++tally_.failures[failure];
  }
  // It may stand among the idle ones: a server may close a connection that asks nothing.
  std::erase(idle_, &connection);
  connection.Close();
  ++tally_.reconnects;
  failed_.push_back(&connection);
}

// The connection may send: the longest waiting request, or a new one.
void Load::Free(Connection& connection) {
  if (connection.fd() < 0) {
    failed_.push_back(&connection);
  } else if (!open_loop()) {
    if (now_ns_ >= end_ns_) return;
    Send(connection, now_ns_);
  } else if (!waiting_.empty()) {
    const int64_t due = waiting_.front();
    waiting_.pop_front();
    Send(connection, due);
  } else {
    idle_.push_back(&connection);
  }
}

void Load::Send(Connection& connection, int64_t due_ns) {
  ++busy_;
  const std::string& request = options_.requests[next_request_];
  next_request_ = next_request_ + 1 < options_.requests.size() ? next_request_ + 1 : 0;
  if (!connection.Send(request, due_ns, now_ns_)) Failed(connection, Failure::kClosed);
}

void Load::OfferDue() {
  while (next_due_ns_ <= now_ns_ && next_due_ns_ < end_ns_) {
    const int64_t due = next_due_ns_;
    next_due_ns_ += Gap();
    if (Measured(due)) {
      ++tally_.offered;
      tally_.lag.Record(now_ns_ - due);
    }
    if (!idle_.empty()) {
      Connection* connection = idle_.back();
      idle_.pop_back();
      Send(*connection, due);
    } else if (static_cast<int64_t>(waiting_.size()) < options_.max_waiting) {
      waiting_.push_back(due);
    } else if (Measured(due)) {
      ++tally_.dropped;
    }
  }
}

int64_t Load::Gap() {
  const double mean = static_cast<double>(kSecond) / options_.rate;
  if (!options_.poisson) return std::llround(mean);
  return static_cast<int64_t>(std::exponential_distribution<double>(1 / mean)(random_));
}

void Load::ExpireLate() {
  next_expiry_ns_ = now_ns_ + kExpiryEveryNs;
  for (const auto& connection : connections_) {
    if (connection->busy() && now_ns_ - connection->sent_ns() > options_.timeout.count()) {
      Failed(*connection, Failure::kTimeout);
    }
  }
  Reopen(&failed_);
}

}  // namespace starling::bench
