#include "core/run/supervisor.h"

#include <future>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::run {
namespace {

// How often a restart looks whether its successor serves, or its predecessor has ended.
constexpr std::chrono::milliseconds kRestartPoll{10};

}  // namespace

struct Supervisor::State {
  State(async::Loop& l, Spawner& sp, SupervisedService s, rpc::BalancedEndpoint::Connect c, ReplicaHooks h)
      : loop(l),
        spawner(sp),
        service(std::move(s)),
        hooks(std::move(h)),
        endpoint(service.name, service.balancing, std::move(c)) {}

  // One configured replica. While it is restarted there are two processes of it.
  struct Place {
    uint64_t starts = 0;
    std::unique_ptr<Replica> current, successor;
  };

  async::Loop& loop;
  Spawner& spawner;
  const SupervisedService service;
  const ReplicaHooks hooks;
  rpc::BalancedEndpoint endpoint;
  std::vector<std::unique_ptr<Place>> places;  // loop only, as all that follows
  size_t running = 0;                          // coroutines that Stop() waits for
  bool restarting = false;
  CancelSource stopping;
  std::promise<void> all_ended;
  mutable std::mutex mutex;
  std::vector<ReplicaStatus> published;
  bool started = false;  // Start() and Stop() only

  // Copies what the replicas say to where other threads may read it, and points the endpoint at those that serve.
  void Publish(bool addresses_changed) {
    std::vector<std::string> addresses;
    std::vector<ReplicaStatus> all;
    for (const auto& place : places) {
      for (const Replica* replica : {place->current.get(), place->successor.get()}) {
        if (replica != nullptr && replica->status().state == ReplicaState::kServing)
          addresses.push_back(replica->status().address);
      }
      if (place->current != nullptr) all.push_back(place->current->status());
    }
    if (addresses_changed) endpoint.SetAddresses(addresses);
    std::lock_guard lock(mutex);
    published = std::move(all);
  }

  std::unique_ptr<Replica> MakeReplica(size_t index) {
    ReplicaHooks own = hooks;
    // Not owning: the state owns the replicas.
    own.changed = [this] { Publish(true); };
    own.log_event = [this](observe::Level level, std::string_view event) {
      Publish(false);
      hooks.log_event(level, event);
    };
    ChildSpec spec = service.command;
    spec.environment.emplace_back("STARLING_SERVICE", service.name);
    spec.environment.emplace_back("STARLING_REPLICA", StrCat(index));
    spec.environment.emplace_back("STARLING_STOP_TIMEOUT_MS", StrCat(service.options.stop_timeout.count()));
    return std::make_unique<Replica>(StrCat(service.name, " replica ", index), spawner, std::move(spec),
                                     StrCat(service.socket_directory, "/", service.name, "-", index),
                                     service.options, std::move(own), places[index]->starts);
  }

  void Ended() {
    if (--running == 0) all_ended.set_value();
  }
};

namespace {

// On the supervisor's loop; `state` outlives it by `running`.
template <typename State>
async::Task<void> RunReplica(std::shared_ptr<State> state, Replica* replica) {
  co_await replica->Run();
  state->Ended();
}

template <typename State>
void StartReplica(const std::shared_ptr<State>& state, Replica* replica) {
  ++state->running;
  async::Spawn(state->loop, RunReplica(state, replica));
}

bool HasFailed(const Replica& replica) { return !replica.status().last_failure.empty(); }

async::Task<void> StopReplica(Replica* replica) {
  replica->Stop();
  while (replica->status().state != ReplicaState::kStopped)
    (void)co_await async::Sleep(kRestartPoll, CancelToken());
}

template <typename State>
async::Task<absl::Status> RestartOne(std::shared_ptr<State> state, size_t index) {
  auto& place = *state->places[index];
  place.successor = state->MakeReplica(index);
  StartReplica(state, place.successor.get());
  const Replica& successor = *place.successor;
  while (successor.status().state != ReplicaState::kServing && !HasFailed(successor)) {
    const absl::Status waited = co_await async::Sleep(kRestartPoll, state->stopping.token());
    if (!waited.ok()) break;
  }
  const bool serves = successor.status().state == ReplicaState::kServing;
  const std::string why = successor.status().last_failure;
  // The one that is not needed finishes its calls and goes.
  co_await StopReplica(serves ? place.current.get() : place.successor.get());
  if (serves) place.current = std::move(place.successor);
  place.successor = nullptr;
  state->Publish(true);
  if (serves) co_return absl::OkStatus();
  co_return FailedPrecondition("Replica ", index, " of ", state->service.name,
                               " stays as it is, because its successor ", why.empty() ? "was stopped" : why,
                               ".");
}

template <typename State>
async::Task<absl::Status> RestartAll(std::shared_ptr<State> state) {
  if (std::exchange(state->restarting, true)) {
    co_return FailedPrecondition("Service ", state->service.name, " is being restarted already.");
  }
  absl::Status status;
  for (size_t i = 0; i < state->places.size() && status.ok(); ++i) status = co_await RestartOne(state, i);
  state->restarting = false;
  co_return status;
}

template <typename State>
async::Task<void> RestartFor(std::shared_ptr<State> state, async::Completer<absl::Status> done) {
  // Stop() has counted already.
  if (state->stopping.token().cancelled()) co_return done.Set(Unavailable("The program is stopping."));
  ++state->running;
  done.Set(co_await RestartAll(state));
  state->Ended();
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
    for (int i = 0; i < state->service.replicas; ++i) {
      state->places.push_back(std::make_unique<State::Place>());
      state->places.back()->current = state->MakeReplica(static_cast<size_t>(i));
    }
    for (const auto& place : state->places) StartReplica(state, place->current.get());
    state->Publish(true);
  });
}

async::Task<absl::Status> Supervisor::Restart() {
  async::Completion<absl::Status> done;
  state_->loop.Post([state = state_, completer = done.completer()] {
    async::Spawn(state->loop, RestartFor(state, completer));
  });
  co_return co_await done;
}

void Supervisor::Stop() {
  if (!std::exchange(state_->started, false)) return;
  state_->loop.Post([state = state_] {
    state->stopping.Cancel();
    state->endpoint.SetAddresses({});
    for (const auto& place : state->places) {
      place->current->Stop();
      if (place->successor != nullptr) place->successor->Stop();
    }
  });
  state_->all_ended.get_future().wait();
  // The replicas' coroutines have ended; they go on the loop they lived on.
  std::promise<void> cleared;
  state_->loop.Post([&] {
    state_->Publish(true);
    state_->places.clear();
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
