// Cancellation of work: one source, any number of tokens, reported as a status.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace starling {

namespace cancel_internal {
struct State;
}

// Keeps a callback registered; destroying it unregisters. After the destructor returned the callback does not run
// and is not running (unless the destructor is called from inside that very callback).
class CancelRegistration {
 public:
  CancelRegistration() = default;
  CancelRegistration(CancelRegistration&& other) noexcept;
  CancelRegistration& operator=(CancelRegistration&& other) noexcept;
  ~CancelRegistration();

 private:
  friend class CancelToken;
  std::shared_ptr<cancel_internal::State> state_;
  uint64_t id_ = 0;
};

// The receiving end. Cheap to copy; all functions may be called from any thread.
class CancelToken {
 public:
  // Never cancelled.
  CancelToken() = default;

  bool cancelled() const;
  // OK while not cancelled, then the reason: CANCELLED or DEADLINE_EXCEEDED.
  absl::Status status() const;
  bool can_be_cancelled() const { return state_ != nullptr; }

  // `callback` runs once with the reason, on the thread that cancels, or at once if already cancelled. It must be
  // short and must not block: whoever has a loop hops to it from here.
  [[nodiscard]] CancelRegistration OnCancel(absl::AnyInvocable<void(const absl::Status&)> callback) const;

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<cancel_internal::State> state) : state_(std::move(state)) {}
  std::shared_ptr<cancel_internal::State> state_;
};

// The sending end. A source made with a parent is cancelled with it.
class CancelSource {
 public:
  CancelSource();
  explicit CancelSource(const CancelToken& parent);
  CancelSource(CancelSource&&) = default;
  CancelSource& operator=(CancelSource&&) = default;

  // The first call wins; later ones change nothing. Callbacks run before it returns. Any thread.
  void Cancel(absl::Status reason = absl::CancelledError("cancelled")) const;
  CancelToken token() const { return CancelToken(state_); }

 private:
  std::shared_ptr<cancel_internal::State> state_;
  CancelRegistration parent_;
};

}  // namespace starling
