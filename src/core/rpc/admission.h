// Whether a call from outside may begin: asked by the edges, in every protocol, before the expensive steps.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "absl/status/status.h"
#include "core/observe/registry.h"
#include "core/resilience/concurrency_limit.h"
#include "core/rpc/method.h"

namespace starling::rpc {

// Of one method. Thread-safe.
class MethodAdmission {
 public:
  // One call that was let in, until destroyed. Its time counts for the limit only if it succeeded: errors are often quicker.
  class Ticket {
   public:
    Ticket() = default;
    explicit Ticket(MethodAdmission& of) : of_(&of), began_(std::chrono::steady_clock::now()) {}
    Ticket(Ticket&& other) noexcept : of_(std::exchange(other.of_, nullptr)), began_(other.began_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(began_, other.began_);
      return *this;
    }
    ~Ticket() { End(false); }
    void End(bool succeeded);

   private:
    MethodAdmission* of_ = nullptr;
    std::chrono::steady_clock::time_point began_;
  };

  MethodAdmission(const Method& method, resilience::ConcurrencyLimit::Options options,
                  observe::Counter refused);

  // Both: UNAVAILABLE with a RetryAfter while as many calls are under way as may be. Check() is for the moment when the headers are
  // here, so that a refusal costs neither reading nor parsing; Begin() for when the request is, so that a slow sender holds no
  // place.
  absl::Status Check();
  absl::Status Begin(Ticket* ticket);

  // What a refused call hears.
  const absl::Status& busy() const { return busy_; }
  int64_t limit() const { return limit_.limit(); }

 private:
  absl::Status Refuse();

  const absl::Status busy_;  // made once: there may be very many
  resilience::ConcurrencyLimit limit_;
  observe::Counter refused_;
};

// Of all methods of a program. Thread-safe.
class Admission {
 public:
  // `registry` outlives it.
  Admission(resilience::ConcurrencyLimit::Options options, observe::Registry& registry);

  // Lives as long as this; one for a method, whatever protocols ask. Null for streams, whose length is their caller's choice.
  MethodAdmission* For(const Method& method);

 private:
  const resilience::ConcurrencyLimit::Options options_;
  observe::CounterFamily& refused_;
  mutable std::mutex mutex_;
  std::map<std::string_view, std::unique_ptr<MethodAdmission>> methods_;  // by path
  observe::CallbackRegistration limits_;
};

}  // namespace starling::rpc
