#include "backends/inference_openvino/openvino_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/status.h"

namespace starling::inference_openvino {
namespace {

using inference::DataType;
using inference::MakeTensor;
using inference::Shape;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

// ids: INT64 [batch, length] -> sum: FP32 [batch]; weights: FP32 [batch, 2] -> doubled: FP32 [batch, 2].
constexpr char kModel[] = "src/backends/inference_openvino/testdata/sum_and_double.onnx";

class OpenVinoTest : public testing::Test {
 protected:
  // One for all tests: making it takes longer than they do.
  OpenVinoTest() : runtime_(Shared()) {}

  inference::Runtime* const runtime_;

 private:
  static inference::Runtime* Shared() {
    static const std::unique_ptr<inference::Runtime> runtime = MakeRuntime().value();
    return runtime.get();
  }
};

TEST_F(OpenVinoTest, SaysWhatTheModelTakesAndGives) {
  const auto model = runtime_->Load({kModel});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ((*model)->inputs().size(), 2u);
  EXPECT_EQ((*model)->inputs()[0].name, "ids");
  EXPECT_EQ((*model)->inputs()[0].datatype, DataType::kInt64);
  EXPECT_EQ((*model)->inputs()[0].shape, Shape({-1, -1}));
  EXPECT_EQ((*model)->inputs()[1].shape, Shape({-1, 2}));
  EXPECT_EQ((*model)->outputs()[1].name, "doubled");
  EXPECT_TRUE((*model)->prefers_few_shapes());
}

TEST_F(OpenVinoTest, EachRunChoosesItsSizes) {
  const auto model = runtime_->Load({kModel});
  ASSERT_TRUE(model.ok()) << model.status();
  const auto instance = (*model)->NewInstance();
  ASSERT_TRUE(instance.ok()) << instance.status();
  for (int64_t batch = 1; batch <= 3; ++batch) {
    for (const int64_t length : {1, 5, 2}) {
      const std::vector<int64_t> ids(static_cast<size_t>(batch * length), batch);
      const std::vector<float> weights(static_cast<size_t>(batch * 2), 1.5f);
      const std::vector<Tensor> inputs = {MakeTensor<int64_t>(DataType::kInt64, {batch, length}, ids),
                                          MakeTensor<float>(DataType::kFp32, {batch, 2}, weights)};
      const auto outputs = (*instance)->Run(inputs);
      ASSERT_TRUE(outputs.ok()) << outputs.status();
      EXPECT_EQ((*outputs)[0].shape, Shape({batch}));
      EXPECT_THAT((*outputs)[0].Values<float>(), testing::Each(static_cast<float>(batch * length)));
      EXPECT_EQ((*outputs)[1].shape, Shape({batch, 2}));
      EXPECT_THAT((*outputs)[1].Values<float>(), testing::Each(3.0f));
    }
  }
}

TEST_F(OpenVinoTest, AFailedRunLeavesTheInstanceUsable) {
  const auto model = runtime_->Load({kModel});
  ASSERT_TRUE(model.ok()) << model.status();
  const auto instance = (*model)->NewInstance();
  const std::vector<Tensor> wrong = {MakeTensor<int64_t>(DataType::kInt64, {1}, std::vector<int64_t>{1}),
                                     MakeTensor<int64_t>(DataType::kInt64, {1}, std::vector<int64_t>{1})};
  EXPECT_EQ((*instance)->Run(wrong).status().code(), absl::StatusCode::kInternal);
  const std::vector<Tensor> right = {
      MakeTensor<int64_t>(DataType::kInt64, {1, 2}, std::vector<int64_t>{3, 4}),
      MakeTensor<float>(DataType::kFp32, {1, 2}, std::vector<float>{1, 2})};
  const auto outputs = (*instance)->Run(right);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_THAT((*outputs)[0].Values<float>(), ElementsAre(7.0f));
  EXPECT_THAT((*outputs)[1].Values<float>(), ElementsAre(2.0f, 4.0f));
}

TEST_F(OpenVinoTest, FilesThatAreNoModelsAreErrors) {
  EXPECT_EQ(runtime_->Load({"nothing.onnx"}).status().code(), absl::StatusCode::kNotFound);
  const auto broken = std::filesystem::path(testing::TempDir()) / "broken.onnx";
  std::filesystem::copy_file(kModel, broken, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(broken, std::filesystem::file_size(broken) / 2);
  const absl::Status cut = runtime_->Load({broken}).status();
  EXPECT_EQ(cut.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(cut)), HasSubstr("broken.onnx"));
  std::ofstream(broken) << "hello";
  EXPECT_EQ(runtime_->Load({broken}).status().code(), absl::StatusCode::kInvalidArgument);
  std::ofstream(broken, std::ios::trunc).close();
  EXPECT_EQ(runtime_->Load({broken}).status().code(), absl::StatusCode::kInvalidArgument);
  std::filesystem::remove(broken);
}

TEST_F(OpenVinoTest, APickleIsRefusedWithTheReason) {
  const auto pickle = std::filesystem::path(testing::TempDir()) / "pickle.onnx";
  std::ofstream(pickle) << "\x80\x04\x95";
  const absl::Status status = runtime_->Load({pickle}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("could run code"));
  std::filesystem::remove(pickle);
}

TEST_F(OpenVinoTest, TheDeviceMayBeChosenAndMustBeThere) {
  for (const char* device : {"CPU", "AUTO", "AUTO:CPU"}) {
    const auto model = runtime_->Load({kModel, 1, 1, {{"device", device}}});
    ASSERT_TRUE(model.ok()) << model.status();
    const auto instance = (*model)->NewInstance();
    ASSERT_TRUE(instance.ok()) << instance.status();
    const std::vector<Tensor> inputs = {
        MakeTensor<int64_t>(DataType::kInt64, {1, 2}, std::vector<int64_t>{3, 4}),
        MakeTensor<float>(DataType::kFp32, {1, 2}, std::vector<float>{1, 2})};
    const auto outputs = (*instance)->Run(inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_THAT((*outputs)[0].Values<float>(), ElementsAre(7.0f)) << device;
  }
  for (const auto& [device, named] : std::map<std::string, std::string>{{"GPU.7", "GPU.7"},
                                                                        {"NPU.9", "NPU.9"},
                                                                        {"AUTO:CPU,GPU.7", "GPU.7"},
                                                                        {"AUTO:CPU,", ""},
                                                                        {"gpu", "gpu"},
                                                                        {"", ""}}) {
    const absl::Status status = runtime_->Load({kModel, 1, 1, {{"device", device}}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << device;
    EXPECT_THAT(std::string(Message(status)),
                HasSubstr(StrCat("there is no device '", named, "' on this machine")));
    EXPECT_THAT(std::string(Message(status)), HasSubstr("OpenVINO finds CPU"));
  }
}

TEST_F(OpenVinoTest, AnUnknownOptionIsAnError) {
  const absl::Status status = runtime_->Load({kModel, 1, 1, {{"precision", "f8"}}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("precision"));
}

}  // namespace
}  // namespace starling::inference_openvino
