// Models of plain functions, and a graph of them, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "services/models/graph/graph_model.h"

namespace starling::models {

inline inference::Tensor Floats(const std::vector<float>& values) {
  return inference::MakeTensor<float>(inference::DataType::kFp32, {static_cast<int64_t>(values.size()), 1},
                                      values);
}

using Answer = async::Task<absl::StatusOr<std::vector<inference::Tensor>>>;

// A model with the input x and the output y, both FP32[-1,1].
class Part final : public StepModel {
 public:
  explicit Part(std::string name) {
    stated_package.name = std::move(name);
    stated_package.version = "1";
    stated_package.inputs = {{"x", inference::DataType::kFp32, {-1, 1}}};
    stated_package.outputs = {{"y", inference::DataType::kFp32, {-1, 1}}};
  }
  const inference::ModelPackage& package() const override { return stated_package; }
  Answer Infer(RequestContext context, std::vector<inference::Tensor> inputs, GraphCall call) const override {
    contexts.push_back(context);
    depth = call.depth;
    priority = call.queue.priority;
    seen.push_back(inputs[0]);
    auto answer = run(std::move(context), std::move(inputs[0]));
    co_return co_await std::move(answer);
  }

  inference::ModelPackage stated_package;
  std::function<Answer(RequestContext, inference::Tensor)> run;
  mutable std::vector<RequestContext> contexts;
  mutable std::vector<inference::Tensor> seen;
  mutable size_t depth = 0;
  mutable size_t priority = 0;
};

inline Answer Same(RequestContext, inference::Tensor x) {
  co_return std::vector<inference::Tensor>{std::move(x)};
}
inline Answer Twice(RequestContext, inference::Tensor x) {
  std::vector<float> values(x.Values<float>().begin(), x.Values<float>().end());
  for (float& value : values) value *= 2;
  co_return std::vector<inference::Tensor>{Floats(values)};
}
inline Answer Broken(RequestContext, inference::Tensor) { co_return Internal("The wheels came off."); }
inline Answer Away(RequestContext, inference::Tensor) { co_return Unavailable("It is away."); }
// Until it is cancelled or its deadline is over, as a batcher does.
inline Answer Forever(RequestContext context, inference::Tensor) {
  const auto left =
      context.has_deadline() ? context.deadline() - std::chrono::steady_clock::now() : std::chrono::hours(1);
  auto sleep = async::Sleep(left, context.cancel());
  const absl::Status status = co_await std::move(sleep);
  co_return status.ok() ? DeadlineExceeded("The deadline passed.") : status;
}

class GraphTest : public testing::Test, public GraphModels {
 protected:
  GraphTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                StrCat("graph_run_", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    Add("same", Same);
    Add("twice", Twice);
    Add("broken", Broken);
    Add("forever", Forever);
  }
  ~GraphTest() override { std::filesystem::remove_all(folder_); }

  async::Task<absl::StatusOr<std::shared_ptr<const StepModel>>> AcquireStep(RequestContext,
                                                                            std::string_view name,
                                                                            std::string_view,
                                                                            std::string_view key) override {
    key_ = key;
    const auto found = parts_.find(name);
    if (found == parts_.end()) co_return NotFound("There is no model '", name, "'.");
    co_return std::shared_ptr<const StepModel>(found->second);
  }
  inference::ModelPackage::Fallback FallbackOf(std::string_view name, std::string_view) override {
    const auto found = parts_.find(name);
    return found == parts_.end() ? inference::ModelPackage::Fallback() : found->second->package().fallback;
  }
  absl::StatusOr<inference::ModelPackage> DescribeStep(std::string_view name,
                                                       std::string_view) const override {
    if (const auto graph = graphs_.find(name); graph != graphs_.end()) return graph->second;
    const auto found = parts_.find(name);
    if (found == parts_.end()) return NotFound("There is no model '", name, "'.");
    return found->second->package();
  }

  Part& Add(const std::string& name, std::function<Answer(RequestContext, inference::Tensor)> run) {
    auto part = std::make_shared<Part>(name);
    part->run = std::move(run);
    parts_[name] = part;
    return *part;
  }

  absl::StatusOr<inference::ModelPackage> Read(const std::string& from, const std::string& steps,
                                               const std::string& name = "g") {
    std::ofstream(folder_ / "model.yaml") << "name: " << name << R"(
version: "1"
task: tensors
runtime: graph
inputs: [{name: x, datatype: FP32, shape: [-1, 1]}]
outputs: [{name: y, datatype: FP32, shape: [-1, 1], from: ")"
                                          << from << "\"}]\ngraph:\n"
                                          << steps;
    return inference::ReadModelPackage(folder_);
  }
  absl::Status Load(const std::string& from, const std::string& steps) {
    auto package = Read(from, steps);
    RETURN_IF_ERROR(package.status());
    auto loaded = GraphModel::Load(*std::move(package), *this, &tracer_, GraphStepCounters(metrics_));
    RETURN_IF_ERROR(loaded.status());
    graph_ = *std::move(loaded);
    return absl::OkStatus();
  }
  absl::StatusOr<inference::Tensor> Run(inference::Tensor x, RequestContext context = {},
                                        GraphCall call = {}) {
    ASSIGN_OR_RETURN(auto outputs, async::BlockOn(graph_->Infer(std::move(context), {std::move(x)}, call)));
    return outputs[0];
  }
  absl::StatusOr<float> Run(float x, GraphCall call = {}) {
    ASSIGN_OR_RETURN(const inference::Tensor y, Run(Floats({x}), {}, call));
    return y.Values<float>()[0];
  }
  double Count(const std::string& step, const std::string& result) {
    for (const auto& metric : metrics_.Take()) {
      for (const auto& series : metric.series) {
        if (series.labels == std::vector<std::string>{"g", step, result})
          return std::get<double>(series.value);
      }
    }
    return -1;
  }

  std::string key_;  // of the step that was acquired last
  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<Part>, std::less<>> parts_;
  std::map<std::string, inference::ModelPackage, std::less<>> graphs_;
  observe::SpanQueue spans_{100};
  observe::Tracer tracer_{{}, &spans_};
  observe::Registry metrics_;
  std::unique_ptr<GraphModel> graph_;
};

}  // namespace starling::models
