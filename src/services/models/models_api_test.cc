#include "services/models/models_api.h"

#include <gmock/gmock.h>

#include <cstring>

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
    auto repository = Open({Package("length", "1"), TensorPackage("raw", "3")});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    traffic_ = std::make_unique<TrafficRouter>(*repository_, metrics_, ShadowOptions());
  }
  absl::StatusOr<v1::ClassifyTextResponse> Classify(const std::string& model,
                                                    const std::vector<std::string>& texts,
                                                    const RequestContext& context = RequestContext()) {
    ModelsApi api(*repository_, *traffic_, 4);
    v1::ClassifyTextRequest request;
    request.set_model(model);
    for (const std::string& text : texts) request.add_texts(text);
    return BlockOn(api.ClassifyText(context, request));
  }

  std::unique_ptr<ModelRepository> repository_;
  std::unique_ptr<TrafficRouter> traffic_;  // without a rule
};

TEST_F(ModelsApiTest, ClassifiesEachText) {
  Settle(*repository_);
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
  Settle(*repository_);
  EXPECT_EQ(Classify("length", {"a", "b", "c", "d", "e"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ModelsApiTest, SaysWhatIsWrong) {
  EXPECT_EQ(Classify("length", {"a"}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Classify("width", {"a"}).status().code(), absl::StatusCode::kNotFound);
  Settle(*repository_);
  const auto late = RequestContext().WithDeadline(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(Classify("length", {"a"}, late).status().code(), absl::StatusCode::kDeadlineExceeded);
}

v1::Tensor* AddTensor(v1::InferRequest& request, const std::string& name, std::vector<int64_t> shape,
                      std::vector<int64_t> values) {
  v1::Tensor* tensor = request.add_inputs();
  tensor->set_name(name);
  tensor->set_datatype("INT64");
  tensor->mutable_shape()->Add(shape.begin(), shape.end());
  tensor->set_data(values.data(), values.size() * sizeof(int64_t));
  return tensor;
}

TEST_F(ModelsApiTest, InfersTensorsByTheirNames) {
  Settle(*repository_);
  ModelsApi api(*repository_, *traffic_, 4);
  v1::InferRequest request;
  request.set_model("raw");
  AddTensor(request, "input_ids", {2, 3}, {7, 7, 7, 7, 7, 7});
  AddTensor(request, "attention_mask", {2, 3}, {1, 1, 1, 1, 0, 0});
  const auto response = BlockOn(api.Infer(RequestContext(), request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->model(), "raw");
  EXPECT_EQ(response->version(), "3");
  ASSERT_EQ(response->outputs_size(), 1);
  EXPECT_EQ(response->outputs(0).datatype(), "FP32");
  EXPECT_THAT(response->outputs(0).shape(), ElementsAre(2, 2));
  std::vector<float> values(4);
  ASSERT_EQ(response->outputs(0).data().size(), 16u);
  std::memcpy(values.data(), response->outputs(0).data().data(), 16);
  EXPECT_THAT(values, ElementsAre(FloatNear(0.7f, 1e-6f), FloatNear(0.3f, 1e-6f), FloatNear(0.9f, 1e-6f),
                                  FloatNear(0.1f, 1e-6f)));
  const auto statistics = repository_->Statistics("raw", "");
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ((*statistics)[0].success.count, 1u);
  EXPECT_EQ((*statistics)[0].inference_count, 2u);
  EXPECT_GT((*statistics)[0].compute_infer.nanoseconds, 0u);
}

TEST_F(ModelsApiTest, ATensorThatDoesNotFitIsNamed) {
  Settle(*repository_);
  ModelsApi api(*repository_, *traffic_, 4);
  const auto refused = [&api](const v1::InferRequest& request, const std::string& what) {
    const auto response = BlockOn(api.Infer(RequestContext(), request));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(response.status())), testing::HasSubstr(what));
  };
  v1::InferRequest request;
  request.set_model("raw");
  AddTensor(request, "input_ids", {1, 1}, {7});
  refused(request, "Input 'attention_mask' is missing.");
  AddTensor(request, "mask", {1, 1}, {7});
  refused(request, "The model has no input 'mask'; it has 'attention_mask', 'input_ids'.");
  request.mutable_inputs(1)->set_name("input_ids");
  refused(request, "Input 'input_ids' is there twice.");
  request.mutable_inputs(1)->set_name("attention_mask");
  request.mutable_inputs(1)->set_datatype("INT65");
  refused(request, "INT65");
  request.mutable_inputs(1)->set_datatype("INT64");
  request.add_outputs("label");
  refused(request, "The model has no output 'label'; it has 'probabilities'.");
  request.clear_outputs();
  request.mutable_inputs(1)->add_shape(2);
  refused(request, "'attention_mask' must have the shape [-1,-1], not [1,1,2].");
}

TEST_F(ModelsApiTest, ATensorModelClassifiesNoTexts) {
  Settle(*repository_);
  EXPECT_EQ(Classify("raw", {"a"}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ModelsApiTest, ListsTheModels) {
  ModelsApi api(*repository_, *traffic_, 4);
  const v1::ListModelsRequest request;
  const auto loading = BlockOn(api.ListModels(RequestContext(), request));
  EXPECT_EQ(loading->models(0).state(), v1::MODEL_STATE_LOADING);
  Settle(*repository_);
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
