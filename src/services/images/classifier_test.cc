#include "services/images/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/status.h"
#include "core/async/spawn.h"

namespace starling::images {
namespace {

// Takes a digit for an image of 10 x 1 black pixels, of which the one of that number is white; everything else is broken.
class FakeDecoder final : public inference::ImageDecoder {
 public:
  bool Knows(std::string_view bytes) const override { return !bytes.empty(); }
  absl::StatusOr<inference::GrayImage> Decode(std::string_view bytes,
                                              const inference::ImageLimits& limits) const override {
    if (bytes[0] < '0' || bytes[0] > '9') return InvalidArgument("broken");
    EXPECT_EQ(limits.max_pixels, 1000);
    inference::GrayImage image{10, 10, std::vector<uint8_t>(100, 0)};
    image.pixels[static_cast<size_t>(10 + bytes[0] - '0')] = 255;
    return image;
  }
};

// The probability of each label is the ink in its column of the second row, halved.
class FakeModels final : public models::v1::ModelsService {
 public:
  absl::Status failure;
  int64_t side = 10;
  float scale = 0.5;

  async::Task<absl::StatusOr<models::v1::InferResponse>> Infer(
      RequestContext, const models::v1::InferRequest& request) override {
    if (!failure.ok()) co_return failure;
    EXPECT_EQ(request.model(), "digits");
    EXPECT_EQ(request.inputs(0).shape(3), side);
    std::vector<float> ink(request.inputs(0).data().size() / sizeof(float));
    std::memcpy(ink.data(), request.inputs(0).data().data(), request.inputs(0).data().size());
    std::vector<float> probabilities(ink.begin() + side, ink.begin() + side + 10);
    for (float& probability : probabilities) probability *= scale;
    models::v1::InferResponse response;
    response.set_version("3");
    response.add_outputs()->set_data(probabilities.data(), probabilities.size() * sizeof(float));
    co_return response;
  }
  async::Task<absl::StatusOr<models::v1::ClassifyTextResponse>> ClassifyText(
      RequestContext, const models::v1::ClassifyTextRequest&) override {
    co_return Unimplemented("not asked");
  }
  async::Task<absl::StatusOr<models::v1::ListModelsResponse>> ListModels(
      RequestContext, const models::v1::ListModelsRequest&) override {
    co_return Unimplemented("not asked");
  }
  async::Task<absl::StatusOr<models::v1::Model>> GetModel(RequestContext,
                                                          const models::v1::GetModelRequest&) override {
    co_return Unimplemented("not asked");
  }
};

class ClassifierTest : public testing::Test {
 protected:
  ClassifierTest() {
    decoders_.Add(std::make_unique<FakeDecoder>());
    config_.side = 10;
    config_.max_pixels = 1000;
    config_.max_bytes = 4;
  }
  absl::StatusOr<v1::ClassifyImageResponse> Classify(const std::string& image, int top = 0) {
    Classifier classifier(config_, decoders_, models_);
    v1::ClassifyImageRequest request;
    request.set_image(image);
    request.set_top(top);
    return async::BlockOn(classifier.ClassifyImage(RequestContext(), request));
  }
  inference::ImageDecoders decoders_;
  FakeModels models_;
  ImagesConfig config_;
};

TEST_F(ClassifierTest, NamesTheLikeliestLabelsFirst) {
  const auto response = Classify("7");
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->labels_size(), 3);
  EXPECT_EQ(response->labels(0).label(), "7");
  EXPECT_EQ(response->labels(0).confidence(), 0.5);
  EXPECT_EQ(response->labels(1).confidence(), 0);
  EXPECT_EQ(response->width(), 10);
  EXPECT_EQ(response->model_version(), "3");
  EXPECT_EQ(Classify("7", 1)->labels_size(), 1);
  EXPECT_EQ(Classify("7", 99)->labels_size(), 10);
}

TEST_F(ClassifierTest, ImagesThatCannotBeReadAreTold) {
  EXPECT_EQ(Classify("x").status(), InvalidArgument("broken"));
  EXPECT_EQ(Classify("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(Classify("12345").status()), "'image' must be at most 4 bytes long, not 5.");
}

TEST_F(ClassifierTest, FailuresOfTheModelsServicePass) {
  models_.failure = WithRetryAfter(Unavailable("loading"), std::chrono::milliseconds(500));
  EXPECT_TRUE(RetryAfter(Classify("1").status()).has_value());
}

TEST_F(ClassifierTest, WhatIsNoProbabilityIsABug) {
  models_.scale = 2.0f;
  EXPECT_EQ(Classify("1").status().code(), absl::StatusCode::kInternal);
}

TEST_F(ClassifierTest, AModelWithOtherLabelsIsABug) {
  config_.labels = {"a", "b"};
  EXPECT_EQ(Classify("1").status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace starling::images
