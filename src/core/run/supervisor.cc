#include "core/run/supervisor.h"

#include <future>
#include <mutex>
#include <utility>

#include "base/strings.h"
#include "core/async/spawn.h"

namespace starling::run {

struct Supervisor::State {
  State(async::Loop& l, Spawner& sp, SupervisedService s, rpc::BalancedEndpoint::Connect c, ReplicaHooks h)
      : loop(l),
        spawner(sp),
        service(std::move(s)),
        hooks(std::move(h)),
        endpoint(service.name, service.balancing, std::move(c)) {}

  async::Loop& loop;
  Spawner& spawner;
  const SupervisedService service;
  const ReplicaHooks hooks;
  rpc::BalancedEndpoint endpoint;
  std::vector<std::unique_ptr<Replica>> replicas;  // loop only
  size_t running = 0;                              // loop only
  std::promise<void> all_ended;
  mutable std::mutex mutex;
  std::vector<ReplicaStatus> published;
  bool started = false;

  // Copies what the replicas say to where other threads may read it, and points the endpoint at those that serve.
  void Publish(bool addresses_changed) {
    std::vector<std::string> addresses;
    std::vector<ReplicaStatus> all;
    for (const auto& replica : replicas) {
      all.push_back(replica->status());
      if (replica->status().state == ReplicaState::kServing) addresses.push_back(replica->status().address);
    }
    if (addresses_changed) endpoint.SetAddresses(addresses);
    std::lock_guard lock(mutex);
    published = std::move(all);
  }
};

namespace {
async::Task<void> RunReplica(Replica* replica, std::function<void()> ended) {
  co_await replica->Run();
  ended();
}
}  // namespace

Supervisor::Supervisor(async::Loop& loop, Spawner& spawner, SupervisedService service,
                       rpc::BalancedEndpoint::Connect connect, ReplicaHooks hooks)
    : state_(
          std::make_shared<State>(loop, spawner, std::move(service), std::move(connect), std::move(hooks))) {}

Supervisor::~Supervisor() = default;

void Supervisor::Start() {
  state_->started = true;
  state_->loop.Post([state = state_] {
    const SupervisedService& service = state->service;
    for (int i = 0; i < service.replicas; ++i) {
      ReplicaHooks hooks = state->hooks;
      // Not owning: the state owns the replicas.
      State* raw = state.get();
      hooks.changed = [raw] { raw->Publish(true); };
      hooks.log_event = [raw](std::string_view event) {
        raw->Publish(false);
        raw->hooks.log_event(event);
      };
      ChildSpec spec = service.command;
      spec.environment.emplace_back("STARLING_SERVICE", service.name);
      spec.environment.emplace_back("STARLING_REPLICA", StrCat(i));
      spec.environment.emplace_back("STARLING_STOP_TIMEOUT_MS", StrCat(service.options.stop_timeout.count()));
      state->replicas.push_back(std::make_unique<Replica>(
          StrCat(service.name, " replica ", i), state->spawner, std::move(spec),
          StrCat(service.socket_directory, "/", service.name, "-", i), service.options, std::move(hooks)));
    }
    state->running = state->replicas.size();
    for (const auto& replica : state->replicas) {
      async::Spawn(state->loop, RunReplica(replica.get(), [state] {
                     if (--state->running == 0) state->all_ended.set_value();
                   }));
    }
    state->Publish(true);
  });
}

void Supervisor::Stop() {
  if (!std::exchange(state_->started, false)) return;
  state_->loop.Post([state = state_] {
    state->endpoint.SetAddresses({});
    for (const auto& replica : state->replicas) replica->Stop();
  });
  state_->all_ended.get_future().wait();
  // The replicas' coroutines have ended; they go on the loop they lived on.
  std::promise<void> cleared;
  state_->loop.Post([&] {
    state_->Publish(true);
    state_->replicas.clear();
    cleared.set_value();
  });
  cleared.get_future().wait();
}

rpc::Endpoint& Supervisor::endpoint() { return state_->endpoint; }
const std::string& Supervisor::name() const { return state_->service.name; }

std::vector<ReplicaStatus> Supervisor::Status() const {
  std::lock_guard lock(state_->mutex);
  return state_->published;
}

}  // namespace starling::run
