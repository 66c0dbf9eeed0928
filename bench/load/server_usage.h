// What a server costs, read from outside while it runs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace starling::bench {

// `roots` and all their descendants that are alive now.
std::vector<pid_t> WithDescendants(const std::vector<pid_t>& roots);

// User and system time of all threads of the processes since they began, those that ended included. Processes that are gone
// count as nothing.
int64_t CpuTimeNs(const std::vector<pid_t>& processes);

struct Memory {
  int64_t peak_rss_bytes = 0;  // sum of each process's highest resident size so far
  int64_t rss_bytes = 0;       // sum of the resident sizes now
  int64_t pss_bytes = 0;       // as rss_bytes, with pages that processes share divided among them
};
Memory MemoryOf(const std::vector<pid_t>& processes);

}  // namespace starling::bench
