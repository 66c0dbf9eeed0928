#include "core/inference/package/triton_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/status.h"
#include "core/inference/text_proto.h"

namespace starling::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TritonConfigTest : public testing::Test {
 protected:
  TritonConfigTest() : folder_(std::filesystem::path(testing::TempDir()) / "triton_config_test") {
    std::filesystem::create_directories(folder_);
  }
  ~TritonConfigTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<TritonConfig> Read(const std::string& text) {
    std::ofstream(folder_ / "config.pbtxt") << text;
    return ReadTritonConfig({folder_ / "config.pbtxt", folder_ / "3", "dense", "3"});
  }
  std::string Complaint(const std::string& text) {
    return std::string(Message(Read(text).status())).substr(folder_.string().size() + 1);
  }

  std::filesystem::path folder_;
};

TEST_F(TritonConfigTest, ReadsWhatTritonsExamplesSay) {
  const auto config = Read(R"(# A model
name: "dense"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "x" data_type: TYPE_FP32 format: FORMAT_NONE dims: [ 3, -1 ] },
  { name: 'text', data_type: TYPE_STRING, dims: 1 }
]
output { name: "y" data_type: TYPE_INT64 dims: [ 2 ] label_filename: "labels.txt" }
instance_group [ { count: 2 kind: KIND_CPU } ]
version_policy: { specific: { versions: [ 1, 3 ] } }
dynamic_batching { preferred_batch_size: [ 4, 8 ] default_queue_policy { max_queue_size: 7 } }
response_cache { enable: true }
)");
  ASSERT_TRUE(config.ok()) << config.status();
  const ModelPackage& package = config->package;
  EXPECT_EQ(package.name, "dense");
  EXPECT_EQ(package.version, "3");
  EXPECT_EQ(package.runtime, "openvino");
  EXPECT_EQ(package.file, folder_ / "3" / "model.onnx");
  EXPECT_EQ(package.inputs[0].shape, Shape({-1, 3, -1}));
  EXPECT_EQ(package.inputs[1].datatype, DataType::kBytes);
  EXPECT_EQ(package.outputs[0].datatype, DataType::kInt64);
  EXPECT_EQ(package.batching.max_size, 8u);
  EXPECT_EQ(package.batching.queue.policy.max_queue, 7u);
  EXPECT_EQ(package.instances, 2u);
  EXPECT_TRUE(package.response_cache);
  EXPECT_THAT(config->versions.specific, ElementsAre("1", "3"));
  EXPECT_THAT(package.warnings, ElementsAre(HasSubstr("config.pbtxt:9: 'label_filename'"),
                                            HasSubstr("'preferred_batch_size'")));
}

TEST_F(TritonConfigTest, ReadsWhoWaitsHowLong) {
  const auto config = Read(R"(backend: "onnxruntime" max_batch_size: 8
dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 100
  priority_levels: 3
  default_priority_level: 2
  default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 5000 max_queue_size: 7 }
  priority_queue_policy [ { key: 1 value { allow_timeout_override: true } } ]
  priority_queue_policy { key: 3 value { timeout_action: DELAY default_timeout_microseconds: 9 max_queue_size: 2 } }
})");
  ASSERT_TRUE(config.ok()) << config.status();
  const QueueOptions& queue = config->package.batching.queue;
  EXPECT_THAT(queue.preferred_sizes, ElementsAre(4u, 8u));
  EXPECT_EQ(queue.max_delay, std::chrono::microseconds(100));
  EXPECT_EQ(queue.default_priority, 2u);
  ASSERT_EQ(queue.levels.size(), 3u);
  EXPECT_TRUE(queue.levels[0].allow_timeout_override);
  EXPECT_EQ(queue.levels[0].timeout.count(), 0);
  EXPECT_GT(queue.levels[0].max_queue, 1000000u);
  EXPECT_EQ(queue.levels[1].timeout, std::chrono::milliseconds(5));
  EXPECT_EQ(queue.levels[1].max_queue, 7u);
  EXPECT_FALSE(queue.levels[1].allow_timeout_override);
  EXPECT_EQ(queue.levels[2].timeout.count(), 0);
  EXPECT_EQ(queue.levels[2].max_queue, 2u);
  EXPECT_THAT(config->package.warnings,
              ElementsAre(HasSubstr("config.pbtxt:9: 'timeout_action' DELAY is not")));
}

