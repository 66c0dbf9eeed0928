#include "core/inference/package/model_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>

#include "base/status.h"

namespace starling::inference {
namespace {

using testing::EndsWith;

constexpr char kPackage[] = R"(name: moods
version: "2"
task: text-classification
runtime: openvino
file: moods.onnx
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
outputs:
  - {name: probabilities, datatype: FP32, shape: [-1, 2]}
pre_processing:
  tokenizer: bert-wordpiece
  vocabulary: vocab.txt
post_processing:
  output: probabilities
  labels: [good, bad]
batching:
  max_size: 4
)";

class ModelPackageTest : public testing::Test {
 protected:
  ModelPackageTest() : folder_(std::filesystem::path(testing::TempDir()) / "model_package_test") {
    std::filesystem::create_directories(folder_);
  }
  ~ModelPackageTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<ModelPackage> Read(const std::string& yaml) {
    std::ofstream(folder_ / "model.yaml") << yaml;
    return ReadModelPackage(folder_);
  }
  // The complaint about the package with `from` replaced by `to`, without the folder.
  std::string Complaint(const std::string& from, const std::string& to) {
    const auto package = Read(std::regex_replace(kPackage, std::regex(from), to));
    EXPECT_EQ(package.status().code(), absl::StatusCode::kInvalidArgument) << from;
    return std::string(Message(package.status())).substr(folder_.string().size() + 1);
  }

  std::filesystem::path folder_;
};

TEST_F(ModelPackageTest, LongTextIsReadInWindowsUnlessThePackageSaysOtherwise) {
  EXPECT_TRUE(Read(kPackage)->pre_processing.windows);
  const auto cut = Read(std::regex_replace(kPackage, std::regex("vocab.txt"), "vocab.txt\n  long_text: cut"));
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_FALSE(cut->pre_processing.windows);
}

TEST_F(ModelPackageTest, ReadsAllFields) {
  const auto package = Read(kPackage);
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->name, "moods");
  EXPECT_EQ(package->version, "2");
  EXPECT_EQ(package->file, folder_ / "moods.onnx");
  EXPECT_EQ(package->inputs[0].name, "ids");
  EXPECT_EQ(package->inputs[0].shape, Shape({-1, -1}));
  EXPECT_EQ(package->pre_processing.vocabulary, folder_ / "vocab.txt");
  EXPECT_THAT(package->post_processing.labels, testing::ElementsAre("good", "bad"));
  EXPECT_EQ(package->batching.max_size, 4u);
  EXPECT_EQ(package->batching.queue.policy.max_queue, 1024u);
}

TEST_F(ModelPackageTest, SaysWhoWaitsHowLong) {
  const auto package = Read(std::regex_replace(kPackage, std::regex("max_size: 4"), R"(max_size: 8
  max_queue: 50
  queue_timeout_ms: 20
  priority_levels: 3
  default_priority: 2
  priorities:
    - {priority: 1, allow_timeout_override: true}
    - {priority: 3, max_queue: 9, queue_timeout_ms: 0}
  max_delay_us: 500
  preferred_sizes: [4, 8])"));
  ASSERT_TRUE(package.ok()) << package.status();
  const QueueOptions& queue = package->batching.queue;
  ASSERT_EQ(queue.levels.size(), 3u);
  EXPECT_EQ(queue.default_priority, 2u);
  EXPECT_TRUE(queue.levels[0].allow_timeout_override);
  EXPECT_EQ(queue.levels[0].max_queue, 50u);
  EXPECT_EQ(queue.levels[1].timeout, std::chrono::milliseconds(20));
  EXPECT_FALSE(queue.levels[1].allow_timeout_override);
  EXPECT_EQ(queue.levels[2].timeout.count(), 0);
  EXPECT_EQ(queue.levels[2].max_queue, 9u);
  EXPECT_EQ(queue.max_delay, std::chrono::microseconds(500));
  EXPECT_THAT(queue.preferred_sizes, testing::ElementsAre(4u, 8u));
}

TEST_F(ModelPackageTest, PrioritiesAndSizesThatThereAreNotAreNamed) {
  EXPECT_EQ(Complaint("max_size: 4", "priority_levels: 2"),
            "model.yaml:17: 'default_priority' must be one of the priorities, 1 to 'priority_levels'.");
  EXPECT_EQ(Complaint("max_size: 4", "default_priority: 1"),
            "model.yaml:17: 'default_priority' must be one of the priorities, 1 to 'priority_levels'.");
  EXPECT_EQ(Complaint("max_size: 4", "priorities: [{priority: 1}]"),
            "model.yaml:17: 'priority' must be one of the priorities, 1 to 'priority_levels'.");
  EXPECT_EQ(Complaint("max_size: 4", "priority_levels: 1000"),
            "model.yaml:17: 'priority_levels' must be at most 100.");
  EXPECT_EQ(
      Complaint("max_size: 4", "preferred_sizes: [4]"),
      "model.yaml:17: 'preferred_sizes' needs 'max_delay_us': without it no instance waits for a size.");
  EXPECT_EQ(Complaint("max_size: 4", "max_delay_us: 1\n  preferred_sizes: [33]"),
            "model.yaml:18: 'preferred_sizes' must hold sizes from 1 to 'max_size'.");
  EXPECT_EQ(Complaint("max_size: 4", "queue_timeout_ms: 3600001"),
            "model.yaml:17: 'queue_timeout_ms' must be at most 3600000.");
}

TEST_F(ModelPackageTest, AProgramHasACommandInPlaceOfAFile) {
  const std::string program = R"(name: wine
version: "1"
task: tensors
runtime: process
inputs: [{name: x, datatype: FP32, shape: [-1, 3]}]
outputs: [{name: y, datatype: FP32, shape: [-1]}]
)";
  const auto package = Read(program + "command: [python3, server.py]\n");
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_THAT(package->command, testing::ElementsAre("python3", "server.py"));
  EXPECT_EQ(package->folder, folder_);
  EXPECT_EQ(package->file, "");
  EXPECT_FALSE(Read(program).ok());
  EXPECT_FALSE(Read(program + "command: [python3]\nfile: x.onnx\n").ok());
  EXPECT_THAT(Complaint("file: moods.onnx", "file: moods.onnx\ncommand: [sh]"),
              testing::HasSubstr("command"));
}

