// What the declarations print: the settings that hold, a schema for editors, a page for people.
#pragma once

#include <string>

#include "core/config/schema.h"

namespace starling::config {

// YAML of all settings that hold, each that is not a default with where it was set. Secrets are masked. Read again, it
// gives the same settings but for those.
std::string EffectiveYaml(const Schema& schema, const Values& values);

// JSON Schema, draft 2020-12, of the configuration file. Editors check and complete with it when the file begins with
// `# yaml-language-server: $schema=FILE`.
std::string JsonSchema(const Schema& schema);

// docs/configuration.md.
std::string ReferencePage(const Schema& schema);

}  // namespace starling::config
