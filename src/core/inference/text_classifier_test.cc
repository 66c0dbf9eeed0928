#include "core/inference/text_classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/fake_runtime.h"

namespace starling::inference {
namespace {

using async::BlockOn;

// One id per byte; a '|' begins another window.
std::vector<std::vector<int64_t>> Bytes(std::string_view text) {
  std::vector<std::vector<int64_t>> windows(1);
  for (const char c : text) {
    if (c == '|') {
      windows.emplace_back();
    } else {
      windows.back().push_back(c);
    }
  }
  for (auto& ids : windows) {
    if (ids.empty()) ids.push_back(0);
  }
  return windows;
}

// The logits of a text: how many 'a' and how many 'b' it has.
absl::StatusOr<std::vector<Tensor>> CountLetters(std::span<const Tensor> inputs) {
  const auto ids = inputs[0].Values<int64_t>();
  const auto mask = inputs[1].Values<int64_t>();
  const auto length = static_cast<size_t>(inputs[0].shape[1]);
  TensorBuffer counts(DataType::kFp32, {inputs[0].shape[0], 2});
  for (size_t i = 0; i < ids.size(); ++i) {
    if (mask[i] == 1 && (ids[i] == 'a' || ids[i] == 'b'))
      counts.Values<float>()[i / length * 2 + (ids[i] == 'b')] += 1;
  }
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(counts).Freeze());
  return outputs;
}

ModelPackage Package() {
  ModelPackage package;
  package.name = "letters";
  package.version = "1";
  package.task = "text-classification";
  package.runtime = "fake";
  package.inputs = {{"input_ids", DataType::kInt64, {-1, -1}},
                    {"attention_mask", DataType::kInt64, {-1, -1}}};
  package.outputs = {{"counts", DataType::kFp32, {-1, 2}}};
  package.post_processing = {"counts", {"a", "b"}, true};
  package.warm_up = {"ab", "b"};
  return package;
}

class TextClassifierTest : public testing::Test {
 protected:
  TextClassifierTest() {
    runtimes_.Add("fake", [this]() -> absl::StatusOr<std::unique_ptr<Runtime>> {
      return std::make_unique<FakeRuntime>(model_);
    });
    model_.inputs = Package().inputs;
    model_.outputs = Package().outputs;
    model_.run = [this](std::span<const Tensor> inputs) {
      ++runs_;
      return CountLetters(inputs);
    };
  }
  absl::StatusOr<std::unique_ptr<TextClassifier>> Load(const ModelPackage& package = Package()) {
    return TextClassifier::Load(package, Bytes, runtimes_, {});
  }

