#include "services/models/repository/model_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace starling::models {
namespace {

std::shared_ptr<ModelVersion> Version(const std::string& number, ModelState state) {
  inference::ModelPackage package;
  package.name = "sums";
  package.version = number;
  auto version = std::make_shared<ModelVersion>(std::move(package));
  version->state = state;
  return version;
}

// The alias was moved to 2 in the repository, and a traffic rule still says 1, which is being loaded.
TEST(ModelTableTest, ARuledVersionThatLoadsIsWaitedForUnlessTheAliasWasMoved) {
  ModelTable table;
  table.Insert(Version("1", ModelState::kLoading));
  table.Insert(Version("2", ModelState::kReady));
  auto& model = table.models["sums"];
  model.aliases["champion"] = "2";
  table.ruled["sums"]["champion"] = "1";
  // After a start the rule holds: what it took off again is not given out while its own version comes.
  EXPECT_EQ((*table.Choose("sums", "champion"))->package.version, "1");
  model.moved.insert("champion");
  EXPECT_EQ((*table.Choose("sums", "champion"))->package.version, "2");
  EXPECT_EQ((*table.Choose("sums@champion", ""))->package.version, "2");
}

}  // namespace
}  // namespace starling::models
