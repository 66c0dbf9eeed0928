#include "core/run/replica.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/async/sleep.h"
#include "core/resilience/backoff.h"
#include "core/run/child_process.h"

namespace starling::run {

using std::chrono::steady_clock;

namespace {
constexpr std::chrono::milliseconds kReadyPoll{50};
}

// One process from start to end. `wake` is cancelled when it ended or is to be stopped: every wait listens to it.
struct Replica::Life {
  explicit Life(const CancelToken& stop) : wake(stop) {}
  CancelSource wake;
  CancelSource ended;
  std::string how;
  std::optional<ChildProcess> process;
};

Replica::Replica(std::string name, Spawner& spawner, ChildSpec spec, std::string socket_prefix,
                 SupervisionOptions options, ReplicaHooks hooks, uint64_t& starts)
    : name_(std::move(name)),
      spawner_(spawner),
      spec_(std::move(spec)),
      socket_prefix_(std::move(socket_prefix)),
      options_(options),
      hooks_(std::move(hooks)),
      starts_(starts) {}

Replica::~Replica() = default;

void Replica::Stop() { stop_.Cancel(); }

void Replica::SetState(ReplicaState state) {
  const bool was_serving = status_.state == ReplicaState::kServing;
  status_.state = state;
  if (was_serving != (state == ReplicaState::kServing)) hooks_.changed();
}

async::Task<void> Replica::Run() {
  resilience::Backoff backoff(options_.restart_first, options_.restart_max);
  while (!stop_.token().cancelled()) {
    served_since_ = {};
    co_await RunOnce();
    if (stop_.token().cancelled()) break;
    if (served_since_ != steady_clock::time_point{} &&
        steady_clock::now() - served_since_ >= options_.stable_after) {
      backoff.Reset();
    }
    const auto delay = backoff.Next(RandomId());
    hooks_.log_event(observe::Level::kWarning,
                     StrCat(name_, " ", status_.last_failure, "; next start in ", delay.count(), " ms"));
    SetState(ReplicaState::kWaiting);
    (void)co_await async::Sleep(delay, stop_.token());
  }
  SetState(ReplicaState::kStopped);
}

async::Task<void> Replica::RunOnce() {
  SetState(ReplicaState::kStarting);
  Life life(stop_.token());
  const std::string socket = StrCat(socket_prefix_, "-", starts_, ".sock");
  status_.restarts = starts_++;
  ChildSpec spec = spec_;
  spec.environment.emplace_back("STARLING_SOCKET", socket);
  // Blocks this loop for the milliseconds of a fork; it serves no requests.
  auto handle = spawner_.Start(spec);
  if (!handle.ok()) {
    std::string_view why = Message(handle.status());
    if (why.ends_with('.')) why.remove_suffix(1);
    status_.last_failure = StrCat("could not be started: ", why);
    co_return;
  }
  last_line_.clear();
  status_.pid = handle->pid;
  const pid_t pid = handle->pid;
  hooks_.process(name_, pid, true);
  life.process.emplace(
      *async::Loop::Current(), *handle,
      [this, pid](std::string_view line) {
        last_line_ = line;
        hooks_.log_line(line, pid);
      },
      [&life](const std::string& how) {
        life.how = how;
        life.ended.Cancel();
        life.wake.Cancel();
      });
  const std::string address = "unix:" + socket;
  if (co_await BecomeReady(life, address)) co_await Serve(life, address);
  co_await End(life);
  hooks_.process(name_, pid, false);
  status_.pid = 0;
  status_.address.clear();
  unlink(socket.c_str());
}

async::Task<bool> Replica::BecomeReady(Life& life, const std::string& address) {
  const auto give_up = steady_clock::now() + options_.start_timeout;
  std::string why = "it never answered";
  while (!life.wake.token().cancelled()) {
    if (steady_clock::now() >= give_up) {
      status_.last_failure =
          StrCat("was not ready after ", options_.start_timeout.count(), " ms (", why, ")");
      co_return false;
    }
    const auto context = RequestContext()
                             .WithCancel(life.wake.token())
                             .WithDeadline(steady_clock::now() + options_.probe_timeout);
    const absl::Status health = co_await hooks_.probe(context, address);
    if (health.ok()) co_return true;
    why = std::string(Message(health));
    (void)co_await async::Sleep(kReadyPoll, life.wake.token());
  }
  if (life.ended.token().cancelled()) {
    status_.last_failure = StrCat(life.how, " before it was ready", Limit(),
                                  last_line_.empty() ? "" : "; last line: ", last_line_);
  }
  co_return false;
}

// Who meets his limit ends in a way of his own, so it is named whenever a limited child ends.
std::string Replica::Limit() const {
  if (spec_.memory_limit_bytes == 0) return "";
  return StrCat(" (its memory limit is ", spec_.memory_limit_bytes, " bytes)");
}

async::Task<void> Replica::Serve(Life& life, const std::string& address) {
  served_since_ = steady_clock::now();
  status_.address = address;
  SetState(ReplicaState::kServing);
  hooks_.log_event(observe::Level::kInfo, StrCat(name_, " is serving (pid ", status_.pid, ")"));
  int missed = 0;
  while (missed < options_.probe_failures) {
    if (!(co_await async::Sleep(options_.probe_interval, life.wake.token())).ok()) break;
    const auto context = RequestContext()
                             .WithCancel(life.wake.token())
                             .WithDeadline(steady_clock::now() + options_.probe_timeout);
    const absl::Status health = co_await hooks_.probe(context, address);
    missed = health.ok() ? 0 : missed + 1;
  }
  // Callers are turned away before anything else happens.
  SetState(ReplicaState::kStarting);
  if (life.ended.token().cancelled()) {
    status_.last_failure = StrCat(life.how, Limit());
  } else if (missed >= options_.probe_failures) {
    status_.last_failure = StrCat("did not answer ", missed, " health checks in a row");
    life.process->Kill();
  }
}

async::Task<void> Replica::End(Life& life) {
  if (stop_.token().cancelled()) {
    life.process->Terminate();
    (void)co_await async::Sleep(options_.stop_timeout, life.ended.token());
  }
  if (life.process->running()) {
    life.process->Kill();
    (void)co_await async::Sleep(std::chrono::hours(1), life.ended.token());
  }
}

}  // namespace starling::run