TEST_F(ModelPackageTest, AModelOfAnotherServerHasNoFileAndMayHaveAFallback) {
  const std::string remote = R"(name: wine
version: "1"
task: tensors
runtime: remote
runtime_options: {url: "grpc://127.0.0.1:1"}
inputs: [{name: x, datatype: FP32, shape: [-1, 3]}]
outputs: [{name: y, datatype: FP32, shape: [-1]}]
)";
  EXPECT_EQ(Read(remote)->fallback.model, "");
  const auto package = Read(remote + "fallback: {model: spare, version: \"2\"}\n");
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->fallback.model, "spare");
  EXPECT_EQ(package->fallback.version, "2");
  EXPECT_FALSE(Read(remote + "fallback: {version: \"2\"}\n").ok());
  EXPECT_FALSE(Read(remote + "command: [sh]\n").ok());
}

TEST_F(ModelPackageTest, ATensorModelNeedsNoProcessing) {
  const std::string tensors = R"(name: matrix
version: "1"
task: tensors
runtime: openvino
file: matrix.onnx
inputs: [{name: x, datatype: BYTES, shape: [3]}]
outputs: [{name: y, datatype: BF16, shape: [3]}]
batching: {max_size: 0}
)";
  const auto package = Read(tensors);
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->batching.max_size, 0u);
  EXPECT_GT(package->batching.max_elements, 1000000u);
  EXPECT_EQ(package->inputs[0].datatype, DataType::kBytes);
  EXPECT_THAT(std::string(Message(Read(tensors + "warm_up: [Good.]\n").status())),
              testing::HasSubstr("'warm_up' is not known here."));
}

TEST_F(ModelPackageTest, NoPackageIsNotFound) {
  EXPECT_EQ(ReadModelPackage(folder_ / "nothing").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelPackageTest, ComplaintsSayFileAndLine) {
  EXPECT_EQ(Complaint("name: moods\n", ""), "model.yaml:1: 'name' is missing.");
  EXPECT_EQ(Complaint("INT64", "INT65"),
            "model.yaml:7: 'datatype' 'INT65' is no data type; for example INT64, FP32, UINT8.");
  EXPECT_EQ(Complaint("max_size: 4", "max_size: 0"),
            "model.yaml:17: 'max_size' must be a whole number of at least 1.");
  EXPECT_EQ(Complaint("max_size", "max_sizes"), "model.yaml:17: 'max_sizes' is not known here.");
  EXPECT_EQ(Complaint("vocabulary: vocab.txt", "vocabulary: vocab.txt\n  long_text: ignore"),
            "model.yaml:13: 'long_text' must be windows or cut.");
  EXPECT_EQ(Complaint("output: probabilities", "output: x"), "model.yaml:14: 'output' is none of 'outputs'.");
  EXPECT_EQ(Complaint("labels: .*", "labels: [good]"),
            "model.yaml:15: 'labels' must list at least two labels.");
  EXPECT_EQ(Complaint("\\[-1, 2\\]", "[-1, two]"), "model.yaml:9: 'shape' must hold whole numbers only.");
  EXPECT_EQ(Complaint("task: .*", "task: [1]"), "model.yaml:3: 'task' must be a text.");
  EXPECT_THAT(Complaint("name: moods", "name: [moods"), testing::HasSubstr("model.yaml:2:"));
  EXPECT_EQ(Complaint("[^]*", "just a text"), "model.yaml:1: must be a mapping.");
}

}  // namespace
}  // namespace starling::inference
