#include "core/inference/graph/graph_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/status.h"
#include "core/inference/package/model_package.h"

namespace starling::inference {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kHead[] = R"(name: guarded
version: "1"
task: tensors
runtime: graph
inputs:
  - {name: x, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: y, datatype: FP32, shape: [-1], from: FROM}
graph:
)";

class GraphDefinitionTest : public testing::Test {
 protected:
  GraphDefinitionTest() : folder_(std::filesystem::path(testing::TempDir()) / "graph_definition_test") {
    std::filesystem::create_directories(folder_);
  }
  ~GraphDefinitionTest() override { std::filesystem::remove_all(folder_); }

  // The package whose one output comes `from`, with these steps.
  absl::StatusOr<ModelPackage> Read(std::string from, const std::string& steps) {
    std::string text = kHead + steps;
    text.replace(text.find("FROM"), 4, "\"" + from + "\"");
    std::ofstream(folder_ / "model.yaml") << text;
    return ReadModelPackage(folder_);
  }
  std::string Complaint(const std::string& from, const std::string& steps) {
    const auto package = Read(from, steps);
    EXPECT_EQ(package.status().code(), absl::StatusCode::kInvalidArgument) << steps;
    return std::string(Message(package.status())).substr(folder_.string().size() + 1);
  }

  std::filesystem::path folder_;
};

TEST_F(GraphDefinitionTest, ReadsAllKindsOfSteps) {
  const auto package =
      Read("few.sum | many.sum", R"(  - {name: left, model: a, version: champion, inputs: {in: request.x}}
  - parallel:
      - {name: b, model: b, inputs: {in: left.out}}
      - steps:
          - {name: c, model: c, inputs: {in: left.out}, soft: true, defaults: {out: 0.5}}
  - switch:
      - when: "c.out[1] >= 0.5"
        steps: [{name: few, model: d, inputs: {in: b.out}}]
      - steps: [{name: many, model: d, inputs: {in: c.out}}]
  - split:
      - {weight: 9, steps: [{name: e, model: d, inputs: {in: request.x}}]}
      - {weight: 1, steps: []}
    key: request.x
)");
  ASSERT_TRUE(package.ok()) << package.status();
  const GraphDefinition& graph = *package->graph;
  EXPECT_THAT(graph.step_names, ElementsAre("left", "b", "c", "few", "many", "e"));
  ASSERT_EQ(graph.steps.size(), 4);
  EXPECT_EQ(graph.steps[0].step.version, "champion");
  EXPECT_EQ(graph.steps[1].kind, GraphNode::Kind::kParallel);
  EXPECT_EQ(graph.steps[1].branches[1].steps[0].kind, GraphNode::Kind::kSequence);
  const GraphCondition& when = *graph.steps[2].branches[0].when;
  EXPECT_EQ(when.source[0].step, 2);
  EXPECT_EQ(when.element, 1);
  EXPECT_EQ(when.comparison, GraphCondition::Comparison::kGreaterOrEqual);
  EXPECT_EQ(when.number, 0.5);
  EXPECT_FALSE(graph.steps[2].branches[1].when.has_value());
  EXPECT_EQ(graph.steps[3].branches[0].weight, 9);
  EXPECT_EQ(graph.steps[3].key[0].step, GraphTensor::kRequest);
  ASSERT_EQ(graph.outputs.size(), 1);
  EXPECT_EQ(graph.outputs[0][1].name, "sum");
  EXPECT_EQ(StepsOf(graph.steps).size(), 6);
}

TEST_F(GraphDefinitionTest, RefusesACycleWithTheLineOfTheStep) {
  EXPECT_THAT(Complaint("a.y", R"(  - {name: a, model: m, inputs: {x: b.y}}
  - {name: b, model: m, inputs: {x: a.y}}
)"),
              AllOf(StartsWith("model.yaml:10: "), HasSubstr("'b' of 'b.y' is no step before this one")));
}

