#include "services/models/graph/graph_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/status.h"
#include "services/models/graph/graph_test.h"

namespace starling::models {
namespace {

using inference::DataType;
using testing::HasSubstr;
using testing::StartsWith;

using GraphCheckTest = GraphTest;

TEST_F(GraphCheckTest, WhatDoesNotFitIsRefusedAtLoad) {
  const auto complaint = [this](const std::string& steps) {
    return std::string(Message(Load("a.y", steps)));
  };
  EXPECT_EQ(complaint("  - {name: a, model: none, inputs: {x: request.x}}\n"),
            "Step 'a': There is no model 'none'.");
  EXPECT_EQ(complaint("  - {name: a, model: same, inputs: {z: request.x}}\n"),
            "Step 'a': model 'same' has no input 'z'.");
  parts_["twice"]->stated_package.inputs.push_back({"w", DataType::kFp32, {-1, 1}});
  EXPECT_EQ(complaint("  - {name: a, model: twice, inputs: {x: request.x}}\n"),
            "Step 'a': input 'w' of model 'twice' is missing.");
  parts_["broken"]->stated_package.inputs[0].datatype = DataType::kInt64;
  EXPECT_EQ(complaint("  - {name: a, model: broken, inputs: {x: request.x}}\n"),
            "Step 'a': input 'x' is INT64[-1,1], but 'request.x' is FP32[-1,1].");
  parts_["forever"]->stated_package.inputs[0].shape = {-1, 2};
  EXPECT_EQ(complaint("  - {name: a, model: forever, inputs: {x: request.x}}\n"),
            "Step 'a': input 'x' is FP32[-1,2], but 'request.x' is FP32[-1,1].");
  EXPECT_EQ(Message(Load("a.z", "  - {name: a, model: same, inputs: {x: request.x}}\n")),
            "Output 'y': 'a.z': model 'same' has no output 'z'.");
  EXPECT_THAT(
      complaint("  - {name: a, model: same, inputs: {x: request.x}, soft: true, defaults: {y: much}}\n"),
      HasSubstr("'much' is no value of FP32"));
  EXPECT_THAT(complaint("  - {name: a, model: same, inputs: {x: request.x}}\n"
                        "  - switch: [{when: a.y == high, steps: []}, {steps: []}]\n"),
              HasSubstr("'high' is no number"));
}

TEST_F(GraphCheckTest, GraphsWithinGraphsHaveABoundedNumberOfSteps) {
  const auto ten_of = [](const std::string& model) {
    std::string steps;
    for (const char* name : {"a", "b", "c", "d", "e", "f", "h", "i", "j", "k"})
      steps += StrCat("  - {name: ", name, ", model: ", model, ", inputs: {x: request.x}}\n");
    return steps;
  };
  graphs_["ten"] = *Read("a.y", ten_of("same"), "ten");
  graphs_["hundred"] = *Read("a.y", ten_of("ten"), "hundred");
  EXPECT_TRUE(Load("a.y", "  - {name: a, model: hundred, inputs: {x: request.x}}\n").ok());
  EXPECT_EQ(Message(Load("a.y", ten_of("hundred"))),
            "The graph and those within it have more than 1000 steps.");
}

TEST_F(GraphCheckTest, AModelThatSaysNothingOfItsTensorsYetIsWaitedFor) {
  const std::string steps = "  - {name: a, model: same, inputs: {x: request.x}}\n";
  parts_["same"]->stated_package.inputs.clear();
  EXPECT_EQ(Load("a.y", steps).code(), absl::StatusCode::kUnavailable);
  parts_.erase("same");
  EXPECT_EQ(Load("a.y", steps).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GraphCheckTest, GraphsWithinThemselvesOrTooDeepAreRefused) {
  graphs_["inner"] = *Read("a.y", "  - {name: a, model: g, inputs: {x: request.x}}\n", "inner");
  const std::string steps = "  - {name: a, model: inner, inputs: {x: request.x}}\n";
  EXPECT_EQ(Message(Load("a.y", steps)), "The graph contains itself: g > inner > g.");

  for (int i = 0; i < 9; ++i) {
    const std::string next = i == 8 ? "same" : StrCat("g", i + 1);
    graphs_[StrCat("g", i)] =
        *Read("a.y", StrCat("  - {name: a, model: ", next, ", inputs: {x: request.x}}\n"), StrCat("g", i));
  }
  EXPECT_THAT(Message(Load("a.y", "  - {name: a, model: g0, inputs: {x: request.x}}\n")),
              StartsWith("Graphs lie more than 8 deep in each other: g > g0 > "));
  EXPECT_TRUE(Load("a.y", "  - {name: a, model: g3, inputs: {x: request.x}}\n").ok());

  // What is loaded may change later: the run is bounded, too.
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: same, inputs: {x: request.x}}\n").ok());
  EXPECT_TRUE(Run(1, {.depth = 7}).ok());
  EXPECT_EQ(parts_["same"]->depth, 8);
  EXPECT_EQ(Run(1, {.depth = 8}).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace starling::models
