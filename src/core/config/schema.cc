#include "core/config/schema.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "core/config/scalar_text.h"
#include "core/config/yaml_source.h"

namespace starling::config {
namespace {

[[noreturn]] void Die(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::abort();
}

absl::Status CheckDefault(const Setting& setting, const std::string& path, const void* defaults) {
  if (!setting.get || setting.required || setting.kind == Kind::kSecret) return absl::OkStatus();
  const Scalar value = setting.get(defaults);
  if (std::holds_alternative<std::monostate>(value)) return absl::OkStatus();
  if (setting.kind == Kind::kString && std::get<std::string>(value).empty()) return absl::OkStatus();
  const absl::StatusOr<Scalar> parsed = ParseScalar(setting, FormatScalar(setting.kind, value));
  if (!parsed.ok()) return Internal("the default of '", path, "' ", Message(parsed.status()));
  return absl::OkStatus();
}

absl::Status CheckSection(const SectionInfo& info, const std::string& path) {
  std::set<std::string> names;
  for (const Setting& setting : info.settings) {
    const std::string below = StrCat(path, ".", setting.name);
    if (setting.text.empty()) return Internal("the setting '", below, "' has no text");
    if (!names.insert(setting.name).second) return Internal("the setting '", below, "' is declared twice");
    RETURN_IF_ERROR(CheckDefault(setting, below, info.defaults.get()));
    if (setting.section) RETURN_IF_ERROR(CheckSection(*setting.section, below));
  }
  return absl::OkStatus();
}

Applier::EnvironmentLookup Lookup(const Environment& environment) {
  return [&environment](std::string_view wanted) -> std::optional<std::string> {
    for (const auto& [name, value] : environment) {
      if (name == wanted) return value;
    }
    return std::nullopt;
  };
}

}  // namespace

const void* Values::Object(std::string_view section) const {
  const auto found = sections_.find(section);
  if (found == sections_.end()) Die(StrCat("no section of settings is called '", section, "'"));
  return found->second.object.get();
}

const void* Values::Find(std::string_view section, std::type_index type) const {
  const void* object = Object(section);
  if (sections_.find(section)->second.type != type)
    Die(StrCat("section '", section, "' was declared with another struct"));
  return object;
}

std::string Values::Origin(const std::string& path) const {
  const auto found = origins_.find(path);
  return found == origins_.end() ? "" : found->second;
}

absl::StatusOr<Values> Schema::Load(const Sources& sources) const {
  RETURN_IF_ERROR(CheckDeclarations());
  Values values;
  for (const Section& section : sections_)
    values.sections_.insert({section.name, {section.type, section.make()}});

  std::vector<std::string> problems;
  Applier applier(Lookup(sources.environment), values.origins_, problems);
  if (!sources.file.empty()) {
    const absl::StatusOr<NodePtr> root = ReadYamlFile(sources.file);
    if (root.ok()) ApplyRoot(**root, applier, values, problems);
    if (!root.ok()) problems.emplace_back(Message(root.status()));
  }
  for (const NodePtr& root : EnvironmentSettings(sources.environment))
    ApplyRoot(*root, applier, values, problems);
  for (const std::string& set : sources.sets) {
    const absl::StatusOr<NodePtr> root = FlagSetting(set);
    if (root.ok()) ApplyRoot(**root, applier, values, problems);
    if (!root.ok()) problems.emplace_back(Message(root.status()));
  }
  for (const Section& section : sections_) {
    applier.Finish(*section.info, section.name, values.Object(section.name));
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return values;
}

absl::Status Schema::CheckDeclarations() const {
  std::set<std::string> names;
  for (const Section& section : sections_) {
    if (!names.insert(section.name).second)
      return Internal("the section '", section.name, "' is added twice");
    RETURN_IF_ERROR(CheckSection(*section.info, section.name));
  }
  return absl::OkStatus();
}

void Schema::ApplyRoot(const Node& root, Applier& applier, Values& values,
                       std::vector<std::string>& problems) const {
  if (root.kind == Node::Kind::kNull) return;
  if (root.kind != Node::Kind::kMap) {
    problems.push_back(StrCat(root.origin, ": must be a map of sections"));
    return;
  }
  std::vector<std::string> known;
  for (const Section& section : sections_) known.push_back(section.name);
  for (const Node::Entry& entry : root.entries) {
    const Section* section = nullptr;
    for (const Section& candidate : sections_) {
      if (candidate.name == entry.key) section = &candidate;
    }
    if (section == nullptr) {
      problems.push_back(UnknownSetting(entry.origin, entry.key, entry.key, known));
      continue;
    }
    applier.Section(*section->info, section->name, *entry.value,
                    values.sections_.find(section->name)->second.object.get());
  }
}

}  // namespace starling::config
