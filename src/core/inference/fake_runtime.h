// The inference runtime for tests: a plain function in place of a model file.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/inference/runtime.h"

namespace starling::inference {

// Called on the instances' threads, at the same time if there are several.
using FakeFunction = std::function<absl::StatusOr<std::vector<Tensor>>(std::span<const Tensor>)>;

struct FakeModel {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  FakeFunction run;
  absl::Status load_error;  // what Load() says instead, if not OK
  std::function<void()> while_loading = [] {};
};

class FakeInstance : public Instance {
 public:
  explicit FakeInstance(FakeFunction run) : run_(std::move(run)) {}
  absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor> inputs) override { return run_(inputs); }

 private:
  FakeFunction run_;
};

// Any file is the one model.
class FakeRuntime : public Runtime {
 public:
  explicit FakeRuntime(FakeModel model) : model_(std::move(model)) {}

  absl::StatusOr<std::unique_ptr<LoadedModel>> Load(const ModelFile&) override {
    model_.while_loading();
    RETURN_IF_ERROR(model_.load_error);
    return std::make_unique<Loaded>(model_);
  }

 private:
  class Loaded : public LoadedModel {
   public:
    explicit Loaded(FakeModel model) : model_(std::move(model)) {}
    const std::vector<TensorSpec>& inputs() const override { return model_.inputs; }
    const std::vector<TensorSpec>& outputs() const override { return model_.outputs; }
    absl::StatusOr<std::unique_ptr<Instance>> NewInstance() override {
      return std::make_unique<FakeInstance>(model_.run);
    }

   private:
    FakeModel model_;
  };

  FakeModel model_;
};

}  // namespace starling::inference
