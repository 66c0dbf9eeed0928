// One supervised replica of a service: start, readiness, health, restart.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/observe/log.h"
#include "core/run/spawner.h"

namespace starling::run {

// docs/other-languages.md is the agreement with the child; the names of the settings are those of the configuration.
struct SupervisionOptions {
  std::chrono::milliseconds start_timeout{30000};
  std::chrono::milliseconds stop_timeout{10000};
  std::chrono::milliseconds probe_interval{1000};
  std::chrono::milliseconds probe_timeout{1000};
  int probe_failures = 3;
  std::chrono::milliseconds restart_first{200};
  std::chrono::milliseconds restart_max{15000};
  // A child that served this long starts again with the first delay.
  std::chrono::milliseconds stable_after{30000};
};

enum class ReplicaState { kStarting, kServing, kWaiting, kStopped };

struct ReplicaStatus {
  ReplicaState state = ReplicaState::kStarting;
  pid_t pid = 0;             // 0: no process
  uint64_t restarts = 0;     // starts after the first
  std::string address;       // "unix:/..." while serving
  std::string last_failure;  // why it went down last, with the child's last line if it never served
};

// What a replica needs from outside. All are called on the supervisor's loop.
struct ReplicaHooks {
  // Whether the child at `address` says SERVING for all its contracts: the health call of the transport.
  std::function<async::Task<absl::Status>(RequestContext context, const std::string& address)> probe;
  std::function<void()> changed;  // state went from or to kServing
  std::function<void(std::string_view line, pid_t pid)> log_line;
  std::function<void(const std::string& replica, pid_t pid, bool runs)> process;  // started or ended
  // "spam replica 0 is serving (pid 123)"; a failure is a warning.
  std::function<void(observe::Level level, std::string_view event)> log_event;
};

// Runs on one loop. Run() keeps one child alive until Stop(); both on that loop.
class Replica {
 public:
  // `socket_prefix` is the path of the socket without its ending; each start has a socket of its own, so that nobody
  // talks to a predecessor. `starts` counts them; it outlives the replica, and belongs to its successors too.
  Replica(std::string name, Spawner& spawner, ChildSpec spec, std::string socket_prefix,
          SupervisionOptions options, ReplicaHooks hooks, uint64_t& starts);
  ~Replica();

  async::Task<void> Run();
  // The child gets SIGTERM, then SIGKILL after stop_timeout; Run() ends.
  void Stop();

  const ReplicaStatus& status() const { return status_; }

 private:
  struct Life;
  async::Task<void> RunOnce();
  async::Task<bool> BecomeReady(Life& life, const std::string& address);
  async::Task<void> Serve(Life& life, const std::string& address);
  async::Task<void> End(Life& life);
  void SetState(ReplicaState state);
  std::string Limit() const;

  const std::string name_;
  Spawner& spawner_;
  ChildSpec spec_;
  const std::string socket_prefix_;
  const SupervisionOptions options_;
  const ReplicaHooks hooks_;
  CancelSource stop_;
  ReplicaStatus status_;
  std::string last_line_;
  uint64_t& starts_;
  std::chrono::steady_clock::time_point served_since_{};
};

}  // namespace starling::run
