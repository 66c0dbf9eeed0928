// Starting child processes so that they never outlive this one.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::run {

struct ChildSpec {
  std::vector<std::string> command;  // program (searched in PATH) and arguments; not empty
  std::vector<std::pair<std::string, std::string>> environment;  // over the inherited one
  std::string working_directory;                                 // empty: as ours
  size_t memory_limit_bytes =
      0;  // of each of its processes: the kernel gives it no more to write to; 0: none
};

// File descriptors are close-on-exec, non-blocking, and the caller's to close.
struct ChildHandle {
  pid_t pid = 0;
  int pidfd = -1;     // readable when the child has ended
  int lifeline = -1;  // write end of its standard input: closing it tells the child to stop
  int output = -1;    // read end of its standard output and error together
};

// The parent-death signal of Linux belongs to the thread that forked (prctl(2), PR_SET_PDEATHSIG), so all children come
// from one thread that lives as long as the program. Each child leads a process group of its own. Thread-safe.
class Spawner {
 public:
  Spawner();
  ~Spawner();
  // Blocks for some milliseconds. NOT_FOUND if the program does not exist, with its name.
  absl::StatusOr<ChildHandle> Start(const ChildSpec& spec);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace starling::run
