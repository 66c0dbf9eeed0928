// What the operating system says of this process and its children, read from /proc when metrics are asked for.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/observe/registry.h"

namespace starling::observe {

struct ProcessUsage {
  double user_seconds = 0;
  double system_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double threads = 0;
  double open_files = 0;
  double start_unix_seconds = 0;
};

// nullopt if there is no such process any more.
std::optional<ProcessUsage> ReadProcessUsage(pid_t pid);

// Reports process.* with the label `process`: "main" for this process, a child by the name it was added with. Any
// thread.
class ProcessMetrics {
 public:
  // `registry` outlives it.
  explicit ProcessMetrics(Registry& registry);

  // A name added again, as after a restart, is the new process from then on. The CPU time of former processes of a name
  // stays in its count.
  void AddChild(const std::string& name, pid_t pid);
  // Nothing if the name is another process's by now.
  void RemoveChild(const std::string& name, pid_t pid);

 private:
  struct Process {
    pid_t pid = 0;           // zero: gone
    double user_before = 0;  // of those that bore the name before
    double system_before = 0;
    double user_last = 0, system_last = 0;  // as last read
  };
  void Report(MetricType type, MetricInfo info, double ProcessUsage::* value);
  void ReportCpu();

  Registry& registry_;
  std::mutex mutex_;  // guards processes_
  std::map<std::string, Process> processes_;
  std::vector<CallbackRegistration> callbacks_;
};

}  // namespace starling::observe
