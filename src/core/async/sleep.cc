#include "core/async/sleep.h"

#include "core/async/completion.h"
#include "core/async/loop.h"

namespace starling::async {

Task<absl::Status> Sleep(std::chrono::nanoseconds duration, CancelToken cancel) {
  Completion<bool> done;
  const auto completer = done.completer();
  const Timer timer = Loop::Current()->After(duration, [completer] { completer.Set(true); });
  const auto registration = cancel.OnCancel([completer](const absl::Status&) { completer.Set(false); });
  if (co_await done) co_return absl::OkStatus();
  co_return cancel.status();
}

}  // namespace starling::async