  std::atomic<int> runs_{0};
  FakeModel model_;
  RuntimeRegistry runtimes_;
};

TEST_F(TextClassifierTest, GivesLabelAndProbabilities) {
  const auto classifier = Load();
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const auto classes = BlockOn((*classifier)->Classify(RequestContext(), {"aab", "bb", "", "abbbbbbbbbbb"}));
  ASSERT_TRUE(classes.ok()) << classes.status();
  ASSERT_EQ(classes->size(), 4u);
  EXPECT_EQ((*classes)[0].label, 0u);
  EXPECT_NEAR((*classes)[0].probabilities[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_EQ((*classes)[1].label, 1u);
  EXPECT_THAT((*classes)[2].probabilities, testing::ElementsAre(0.5f, 0.5f));
  EXPECT_EQ((*classes)[3].label, 1u);
}

TEST_F(TextClassifierTest, WindowsOfATextAreWeighedByTheirTokens) {
  const auto classifier = Load();
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const auto classes = BlockOn((*classifier)->Classify(RequestContext(), {"a", "aaa...|bb|a...", "b|"}));
  ASSERT_TRUE(classes.ok()) << classes.status();
  ASSERT_EQ(classes->size(), 3u);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_NEAR((*classes)[0].probabilities[0], sigmoid(1), 1e-6);
  const double mean = (6 * sigmoid(3) + 2 * sigmoid(-2) + 4 * sigmoid(1)) / 12;
  EXPECT_NEAR((*classes)[1].probabilities[0], mean, 1e-6);
  EXPECT_NEAR((*classes)[1].probabilities[1], 1 - mean, 1e-6);
  EXPECT_EQ((*classes)[1].label, 0u);
  EXPECT_NEAR((*classes)[2].probabilities[1], (sigmoid(1) + 0.5) / 2, 1e-6);
}

TEST_F(TextClassifierTest, TheEndOfALongTextCounts) {
  const auto classifier = Load();
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const auto classes =
      BlockOn((*classifier)->Classify(RequestContext(), {"ab..|ab..|bbbb", "ab..|ab..|aaaa"}));
  ASSERT_TRUE(classes.ok()) << classes.status();
  EXPECT_EQ((*classes)[0].label, 1u);
  EXPECT_EQ((*classes)[1].label, 0u);
}

TEST_F(TextClassifierTest, ManyTextsAreReadOffTheLoopAndComeBackInOrder) {
  const auto classifier = Load();
  std::vector<std::string_view> texts;
  for (int i = 0; i < 900; ++i) texts.push_back(i % 3 == 0 ? "aaaaaaaaaaaaaaaa" : "bb");
  const auto classes = BlockOn((*classifier)->Classify(RequestContext(), texts));
  ASSERT_TRUE(classes.ok()) << classes.status();
  ASSERT_EQ(classes->size(), 900u);
  for (size_t i = 0; i < 900; ++i) ASSERT_EQ((*classes)[i].label, i % 3 == 0 ? 0u : 1u);
}

TEST_F(TextClassifierTest, EveryInstanceIsWarmBeforeItIsReady) {
  ModelPackage package = Package();
  package.instances = 3;
  int warming_up = 0;
  LoadOptions options;
  options.on_warm_up = [&] { warming_up = runs_ == 0 ? 1 : 2; };
  ASSERT_TRUE(TextClassifier::Load(package, Bytes, runtimes_, options).ok());
  EXPECT_EQ(runs_, 6);
  EXPECT_EQ(warming_up, 1);
}

TEST_F(TextClassifierTest, AModelThatCannotRunFailsToLoad) {
  model_.run = [](std::span<const Tensor>) -> absl::StatusOr<std::vector<Tensor>> {
    return Internal("broken");
  };
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kInternal);
}

TEST_F(TextClassifierTest, AFileThatIsNotWhatThePackageSaysFailsToLoad) {
  model_.outputs = {{"counts", DataType::kFp32, {-1, 3}}};
  const absl::Status status = Load().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status), "The file's output 'counts' is FP32[-1,3], the package says FP32[-1,2].");
}

TEST_F(TextClassifierTest, TheFileMayOrderItsInputsOtherwise) {
  std::swap(model_.inputs[0], model_.inputs[1]);
  model_.run = [](std::span<const Tensor> inputs) {
    const std::vector<Tensor> swapped = {inputs[1], inputs[0]};
    return CountLetters(swapped);
  };
  const auto classifier = Load();
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  EXPECT_EQ((*BlockOn((*classifier)->Classify(RequestContext(), {"abb"})))[0].label, 1u);
}

TEST_F(TextClassifierTest, APackageThatIsNoTextModelFailsToLoad) {
  ModelPackage package = Package();
  package.inputs[1].name = "pixels";
  EXPECT_EQ(Load(package).status().code(), absl::StatusCode::kInvalidArgument);
  package = Package();
  package.post_processing.labels.push_back("c");
  EXPECT_EQ(Load(package).status().code(), absl::StatusCode::kInvalidArgument);
  package = Package();
  package.runtime = "none";
  EXPECT_EQ(Load(package).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TextClassifierTest, NumbersThatAreNoProbabilitiesAreAnError) {
  ModelPackage package = Package();
  package.post_processing.softmax = false;
  const auto classifier = Load(package);
  EXPECT_EQ(BlockOn((*classifier)->Classify(RequestContext(), {"aaa"})).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace starling::inference
