#include "core/rpc/balanced_endpoint.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/context/trace_context.h"
#include "core/resilience/backoff.h"
#include "core/rpc/retry_marker.h"

namespace starling::rpc {
namespace {

using resilience::Breaker;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestPause(1);
// A target whose refusal took longer than this is not asked out of turn.
constexpr std::chrono::milliseconds kAtOnce(100);

// What a status says of the target's health: nothing if the caller gave up, good if the target answered at all.
enum class Health { kGood, kBad, kUnknown };

Health HealthOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      // "Later, please" is an answer; a connection that fails is not.
      return RetryAfter(status).has_value() ? Health::kGood : Health::kBad;
    case absl::StatusCode::kDeadlineExceeded:
      return Health::kBad;
    case absl::StatusCode::kCancelled:
      return Health::kUnknown;
    default:
      return Health::kGood;
  }
}

// A target that ends a call which nobody here asked to end (it stops, or something behind it does) has failed it: the
// caller is still there.
absl::Status Judged(absl::Status status, const RequestContext& context) {
  if (status.code() != absl::StatusCode::kCancelled || context.cancel().cancelled()) return status;
  return Unavailable("The target gave up the call: ", Message(status));
}

}  // namespace

struct BalancedEndpoint::Target {
  Target(std::string a, std::shared_ptr<Endpoint> e, const Breaker::Options& options)
      : address(std::move(a)), endpoint(std::move(e)), breaker(options) {}
  const std::string address;
  const std::shared_ptr<Endpoint> endpoint;
  Breaker breaker;
  std::atomic<int> calls{0};
  std::atomic<Steady::duration> paused_until{};  // since the clock's epoch
  std::atomic<bool> refuses_at_once{false};      // when it was last not reached, that was found out quickly

  bool paused(Steady::time_point now) const { return now.time_since_epoch() < paused_until.load(); }

  void Report(const absl::Status& status, Steady::time_point began, bool out_of_turn) {
    const auto now = Steady::now();
    const auto later = status.code() == absl::StatusCode::kUnavailable ? RetryAfter(status) : std::nullopt;
    if (later.has_value()) {
      // A target that starts answers "later" fastest of all: being the least busy, it would draw every call.
      const auto pause = std::min<Steady::duration>(*later, kLongestPause);
      paused_until = (now + pause).time_since_epoch();
    } else if (status.ok()) {
      paused_until = Steady::duration();
    }
    if (out_of_turn) {
      // Its breaker did not ask: only good news counts.
      if (HealthOf(status) == Health::kGood) breaker.Close();
      if (NotProcessed(status) && now - began >= kAtOnce) refuses_at_once = false;
      return;
    }
    // A late one may be of a call that a stopping target had kept: that says nothing of how it refuses now.
    if (NotProcessed(status) && now - began < kAtOnce) refuses_at_once = true;
    switch (HealthOf(status)) {
      case Health::kGood:
        breaker.OnResult(true, now);
        // The last answers of a target that stops come after the first refusals, and do not take them back.
        if (breaker.state(now) == Breaker::State::kClosed) refuses_at_once = false;
        return;
      case Health::kBad:
        if (status.code() == absl::StatusCode::kDeadlineExceeded) refuses_at_once = false;
        return breaker.OnResult(false, now);
      case Health::kUnknown:
        return breaker.OnAbandoned();
    }
  }
};

struct BalancedEndpoint::State {
  State(std::string n, BalancedOptions o, Connect c)
      : name(std::move(n)), options(o), connect(std::move(c)), budget(o.retry_ratio) {}

  const std::string name;
  const BalancedOptions options;
  const Connect connect;
  resilience::RetryBudget budget;
  std::atomic<uint64_t> attempts{0}, retries{0}, refused{0};
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Target>> targets;

  struct Choice {
    std::shared_ptr<Target> target;  // null if there is none
    bool out_of_turn = false;        // past its open breaker
  };

