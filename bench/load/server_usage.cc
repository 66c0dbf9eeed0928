#include "load/server_usage.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace starling::bench {
namespace {

namespace fs = std::filesystem;

std::string Proc(pid_t process) { return "/proc/" + std::to_string(process); }

// The number of a line "Name:   123 kB", in bytes.
int64_t Field(const std::string& file, const std::string& name) {
  std::ifstream in(file);
  std::string word;
  while (in >> word) {
    int64_t kilobytes = 0;
    if (word == name && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::vector<pid_t> WithDescendants(const std::vector<pid_t>& roots) {
  std::vector<pid_t> all = roots;
  for (size_t i = 0; i < all.size(); ++i) {
    std::error_code gone;
    for (const auto& thread : fs::directory_iterator(Proc(all[i]) + "/task", gone)) {
      std::ifstream children(thread.path() / "children");
      pid_t child = 0;
      while (children >> child) all.push_back(child);
    }
  }
  return all;
}

int64_t CpuTimeNs(const std::vector<pid_t>& processes) {
  int64_t sum = 0;
  for (const pid_t process : processes) {
    clockid_t clock;
    timespec time;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) continue;
    sum += time.tv_sec * int64_t{1000000000} + time.tv_nsec;
  }
  return sum;
}

Memory MemoryOf(const std::vector<pid_t>& processes) {
  Memory memory;
  for (const pid_t process : processes) {
    memory.peak_rss_bytes += Field(Proc(process) + "/status", "VmHWM:");
    memory.rss_bytes += Field(Proc(process) + "/status", "VmRSS:");
    memory.pss_bytes += Field(Proc(process) + "/smaps_rollup", "Pss:");
  }
  return memory;
}

}  // namespace starling::bench
