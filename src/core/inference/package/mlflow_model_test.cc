#include "core/inference/package/mlflow_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/status.h"

namespace starling::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// As MLflow 3.17 writes them.
constexpr char kTrees[] = R"(artifact_path: mlflow-artifacts:/0/models/m-1/artifacts
flavors:
  python_function:
    data: model.ubj
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.xgboost
    python_version: 3.11.2
  xgboost:
    code: null
    data: model.ubj
    model_class: xgboost.core.Booster
    model_format: ubj
    xgb_version: 3.2.0
mlflow_version: 3.17.2
model_size_bytes: 4711
signature:
  inputs: '[{"type": "double", "name": "amount", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}}]'
  params: null
)";
constexpr char kOnnx[] = R"(flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    onnx_version: 1.23.2
    providers: [CUDAExecutionProvider, CPUExecutionProvider]
  python_function: {data: model.onnx, loader_module: mlflow.onnx}
)";

class MlflowModelTest : public testing::Test {
 protected:
  MlflowModelTest() : folder_(std::filesystem::path(testing::TempDir()) / "mlflow_model_test") {
    std::filesystem::create_directories(folder_);
  }
  ~MlflowModelTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<ModelPackage> Read(const std::string& text) {
    std::ofstream(folder_ / kMlflowModelFile) << text;
    return ReadModelPackage({folder_ / kMlflowModelFile, folder_, "fraud", "3", true});
  }
  absl::StatusOr<ModelPackage> ReadOnnx(const std::string& inputs) {
    return Read(StrCat(kOnnx, "signature: {inputs: '", inputs, "', outputs: null}\n"));
  }
  std::string Complaint(const std::string& text) {
    const auto package = Read(text);
    EXPECT_EQ(package.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(Message(package.status())).substr(folder_.string().size() + 1);
  }
  static std::string With(std::string text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(MlflowModelTest, TreesAnswerWithPredictionsInBatches) {
  const auto package = Read(kTrees);
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->name, "fraud");
  EXPECT_EQ(package->version, "3");
  EXPECT_EQ(package->task, kTensors);
  EXPECT_EQ(package->runtime, "xgboost");
  EXPECT_EQ(package->file, folder_ / "model.ubj");
  EXPECT_EQ(package->memory_bytes, 4711u);
  EXPECT_THAT(package->inputs, IsEmpty());
  EXPECT_THAT(package->outputs, IsEmpty());
  EXPECT_THAT(package->wanted_outputs, ElementsAre("predictions"));
  EXPECT_GT(package->batching.max_size, 1u);
  EXPECT_GT(package->batching.max_elements, 1'000'000u);
  EXPECT_TRUE(Read(With(kTrees, "xgboost.core.Booster", "xgboost.sklearn.XGBClassifier")).ok());
}

TEST_F(MlflowModelTest, ASignatureSaysWhetherRowsOfOnnxMayShareARun) {
  const auto package = Read(kOnnx);
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->runtime, "openvino");
  EXPECT_EQ(package->file, folder_ / "model.onnx");
  EXPECT_THAT(package->wanted_outputs, IsEmpty());
  EXPECT_EQ(package->batching.max_size, 0u);
  const auto batches = [this](const std::string& inputs) {
    const auto described = ReadOnnx(inputs);
    EXPECT_TRUE(described.ok()) << described.status();
    return described.ok() && described->batching.max_size > 0;
  };
  EXPECT_TRUE(batches(R"([{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}])"));
  EXPECT_TRUE(batches(R"([{"type": "double", "name": "a"}, {"type": "long", "name": "b"}])"));
  EXPECT_FALSE(batches(R"([{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [1, 4]}}])"));
  EXPECT_FALSE(batches("[]"));
}

TEST_F(MlflowModelTest, WhatRunsCodeIsRefusedWithWhyAndWhatToDo) {
  const std::string sklearn = Complaint(
      "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n"
      "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}\n");
  EXPECT_THAT(sklearn, StartsWith("MLmodel:2: 'flavors' are python_function, sklearn; "));
  EXPECT_THAT(sklearn, HasSubstr("load pickles or run Python code"));
  EXPECT_THAT(sklearn, HasSubstr("mlflow.onnx.log_model"));
  EXPECT_THAT(Complaint("flavors: {}\n"), HasSubstr("'flavors' are none; "));
  EXPECT_THAT(Complaint("run_id: x\n"), HasSubstr("'flavors' are none; "));
  EXPECT_THAT(Complaint(With(kTrees, "xgboost.core.Booster", "__main__.MyClassifier")),
              StartsWith("MLmodel:11: 'model_class' is '__main__.MyClassifier', code of its own"));
}

TEST_F(MlflowModelTest, BrokenAndHostileDescriptionsAreRefused) {
  EXPECT_THAT(Complaint("flavors: ["), StartsWith("MLmodel:1: "));
  EXPECT_THAT(Complaint("- a\n"), HasSubstr("must be a mapping."));
  EXPECT_THAT(Complaint("flavors: {xgboost: {model_format: ubj}}\n"), HasSubstr("'data' is missing."));
  EXPECT_THAT(Complaint(With(kTrees, "data: model.ubj", "data: ../secret.ubj")),
              HasSubstr("paths must not lead out of the package."));
  EXPECT_THAT(Complaint(With(kTrees, "data: model.ubj", "data: /etc/passwd")),
              HasSubstr("paths must not lead out of the package."));
  EXPECT_EQ(ReadOnnx("[{").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadOnnx("[1]").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadOnnx("{}").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace starling::inference
