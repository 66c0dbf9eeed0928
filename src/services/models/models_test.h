// Model packages and a runtime for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "core/inference/fake_runtime.h"
#include "core/observe/registry.h"
#include "services/models/repository/model_repository.h"

namespace starling::models {

// A text is "long" with the probability (its length in bytes) / 10, else "short".
inline absl::StatusOr<std::vector<inference::Tensor>> JudgeLength(std::span<const inference::Tensor> inputs) {
  const auto mask = inputs[1].Values<int64_t>();
  const auto length = static_cast<size_t>(inputs[1].shape[1]);
  inference::TensorBuffer result(inference::DataType::kFp32, {inputs[0].shape[0], 2});
  for (size_t i = 0; i < mask.size(); ++i)
    result.Values<float>()[i / length * 2 + 1] += 0.1f * static_cast<float>(mask[i]);
  for (size_t i = 0; i < result.Values<float>().size(); i += 2) {
    result.Values<float>()[i] = 1 - result.Values<float>()[i + 1];
  }
  std::vector<inference::Tensor> outputs;
  outputs.push_back(std::move(result).Freeze());
  return outputs;
}

class ModelsTest : public testing::Test {
 protected:
  ModelsTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                StrCat("models_", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    const inference::Shape any = {-1, -1};
    fake_.inputs = {{"input_ids", inference::DataType::kInt64, any},
                    {"attention_mask", inference::DataType::kInt64, any}};
    fake_.outputs = {{"probabilities", inference::DataType::kFp32, {-1, 2}}};
    fake_.run = JudgeLength;
    runtimes_.Add("fake", [this]() -> absl::StatusOr<std::unique_ptr<inference::Runtime>> {
      return std::make_unique<inference::FakeRuntime>(fake_);
    });
  }
  ~ModelsTest() override { std::filesystem::remove_all(folder_); }

  // Writes a package and returns its folder.
  std::string Package(const std::string& name, const std::string& version) {
    const std::filesystem::path folder = folder_ / (name + "-" + version);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "model.yaml") << "name: " << name << "\nversion: \"" << version << "\"\n"
                                         << R"(task: text-classification
runtime: fake
file: none
inputs:
  - {name: input_ids, datatype: INT64, shape: [-1, -1]}
  - {name: attention_mask, datatype: INT64, shape: [-1, -1]}
outputs: [{name: probabilities, datatype: FP32, shape: [-1, 2]}]
pre_processing: {tokenizer: bert-wordpiece, vocabulary: vocab.txt}
post_processing: {output: probabilities, labels: [short, long]}
warm_up: [hello]
)";
    return folder;
  }
  // A package of the task `tensors`, which runs on the same fake model.
  std::string TensorPackage(const std::string& name, const std::string& version) {
    const std::filesystem::path folder = folder_ / (name + "-" + version);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "model.yaml") << "name: " << name << "\nversion: \"" << version << "\"\n"
                                         << R"(task: tensors
runtime: fake
file: none
inputs:
  - {name: attention_mask, datatype: INT64, shape: [-1, -1]}
  - {name: input_ids, datatype: INT64, shape: [-1, -1]}
outputs: [{name: probabilities, datatype: FP32, shape: [-1, 2]}]
)";
    return folder;
  }
  // One token per byte.
  static absl::StatusOr<inference::Tokenize> ByteTokenizer(
      const inference::ModelPackage::TextPreProcessing&) {
    return
        [](std::string_view text) { return std::vector<std::vector<int64_t>>{{text.begin(), text.end()}}; };
  }
  absl::StatusOr<std::unique_ptr<ModelRepository>> Open(const std::vector<std::string>& folders) {
    return ModelRepository::Open({folders}, runtimes_, metrics_, ByteTokenizer);
  }
  // Starts it and waits until no model is loading any more.
  static void Settle(ModelRepository& repository) {
    repository.Start();
    const auto busy = [](const ModelInfo& model) {
      return model.state == ModelState::kLoading || model.state == ModelState::kWarmingUp;
    };
    while (true) {
      const auto models = repository.Index();
      if (std::none_of(models.begin(), models.end(), busy)) return;
      std::this_thread::yield();
    }
  }

  std::filesystem::path folder_;
  inference::FakeModel fake_;
  inference::RuntimeRegistry runtimes_;
  observe::Registry metrics_;
};

}  // namespace starling::models