TEST_F(GraphDefinitionTest, BranchesOfAParallelDoNotSeeEachOther) {
  EXPECT_THAT(Complaint("a.y", R"(  - parallel:
      - {name: a, model: m, inputs: {x: request.x}}
      - {name: b, model: m, inputs: {x: a.y}}
)"),
              AllOf(StartsWith("model.yaml:12: "), HasSubstr("'a' of 'a.y' is no step before this one")));
}

TEST_F(GraphDefinitionTest, RefusesTensorsThatMayBeMissing) {
  const std::string soft = "  - {name: a, model: m, inputs: {x: request.x}, soft: true}\n";
  EXPECT_THAT(Complaint("a.y", soft), HasSubstr("'a.y' may be missing"));
  EXPECT_TRUE(Read("a.y | request.x", soft).ok());
  EXPECT_THAT(Complaint("b.y", soft + "  - {name: b, model: m, inputs: {x: a.y}}\n"),
              AllOf(StartsWith("model.yaml:11: "), HasSubstr("'a.y' may be missing")));
  const std::string choice = R"(  - switch:
      - {when: request.x > 1, steps: [{name: a, model: m, inputs: {x: request.x}}]}
      - {steps: [{name: b, model: m, inputs: {x: request.x}}]}
)";
  EXPECT_THAT(Complaint("a.y", choice), HasSubstr("'a.y' may be missing"));
  EXPECT_TRUE(Read("a.y | b.y", choice).ok());
}

TEST_F(GraphDefinitionTest, RefusesWhatMeansNothing) {
  const std::string step = "  - {name: a, model: m, inputs: {x: request.x}}\n";
  EXPECT_THAT(Complaint("a.y", "  - {name: a, model: m, inputs: {x: request.z}}\n"),
              HasSubstr("'request.z' is no input of the graph"));
  EXPECT_THAT(Complaint("a.y", step + step), HasSubstr("there is a step 'a' already"));
  EXPECT_THAT(Complaint("a.y", "  - {name: a, inputs: {x: request.x}}\n"), HasSubstr("'model' is missing"));
  EXPECT_THAT(Complaint("a.y", "  - {name: a, model: m, inputs: {x: request.x}, defaults: {y: 1}}\n"),
              HasSubstr("'defaults' are for steps with 'soft: true'"));
  EXPECT_THAT(Complaint("request", step), HasSubstr("'request' names no tensor"));
  EXPECT_THAT(Complaint("a.y", step + "  - switch: [{steps: []}]\n"),
              HasSubstr("'switch' must list a branch"));
  EXPECT_THAT(Complaint("a.y", step + "  - switch: [{when: a.y, steps: []}, {steps: []}]\n"),
              HasSubstr("'a.y' is no condition"));
  EXPECT_THAT(Complaint("a.y", step + "  - switch: [{when: a.y > 1}, {when: a.y < 1}]\n"),
              HasSubstr("it is the default"));
  EXPECT_THAT(Complaint("a.y", step + "  - split: [{weight: 1}, {steps: []}]\n"),
              HasSubstr("'weight' is missing"));
  EXPECT_THAT(Complaint("a.y", step + "instances: 2\n"), HasSubstr("'instances' is not known here"));
}

TEST_F(GraphDefinitionTest, RefusesMoreStepsThanItCanHold) {
  std::string steps = "  - &none {steps: []}\n";
  for (int i = 0; i < 1000; ++i) steps += "  - *none\n";
  EXPECT_THAT(Complaint("request.x", steps), HasSubstr("has more than 1000 steps"));
}

TEST_F(GraphDefinitionTest, RefusesStepsThatLieTooDeep) {
  std::string nested = "{name: a, model: m, inputs: {x: request.x}}";
  for (int i = 0; i < 9; ++i) nested = "{steps: [" + nested + "]}";
  EXPECT_THAT(Complaint("a.y", "  - " + nested + "\n"), HasSubstr("lies in more than 8 others"));
}

}  // namespace
}  // namespace starling::inference
