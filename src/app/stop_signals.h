#pragma once

#include "absl/status/statusor.h"

namespace starling::app {

// SIGTERM and SIGINT, and SIGHUP if it is asked for, as something to wait for. Made before any thread is started, so that every thread has them blocked;
// SIGPIPE is ignored from then on.
class StopSignals {
 public:
  // Without `reload`, SIGHUP ends the program, as it does when the terminal goes.
  explicit StopSignals(bool reload);
  ~StopSignals();

  enum class Reason { kSignal, kParentGone, kReload };
  // Blocks until a signal came or, with `watch_parent`, standard input is at its end (see docs/other-languages.md).
  Reason Wait(bool watch_parent);
  // A second signal ends the process at once, with the code that shells expect.
  void EndAtNextSignal();

 private:
  int descriptor_;
};

}  // namespace starling::app
