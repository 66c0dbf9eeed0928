#include "services/models/repository/model_table.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status.h"
#include "core/inference/graph/graph_definition.h"
#include "services/models/repository/version_order.h"

namespace starling::models {
namespace {

// How long a caller should wait for a model that is being loaded: most are there within seconds.
constexpr std::chrono::seconds kLoadingRetry{1};

}  // namespace

ModelInfo ModelVersion::Info() const {
  ModelInfo info;
  info.name = package.name;
  info.version = package.version;
  info.task = package.task;
  info.runtime = package.runtime;
  info.labels = package.post_processing.labels;
  info.probabilities = package.post_processing.output;
  info.state = state;
  info.reason = reason;
  // Of a package that leaves them to the file, they are known once that is loaded.
  const inference::ModelPackage& known = served != nullptr ? served->package() : package;
  info.inputs = known.inputs;
  info.outputs = known.outputs;
  info.max_batch_size = known.batching.max_size;
  info.queue = known.batching.queue;
  return info;
}

absl::StatusOr<std::shared_ptr<ModelVersion>> ModelTable::Choose(std::string_view name,
                                                                 std::string_view version) const {
  const auto found = models.find(name);
  if (found == models.end()) {
    const size_t at = name.rfind('@');
    if (at == std::string_view::npos || at + 1 == name.size())
      return NotFound("There is no model '", name, "'.");
    return Choose(name.substr(0, at), version.empty() ? name.substr(at + 1) : version);
  }
  const Model& model = found->second;
  if (model.versions.empty()) return NotFound("Model '", name, "' has no version.");
  if (version.empty()) {
    const auto ready = std::find_if(model.versions.rbegin(), model.versions.rend(),
                                    [](const auto& one) { return one->served != nullptr; });
    return ready != model.versions.rend() ? *ready : model.versions.back();
  }
  const auto exact = [&model](std::string_view wanted) {
    return std::find_if(model.versions.begin(), model.versions.end(),
                        [wanted](const auto& one) { return one->package.version == wanted; });
  };
  auto chosen = exact(version);
  if (chosen != model.versions.end()) return *chosen;
  const std::string* ruled = Ruled(name, version);
  const auto alias = model.aliases.find(std::string(version));
  if (ruled != nullptr) chosen = exact(*ruled);
  // What the rule means may have left already, and be on its way back: then the alias was moved in the repository, which has
  // the last word.
  const bool has_moved = model.moved.contains(version);
  const bool is_there = chosen != model.versions.end() &&
                        ((*chosen)->on_demand || ((*chosen)->state != ModelState::kUnloading &&
                                                  (*chosen)->state != ModelState::kUnloaded &&
                                                  (!has_moved || (*chosen)->served != nullptr)));
  if (!is_there && alias != model.aliases.end() && exact(alias->second) != model.versions.end()) {
    chosen = exact(alias->second);
  }
  if (chosen != model.versions.end()) return *chosen;
  return NotFound("Model '", name, "' has no version '", version, "'.");
}

absl::StatusOr<ModelLease> ModelTable::Lease(const ModelVersion& version) {
  if (version.served != nullptr) return version.served;
  const std::string& name = version.package.name;
  if (version.state == ModelState::kFailed) return Internal("Model '", name, "' failed to load.");
  const bool is_loaded = version.state == ModelState::kLoading || version.state == ModelState::kWarmingUp;
  if (!is_loaded && !version.on_demand) return NotFound("Model '", name, "' is not loaded.");
  return WithRetryAfter(Unavailable("Model '", name, "' is still loading."), kLoadingRetry);
}

bool ModelTable::FallbackAnswers(const ModelVersion& model, size_t depth) const {
  const auto& fallback = model.package.fallback;
  if (fallback.model.empty() || model.state == ModelState::kFailed) return false;
  const auto chosen = Choose(fallback.model, fallback.version);
  if (!chosen.ok() || ((*chosen)->served == nullptr && !(*chosen)->on_demand)) return false;
  ModelState state{};
  return WaitsFor(**chosen, &state, depth + 1).empty();
}

std::string ModelTable::WaitsFor(const ModelVersion& graph, ModelState* state, size_t depth) const {
  const auto& definition = graph.package.graph;
  if (definition == nullptr || depth > inference::GraphDefinition::kMaxDepth) return "";
  for (const inference::GraphStep* step : inference::StepsOf(definition->steps)) {
    if (step->soft) continue;
    const auto chosen = Choose(step->model, step->version);
    if (!chosen.ok()) {
      *state = ModelState::kUnloaded;
      return StrCat("Step '", step->name, "': ", Message(chosen.status()));
    }
    const ModelVersion& model = **chosen;
    if (model.served == nullptr && !model.on_demand) {
      if (FallbackAnswers(model, depth)) continue;
      *state = model.state;
      return StrCat("Step '", step->name, "': model '", step->model, "' version ", model.package.version,
                    " is ", Name(model.state), ".");
    }
    const std::string inner = WaitsFor(model, state, depth + 1);
    if (!inner.empty()) return StrCat("Step '", step->name, "': ", inner);
  }
  return "";
}

bool ModelTable::CanServe(const ModelVersion& version) const {
  ModelState state{};
  return (version.served != nullptr || version.on_demand) && WaitsFor(version, &state).empty();
}

std::string ModelTable::WhyNotReady(bool started) const {
  std::string why;
  for (const auto& [name, model] : models) {
    if (model.is_followed && started) continue;
    std::vector<ModelInfo> infos;
    for (const auto& version : model.versions) infos.push_back(Info(model, *version));
    const bool is_ready = std::any_of(infos.begin(), infos.end(),
                                      [](const ModelInfo& info) { return info.state == ModelState::kReady; });
    for (const ModelInfo& info : infos) {
      const bool is_unwanted = info.waits_for.empty() &&
                               (info.state == ModelState::kUnloaded || info.state == ModelState::kUnloading);
      const bool is_coming = info.state == ModelState::kLoading || info.state == ModelState::kWarmingUp;
      if (is_unwanted || (is_ready && (started || !is_coming))) continue;
      const bool is_broken = info.state == ModelState::kFailed && info.waits_for.empty();
      StrAppend(&why, why.empty() ? "" : " ", "Model '", name, "' version ", info.version,
                is_broken ? " failed to load: "
                          : StrCat(" is ", Name(info.state), info.reason.empty() ? "." : ". "),
                info.reason);
    }
  }
  return why;
}

void ModelTable::Insert(std::shared_ptr<ModelVersion> version) {
  auto& versions = models[version->package.name].versions;
  versions.push_back(std::move(version));
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return VersionLess(a->package.version, b->package.version); });
}

void ModelTable::Erase(const ModelVersion& version) {
  const auto model = models.find(version.package.name);
  if (model == models.end()) return;
  std::erase_if(model->second.versions, [&version](const auto& one) { return one.get() == &version; });
  if (model->second.versions.empty()) models.erase(model);
}

const std::string* ModelTable::Ruled(std::string_view name, std::string_view alias) const {
  const auto aliases = ruled.find(name);
  if (aliases == ruled.end()) return nullptr;
  const auto target = aliases->second.find(alias);
  return target == aliases->second.end() ? nullptr : &target->second;
}

ModelInfo ModelTable::Info(const Model& model, const ModelVersion& version) const {
  ModelInfo info = version.Info();
  if (version.served != nullptr) info.waits_for = WaitsFor(version, &info.state);
  if (!info.waits_for.empty()) info.reason = info.waits_for;
  for (const auto& [alias, target] : model.aliases) {
    if (target == info.version && Ruled(info.name, alias) == nullptr) info.aliases.push_back(alias);
  }
  const auto aliases = ruled.find(info.name);
  if (aliases == ruled.end()) return info;
  for (const auto& [alias, target] : aliases->second) {
    if (target == info.version) info.aliases.push_back(alias);
  }
  return info;
}

}  // namespace starling::models