  // A target whose breaker lets one call pass. `avoid` and those that said "later" are taken when nobody else is left;
  // before them, unless `in_turn_only`, one that refused connections when it was last asked: to find out whether it is
  // back costs next to nothing, and a caller who has no other choice should not wait for its breaker's next probe.
  Choice Pick(const Target* avoid, bool in_turn_only) {
    const auto now = Steady::now();
    std::lock_guard lock(mutex);
    const size_t count = targets.size();
    if (count == 0) return {};
    size_t first = RandomId() % count, second = RandomId() % count;
    if (targets[second]->calls.load() < targets[first]->calls.load()) std::swap(first, second);
    std::vector<std::shared_ptr<Target>> last_resorts;
    std::shared_ptr<Target> perhaps_back;
    for (size_t i = 0; i < count + 1; ++i) {
      // The two choices, then everybody else in turn.
      const auto& target = targets[i == 0 ? first : (second + i - 1) % count];
      if (target.get() == avoid || target->paused(now)) {
        last_resorts.push_back(target);
        continue;
      }
      if (target->breaker.Allow(now)) return {target};
      if (target->refuses_at_once) perhaps_back = target;
    }
    if (perhaps_back != nullptr && !in_turn_only) return {perhaps_back, true};
    // Who said "later" longest ago is the likeliest to have come up since.
    std::sort(last_resorts.begin(), last_resorts.end(), [avoid](const auto& a, const auto& b) {
      if ((a.get() == avoid) != (b.get() == avoid)) return b.get() == avoid;
      return a->paused_until.load() < b->paused_until.load();
    });
    for (const auto& target : last_resorts) {
      if (target->breaker.Allow(now)) return {target};
    }
    return {};
  }

  // Whether another target than `failed` takes calls now.
  bool AnotherServes(const Target& failed) const {
    const auto now = Steady::now();
    std::lock_guard lock(mutex);
    return std::any_of(targets.begin(), targets.end(), [&](const auto& target) {
      return target.get() != &failed && !target->paused(now) &&
             target->breaker.state(now) == Breaker::State::kClosed;
    });
  }

  bool Alone() const {
    std::lock_guard lock(mutex);
    return targets.size() < 2;
  }

  absl::Status NoTarget() const {
    std::chrono::milliseconds wait(1000);
    std::lock_guard lock(mutex);
    for (const auto& target : targets) {
      wait = std::min(wait, target->breaker.RetryIn(Steady::now()));
    }
    return WithRetryAfter(Unavailable("Service ", name, " is not reachable right now."),
                          std::max(wait, std::chrono::milliseconds(100)));
  }

  // How long to wait before the next attempt; nullopt if there must be none.
  std::optional<std::chrono::milliseconds> RetryDelay(const RequestContext& context, const Method& method,
                                                      const absl::Status& status, const Target& failed,
                                                      int attempt, resilience::Backoff& backoff) {
    const bool harmless =
        NotProcessed(status) || (method.safe && status.code() == absl::StatusCode::kUnavailable);
    if (!harmless || attempt >= options.max_attempts || !context.Check().ok()) return std::nullopt;
    auto delay = backoff.Next(RandomId());
    // "Later" is meant for the one who said it.
    if (const auto asked = RetryAfter(status); asked.has_value() && !AnotherServes(failed)) {
      delay = std::max(delay, *asked);
    }
    if (delay > std::chrono::seconds(1)) return std::nullopt;
    if (context.has_deadline() && Steady::now() + delay >= context.deadline()) return std::nullopt;
    // A call that reached nobody adds no load when it goes to somebody else.
    const bool free = NotProcessed(status) && !Alone();
    if (!free && !budget.TryRetry()) return std::nullopt;
    ++retries;
    return delay;
  }
};

namespace {

// Counts a call on its target while it is under way.
class Counted {
 public:
  explicit Counted(std::atomic<int>& calls) : calls_(calls) { ++calls_; }
  ~Counted() { --calls_; }
  Counted(const Counted&) = delete;

 private:
  std::atomic<int>& calls_;
};

}  // namespace

BalancedEndpoint::BalancedEndpoint(std::string name, BalancedOptions options, Connect connect)
    : state_(std::make_shared<State>(std::move(name), options, std::move(connect))) {}

BalancedEndpoint::~BalancedEndpoint() = default;

