#include "services/models/models_api.h"

#include <gmock/gmock.h>

#include "base/status.h"
#include "core/async/spawn.h"
#include "services/models/models_test.h"

namespace starling::models {
namespace {

using async::BlockOn;
using testing::ElementsAre;
using testing::FloatNear;

class ModelsApiTest : public ModelsTest {
 protected:
  void SetUp() override {
    auto catalog = Open({Package("length", "1")});
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
  }
  absl::StatusOr<v1::ClassifyTextResponse> Classify(const std::string& model,
                                                    const std::vector<std::string>& texts,
                                                    const RequestContext& context = RequestContext()) {
    ModelsApi api(*catalog_, 4);
    v1::ClassifyTextRequest request;
    request.set_model(model);
    for (const std::string& text : texts) request.add_texts(text);
    return BlockOn(api.ClassifyText(context, request));
  }

  std::unique_ptr<ModelCatalog> catalog_;
};

TEST_F(ModelsApiTest, ClassifiesEachText) {
  Settle(*catalog_);
  const auto response = Classify("length", {"ab", "abcdefghi", ""});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->version(), "1");
  EXPECT_THAT(response->labels(), ElementsAre("short", "long"));
  ASSERT_EQ(response->results_size(), 3);
  EXPECT_EQ(response->results(0).label(), "short");
  EXPECT_NEAR(response->results(0).probability(), 0.8, 1e-6);
  EXPECT_EQ(response->results(1).label(), "long");
  EXPECT_THAT(response->results(1).probabilities(),
              ElementsAre(FloatNear(0.1f, 1e-6f), FloatNear(0.9f, 1e-6f)));
  EXPECT_EQ(response->results(2).label(), "short");
}

TEST_F(ModelsApiTest, TooManyTextsAreRefused) {
  Settle(*catalog_);
  EXPECT_EQ(Classify("length", {"a", "b", "c", "d", "e"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ModelsApiTest, SaysWhatIsWrong) {
  EXPECT_EQ(Classify("length", {"a"}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Classify("width", {"a"}).status().code(), absl::StatusCode::kNotFound);
  Settle(*catalog_);
  const auto late = RequestContext().WithDeadline(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(Classify("length", {"a"}, late).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ModelsApiTest, ListsTheModels) {
  ModelsApi api(*catalog_, 4);
  const v1::ListModelsRequest request;
  const auto loading = BlockOn(api.ListModels(RequestContext(), request));
  EXPECT_EQ(loading->models(0).state(), v1::MODEL_STATE_LOADING);
  Settle(*catalog_);
  v1::GetModelRequest get;
  get.set_name("length");
  const auto model = BlockOn(api.GetModel(RequestContext(), get));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->state(), v1::MODEL_STATE_READY);
  EXPECT_EQ(model->reason(), "");
  EXPECT_EQ(model->runtime(), "fake");
  EXPECT_THAT(model->labels(), ElementsAre("short", "long"));
  get.set_version("7");
  EXPECT_EQ(BlockOn(api.GetModel(RequestContext(), get)).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace starling::models
