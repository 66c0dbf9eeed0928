#pragma once

#include <vector>

#include "core/store/sql.h"

namespace starling::registry {

// The registry's tables, step by step.
const std::vector<store::SqlMigration>& Schema();

}  // namespace starling::registry