TEST_F(TritonConfigTest, WithoutBatchingTheShapesAreTheFiles) {
  const auto config = Read(R"(backend: "openvino" default_model_filename: "net.xml"
input { name: "x" data_type: TYPE_BF16 dims: [ 1, 3 ] } version_policy { latest { num_versions: 2 } })");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->package.inputs[0].shape, Shape({1, 3}));
  EXPECT_EQ(config->package.batching.max_size, 0u);
  EXPECT_EQ(config->package.file, folder_ / "3" / "net.xml");
  EXPECT_EQ(config->versions.latest, 2u);
}

TEST_F(TritonConfigTest, WhatIsNotSupportedIsNamed) {
  EXPECT_THAT(Complaint("backend: \"fil\"\n"), HasSubstr("the backend 'fil' is not supported"));
  EXPECT_THAT(Complaint("max_batch_size: 8\n"), HasSubstr("neither 'backend' nor 'platform'"));
  const std::string backend = "backend: \"onnxruntime\"\n";
  EXPECT_EQ(Complaint(backend + "ensemble_scheduling { step [] }"),
            "config.pbtxt:2: 'ensemble_scheduling' is not supported.");
  EXPECT_EQ(Complaint(backend + "sequence_batching {}"),
            "config.pbtxt:2: 'sequence_batching' is not supported.");
  EXPECT_EQ(Complaint(backend + "model_transaction_policy { decoupled: true }"),
            "config.pbtxt:2: 'model_transaction_policy' is not supported.");
  EXPECT_EQ(Complaint(backend + "unheard_of: 1"), "config.pbtxt:2: 'unheard_of' is not supported.");
  EXPECT_EQ(Complaint(backend + "instance_group { kind: KIND_GPU }"),
            "config.pbtxt:2: 'kind' must be KIND_CPU or KIND_AUTO: models run on the processor.");
  EXPECT_EQ(Complaint(backend + "input { name: \"x\" reshape { shape: [ 1 ] } }"),
            "config.pbtxt:2: 'reshape' is not supported.");
  EXPECT_THAT(Complaint(backend + "dynamic_batching { priority_levels: 2 }"),
              HasSubstr("'default_priority_level' must be one of the priorities"));
  EXPECT_EQ(Complaint(backend + "dynamic_batching { priority_levels: 200 default_priority_level: 1 }"),
            "config.pbtxt:2: 'priority_levels' must be at most 100.");
  EXPECT_THAT(Complaint(backend + "dynamic_batching { priority_levels: 1 default_priority_level: 1 "
                                  "priority_queue_policy { key: 2 value {} } }"),
              HasSubstr("'priority_queue_policy' has the key 2"));
  EXPECT_EQ(Complaint(backend + "max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }"),
            "config.pbtxt:2: 'preferred_batch_size' must hold sizes from 1 to 'max_batch_size'.");
  EXPECT_EQ(Complaint(backend + "name: \"other\""),
            "config.pbtxt:2: 'name' must be 'dense', as its folder says.");
}

TEST_F(TritonConfigTest, BrokenTextSaysTheLine) {
  EXPECT_EQ(Complaint("name: \"dense\"\ninput [ {"), "config.pbtxt:2: '}' is missing.");
  EXPECT_EQ(Complaint("name: \"den\n"), "config.pbtxt:1: a string has no end.");
  EXPECT_EQ(Complaint("name \"dense\""), "config.pbtxt:1: ':' is missing after 'name'.");
  EXPECT_EQ(Complaint("name: [ 1 2 ]"), "config.pbtxt:1: ',' or ']' is missing.");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a {";
  EXPECT_EQ(Complaint(deep), "config.pbtxt:1: too many messages within each other.");
}

}  // namespace
}  // namespace starling::inference
