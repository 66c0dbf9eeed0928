// What every product behind SqlDatabase must do: a suite of tests that each backend's test instantiates.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/store/sql.h"

namespace starling::store {

// `open` gives an empty database at its first call in a test, and at later ones the same data again.
struct SqlProduct {
  std::string name;
  std::function<std::unique_ptr<SqlDatabase>()> open;
};

// Registers the tests `SqlConformance/NAME.*` with GoogleTest. `fresh` makes a product with no data for each test.
void RegisterSqlConformance(const std::string& name, std::function<SqlProduct()> fresh);

}  // namespace starling::store
