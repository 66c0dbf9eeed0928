// Writes what sources say into the structs of the declarations.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/node.h"
#include "core/config/setting.h"

namespace starling::config {

// Where each setting and section was set last, by its path, for example "gateway.keys[0].name".
using Origins = std::map<std::string, std::string>;

class Applier {
 public:
  using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

  // `environment` answers `env:NAME` in secrets.
  Applier(EnvironmentLookup environment, Origins& origins, std::vector<std::string>& problems)
      : environment_(std::move(environment)), origins_(origins), problems_(problems) {}

  // Everything that is wrong goes to `problems`, with its origin; what is right is set.
  void Section(const SectionInfo& info, const std::string& path, const Node& node, void* object);

  // Once all sources are applied: settings that are required and missing, and rules over several settings.
  void Finish(const SectionInfo& info, const std::string& path, const void* object);

 private:
  void Apply(const Setting& setting, const std::string& path, const Node& node, void* object);
  void ApplyScalar(const Setting& setting, const std::string& path, const Node& node, void* object);
  void ApplyStrings(const Setting& setting, const std::string& path, const Node& node, void* object);
  void ApplySections(const Setting& setting, const std::string& path, const Node& node, void* object);
  std::optional<Secret> Resolve(const std::string& path, const Node& node);
  void Count(const Setting& setting, const std::string& path, const Node& node, size_t entries);
  void Unknown(const SectionInfo& info, const std::string& path, const Node::Entry& entry);
  void Forget(const std::string& path);
  void Problem(const Node& node, std::string_view path, std::string_view what);

  const EnvironmentLookup environment_;
  Origins& origins_;
  std::vector<std::string>& problems_;
};

// Adds a problem "ORIGIN: unknown setting 'PATH'; did you mean 'NEAREST'?".
std::string UnknownSetting(const std::string& origin, std::string_view path, std::string_view word,
                           const std::vector<std::string>& known);

}  // namespace starling::config
