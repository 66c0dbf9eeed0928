// One running child on a loop: its end, its output, its signals.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "core/async/loop.h"
#include "core/run/spawner.h"

namespace starling::run {

// Owns the handle. Loop thread only. Destroying it kills the child's process group.
class ChildProcess {
 public:
  // `on_line` gets each line of the child's output, at most 16 KiB of it; `on_exit` is called once, after the last
  // line, with a sentence such as "exited with 1" or "was killed by signal 9 (Killed)".
  ChildProcess(async::Loop& loop, ChildHandle handle, absl::AnyInvocable<void(std::string_view)> on_line,
               absl::AnyInvocable<void(const std::string&)> on_exit);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;

  pid_t pid() const;
  bool running() const;
  // SIGTERM to the process; nothing if it has ended.
  void Terminate();
  // SIGKILL to the whole group.
  void Kill();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace starling::run
