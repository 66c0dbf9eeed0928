#include "app/commands/models_table.h"

#include <gtest/gtest.h>

namespace starling::app {
namespace {

constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'800'000'000)};

models::v1::ListModelsResponse Listed() {
  models::v1::ListModelsResponse listed;
  models::v1::Model* model = listed.add_models();
  model->set_name("fraud");
  model->set_version("12");
  model->set_runtime("xgboost");
  model->set_state(models::v1::MODEL_STATE_READY);
  model->add_aliases("champion");
  model->add_aliases("night");
  model->set_requests(1200);
  model->set_failures(3);
  model->set_memory_bytes(1536 * 1024);
  model->set_last_used_ms(1'800'000'000'000 - 90'000);
  model = listed.add_models();
  model->set_name("é b\x1b");
  model->set_version("1");
  model->set_state(models::v1::MODEL_STATE_WARMING_UP);
  model->set_reason("The model is warming up.");
  return listed;
}

TEST(ModelsTableTest, AlignsColumnsAndSplitsAtSpaces) {
  EXPECT_EQ(
      ModelsTable(Listed(), kNow, 0),
      "MODEL  VERSION  STATE       ALIASES         RUNTIME  REQUESTS  FAILURES  MEMORY   USED  REASON\n"
      "fraud  12       ready       champion,night  xgboost      1200         3  1.5MiB     1m  -\n"
      "é?b?   1        warming-up  -               -               0         0       -  never  The model is "
      "warming up.\n");
}

TEST(ModelsTableTest, CutsLinesToTheTerminal) {
  EXPECT_EQ(ModelsTable(Listed(), kNow, 8), "MODEL  V\nfraud  1\né?b?   1\n");
}

TEST(ModelsTableTest, SaysHeadingsOfNothing) {
  EXPECT_EQ(ModelsTable({}, kNow, 0),
            "MODEL  VERSION  STATE  ALIASES  RUNTIME  REQUESTS  FAILURES  MEMORY  USED  REASON\n");
}

}  // namespace
}  // namespace starling::app
