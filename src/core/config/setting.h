// A declared setting without its C++ type: what the loader, the schema and the reference page read. Written
// by config::Declaration, never by hand.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/config/secret.h"

namespace starling::config {

enum class Kind {
  kBool,
  kInt,
  kDouble,
  kString,
  kDuration,  // "250ms"; a Scalar holds nanoseconds
  kSize,      // "4MiB"; a Scalar holds bytes
  kChoice,    // one of a few words
  kSecret,
  kStringList,
  kStringMap,
  kSection,      // settings below a name
  kSectionList,  // any number of sections in order
  kSectionMap,   // any number of sections by name
};

// One value of a setting; monostate is an optional setting without one.
using Scalar = std::variant<std::monostate, bool, int64_t, double, std::string, Secret>;

struct SectionInfo;

struct Setting {
  std::string name;
  Kind kind;
  std::string text;
  bool required = false;
  // Bounds in the unit of the Scalar: a number, nanoseconds, bytes. For strings the length, for lists and
  // maps the number of entries.
  std::optional<double> min;
  std::optional<double> max;
  std::vector<std::string> choices;            // kChoice, and kString or kStringList limited to some words
  std::shared_ptr<const SectionInfo> section;  // kSection, kSectionList, kSectionMap

  // How it lies in the struct. `object` is the struct that declared it.
  std::function<absl::Status(void* object, const Scalar& value)> set;
  std::function<Scalar(const void* object)> get;
  // kStringList and kStringMap (key is empty for the list).
  std::function<void(void* object, std::string key, std::string value)> insert_string;
  std::function<void(const void* object,
                     const std::function<void(std::string_view key, std::string_view value)>&)>
      for_each_string;
  // kSection gives its one struct, kSectionList a new last one, kSectionMap the one with that key, new or
  // not.
  std::function<void*(void* object, std::string_view key)> enter;
  std::function<void(const void* object,
                     const std::function<void(std::string_view key, const void* section)>&)>
      for_each_section;
  std::function<void(void* object)> clear;  // lists and maps
};

struct SectionInfo {
  std::string text;              // what the section is about
  std::deque<Setting> settings;  // in the order of declaration
  // Rules over several settings; an error's message is shown after the section's name.
  std::vector<std::function<absl::Status(const void* object)>> checks;
  // A struct with all defaults, for the schema and the reference page.
  std::shared_ptr<const void> defaults;

  const Setting* Find(std::string_view name) const {
    for (const Setting& setting : settings) {
      if (setting.name == name) return &setting;
    }
    return nullptr;
  }
};

}  // namespace starling::config
