#include "services/models/repository/model_memory.h"

#include <malloc.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/status.h"

namespace starling::models {

using inference::ModelPackage;

namespace {

size_t FileBytes(const ModelPackage& package) {
  std::error_code error;
  const auto size = std::filesystem::file_size(package.file, error);
  return error ? 0 : static_cast<size_t>(size);
}

}  // namespace

size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;  // within arenas, and what has a mapping of its own
}

bool IsInHeap(const ModelPackage& package) {
  return package.graph == nullptr && package.runtime != inference::kProcessRuntime &&
         package.runtime != inference::kRemoteRuntime;
}

size_t ExpectedBytes(const ModelPackage& package, size_t taken_last) {
  return package.memory_bytes > 0 ? package.memory_bytes : std::max(FileBytes(package), taken_last);
}

absl::Status CheckMemoryLimit(const ModelPackage& package, size_t bytes, const char* what) {
  if (package.memory_limit_bytes == 0 || bytes <= package.memory_limit_bytes) return absl::OkStatus();
  return FailedPrecondition("Model '", package.name, "' ", what, " ", bytes,
                            " bytes, more than its memory_limit_bytes of ", package.memory_limit_bytes, ".");
}

observe::CallbackRegistration ReportMemory(observe::Registry& registry, const ModelTable& table) {
  auto report_all = [&table](const observe::Report& report) {
    std::lock_guard lock(table.mutex);
    for (const auto& [name, model] : table.models) {
      for (const auto& version : model.versions) {
        if (version->served == nullptr) continue;
        const size_t bytes = version->served->BytesElsewhere().value_or(version->taken_bytes);
        report({name, version->package.version}, static_cast<double>(bytes));
      }
    }
  };
  return registry.AddCallback(
      {.name = "starling.models.memory",
       .unit = "By",
       .help = "What a version takes in memory: found when it was loaded, or now if it is "
               "a program of its own.",
       .labels = {"model", "version"}},
      observe::MetricType::kGauge, std::move(report_all));
}

}  // namespace starling::models
