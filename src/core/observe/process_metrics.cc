#include "core/observe/process_metrics.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace starling::observe {
namespace {

// Fields of /proc/PID/stat after the command's name, proc_pid_stat(5); its numbers less three.
constexpr size_t kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStartTicks = 19, kVirtualBytes = 20,
                 kResidentPages = 21;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

double BootUnixSeconds() {
  static const double boot = [] {
    std::istringstream lines(ReadFile("/proc/stat"));
    for (std::string word; lines >> word;) {
      double seconds = 0;
      if (word == "btime" && lines >> seconds) return seconds;
    }
    return 0.0;
  }();
  return boot;
}

double CountOpenFiles(pid_t pid) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(StrCat("/proc/", pid, "/fd").c_str()), &closedir);
  if (folder == nullptr) return 0;
  double count = 0;
  while (readdir(folder.get()) != nullptr) ++count;
  // Neither the two entries of every folder nor the file that reads this one.
  return std::max(0.0, count - (pid == getpid() ? 3 : 2));
}

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage(pid_t pid) {
  const std::string text = ReadFile(StrCat("/proc/", pid, "/stat"));
  const size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos || name_end + 2 > text.size()) return std::nullopt;
  const std::vector<std::string> fields = absl::StrSplit(text.substr(name_end + 2), ' ');
  if (fields.size() <= kResidentPages) return std::nullopt;
  const auto number = [&](size_t i) {
    double value = 0;
    return absl::SimpleAtod(fields[i], &value) ? value : 0.0;
  };
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ProcessUsage{.user_seconds = number(kUserTicks) / ticks_per_second,
                      .system_seconds = number(kSystemTicks) / ticks_per_second,
                      .resident_bytes = number(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)),
                      .virtual_bytes = number(kVirtualBytes),
                      .threads = number(kThreads),
                      .open_files = CountOpenFiles(pid),
                      .start_unix_seconds = BootUnixSeconds() + number(kStartTicks) / ticks_per_second};
}

ProcessMetrics::ProcessMetrics(Registry& registry) : registry_(registry) {
  AddChild("main", getpid());
  const std::vector<std::string> labels = {"process"};
  ReportCpu();
  Report(MetricType::kUpDownCounter,
         {.name = "process.memory.usage",
          .unit = "By",
          .help = "Memory in RAM (resident set).",
          .labels = labels},
         &ProcessUsage::resident_bytes);
  Report(MetricType::kUpDownCounter,
         {.name = "process.memory.virtual", .unit = "By", .help = "Address space.", .labels = labels},
         &ProcessUsage::virtual_bytes);
  Report(MetricType::kUpDownCounter,
         {.name = "process.thread.count", .unit = "{thread}", .help = "Threads.", .labels = labels},
         &ProcessUsage::threads);
  Report(MetricType::kUpDownCounter,
         {.name = "process.unix.file_descriptor.count",
          .unit = "{file_descriptor}",
          .help = "Open files.",
          .labels = labels},
         &ProcessUsage::open_files);
  Report(MetricType::kGauge,
         {.name = "process.start_time",
          .unit = "s",
          .help = "When it started, in seconds since 1970.",
          .labels = labels},
         &ProcessUsage::start_unix_seconds);
}

void ProcessMetrics::AddChild(const std::string& name, pid_t pid) {
  std::lock_guard lock(mutex_);
  Process& process = processes_[name];
  process.user_before += std::exchange(process.user_last, 0);
  process.system_before += std::exchange(process.system_last, 0);
  process.pid = pid;
}

void ProcessMetrics::RemoveChild(const std::string& name, pid_t pid) {
  std::lock_guard lock(mutex_);
  const auto found = processes_.find(name);
  if (found != processes_.end() && found->second.pid == pid) found->second.pid = 0;
}

void ProcessMetrics::Report(MetricType type, MetricInfo info, double ProcessUsage::* value) {
  callbacks_.push_back(
      registry_.AddCallback(std::move(info), type, [this, value](const observe::Report& report) {
        std::lock_guard lock(mutex_);
        for (const auto& [name, process] : processes_) {
          if (process.pid == 0) continue;
          if (const auto usage = ReadProcessUsage(process.pid)) report({name}, (*usage).*value);
        }
      }));
}

void ProcessMetrics::ReportCpu() {
  callbacks_.push_back(registry_.AddCallback(
      {.name = "process.cpu.time", .unit = "s", .help = "CPU time used.", .labels = {"process", "cpu.mode"}},
      MetricType::kCounter, [this](const observe::Report& report) {
        std::lock_guard lock(mutex_);
        for (auto& [name, process] : processes_) {
          const auto usage = process.pid == 0 ? std::nullopt : ReadProcessUsage(process.pid);
          if (usage) {
            process.user_last = usage->user_seconds;
            process.system_last = usage->system_seconds;
          }
          report({name, "user"}, process.user_before + process.user_last);
          report({name, "system"}, process.system_before + process.system_last);
        }
      }));
}

}  // namespace starling::observe
