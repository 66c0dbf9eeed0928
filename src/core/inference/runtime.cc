#include "core/inference/runtime.h"

#include <mutex>
#include <utility>

#include "base/status.h"

namespace starling::inference {

struct RuntimeRegistry::State {
  struct Entry {
    Factory factory;
    std::unique_ptr<Runtime> runtime;
  };
  std::mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;
};

RuntimeRegistry::RuntimeRegistry() : state_(std::make_unique<State>()) {}
RuntimeRegistry::~RuntimeRegistry() = default;

void RuntimeRegistry::Add(std::string name, Factory factory) {
  std::lock_guard lock(state_->mutex);
  state_->entries[std::move(name)].factory = std::move(factory);
}

absl::StatusOr<Runtime*> RuntimeRegistry::Get(std::string_view name) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(name);
  if (found == state_->entries.end()) {
    std::string known;
    for (const auto& [other, entry] : state_->entries) StrAppend(&known, known.empty() ? "" : ", ", other);
    return NotFound("There is no inference runtime '", name, "'; this program has: ", known, ".");
  }
  State::Entry& entry = found->second;
  if (entry.runtime == nullptr) {
    ASSIGN_OR_RETURN(entry.runtime, entry.factory());
  }
  return entry.runtime.get();
}

}  // namespace starling::inference
