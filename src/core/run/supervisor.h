// All replicas of one service under `process` placement.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/rpc/balanced_endpoint.h"
#include "core/run/replica.h"

namespace starling::run {

struct SupervisedService {
  std::string name;
  int replicas = 1;
  ChildSpec command;             // without the variables that the agreement adds
  std::string socket_directory;  // exists, mode 0700
  SupervisionOptions options;
  rpc::BalancedOptions balancing;
};

// Starts the replicas on `loop` (one that serves no requests), keeps `endpoint()` pointed at those that serve, and stops
// them. While none serves, calls get UNAVAILABLE with a RetryAfter at once. Thread-safe but for the destructor.
class Supervisor {
 public:
  Supervisor(async::Loop& loop, Spawner& spawner, SupervisedService service,
             rpc::BalancedEndpoint::Connect connect, ReplicaHooks hooks);
  ~Supervisor();  // after Stop()

  void Start();
  // Blocks until every child has ended: stop_timeout at most, and then the time that SIGKILL takes.
  void Stop();

  // Replaces every child, one after the other: the successor starts and serves before the predecessor is told to stop and
  // finishes its calls. No call is lost. FAILED_PRECONDITION if a successor does not come up: it is ended, and its
  // predecessor and those that follow stay as they are. Any loop.
  async::Task<absl::Status> Restart();

  rpc::Endpoint& endpoint();
  const std::string& name() const;
  std::vector<ReplicaStatus> Status() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace starling::run