void BalancedEndpoint::SetAddresses(const std::vector<std::string>& addresses) {
  std::vector<std::shared_ptr<Target>> next, dropped;
  {
    std::lock_guard lock(state_->mutex);
    for (const std::string& address : addresses) {
      auto known = std::find_if(state_->targets.begin(), state_->targets.end(),
                                [&](const auto& target) { return target->address == address; });
      next.push_back(
          known != state_->targets.end()
              ? *known
              : std::make_shared<Target>(address, state_->connect(address), state_->options.breaker));
    }
    dropped = std::exchange(state_->targets, std::move(next));
  }
}

BalancedStats BalancedEndpoint::stats() const { return {state_->attempts, state_->retries, state_->refused}; }

async::Task<absl::StatusOr<Payload>> BalancedEndpoint::Unary(RequestContext context, const Method& method,
                                                             Payload request) {
  const auto state = state_;
  state->budget.OnFirstAttempt();
  resilience::Backoff backoff(state->options.retry_first, state->options.retry_max);
  State::Choice choice;
  bool asked_out_of_turn = false;
  for (int attempt = 1;; ++attempt) {
    choice = state->Pick(choice.target.get(), asked_out_of_turn);
    const auto& target = choice.target;
    if (target == nullptr) {
      ++state->refused;
      co_return state->NoTarget();
    }
    ++state->attempts;
    absl::StatusOr<Payload> response = Payload();
    const auto began = Steady::now();
    {
      const Counted counted(target->calls);
      response = co_await target->endpoint->Unary(context, method, request);
    }
    if (!response.ok()) response = Judged(response.status(), context);
    target->Report(response.status(), began, choice.out_of_turn);
    if (response.ok()) co_return response;
    if (choice.out_of_turn && NotProcessed(response.status())) {
      asked_out_of_turn = true;  // still away; that cost nobody anything
      continue;
    }
    const auto delay = state->RetryDelay(context, method, response.status(), *target, attempt, backoff);
    if (!delay.has_value()) co_return response;
    CO_RETURN_IF_ERROR(co_await async::Sleep(*delay, context.cancel()));
  }
}

async::Stream<Payload> BalancedEndpoint::Open(RequestContext context, const Method& method,
                                              async::Stream<Payload> requests) {
  const auto state = state_;
  state->budget.OnFirstAttempt();
  // One request can be sent twice; a stream of them is gone once it was read.
  std::optional<Payload> only_request;
  if (method.shape == CallShape::kServerStream) {
    auto first = co_await requests.Next();
    if (!first.ok()) co_return first.status();
    if (!first->has_value()) co_return Internal("A call without a request.");
    only_request = **std::move(first);
  }
  resilience::Backoff backoff(state->options.retry_first, state->options.retry_max);
  State::Choice choice;
  bool asked_out_of_turn = false;
  for (int attempt = 1;; ++attempt) {
    choice = state->Pick(choice.target.get(), asked_out_of_turn || !only_request.has_value());
    const auto& target = choice.target;
    if (target == nullptr) {
      ++state->refused;
      co_return state->NoTarget();
    }
    ++state->attempts;
    const auto began = Steady::now();
    const Counted counted(target->calls);
    // A stream of requests is handed over once: without `only_request` there is no second attempt.
    // NOLINTNEXTLINE(bugprone-use-after-move)
    auto call_requests = only_request.has_value() ? async::StreamOf(*only_request) : std::move(requests);
    auto responses = target->endpoint->Open(context, method, std::move(call_requests));
    auto item = co_await responses.Next();
    if (!item.ok()) item = Judged(item.status(), context);
    target->Report(item.status(), began, choice.out_of_turn);
    if (!item.ok()) {
      if (choice.out_of_turn && NotProcessed(item.status())) {
        asked_out_of_turn = true;
        continue;
      }
      const auto delay = only_request.has_value()
                             ? state->RetryDelay(context, method, item.status(), *target, attempt, backoff)
                             : std::nullopt;
      if (!delay.has_value()) co_return item.status();
      CO_RETURN_IF_ERROR(co_await async::Sleep(*delay, context.cancel()));
      continue;
    }
    while (item.ok() && item->has_value()) {
      co_yield **std::move(item);
      item = co_await responses.Next();
    }
    co_return Judged(item.status(), context);
  }
}

}  // namespace starling::rpc
