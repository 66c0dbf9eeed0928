#include "backends/inference_upstream/upstream_model.h"

#include <algorithm>
#include <utility>

namespace starling::inference_upstream {
namespace {

class UpstreamInstance final : public inference::Instance {
 public:
  UpstreamInstance(const UpstreamClient& client, const UpstreamTensors& tensors)
      : client_(client), tensors_(tensors) {}

  absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor> inputs) override {
    return RunFor(RequestContext(), inputs);
  }
  bool uses_context() const override { return true; }
  absl::StatusOr<std::vector<Tensor>> RunFor(const RequestContext& context,
                                             std::span<const Tensor> inputs) override {
    return client_.Infer(context, tensors_, inputs);
  }

 private:
  const UpstreamClient& client_;
  const UpstreamTensors& tensors_;
};

class UpstreamModel final : public inference::LoadedModel {
 public:
  UpstreamModel(UpstreamTensors tensors, std::unique_ptr<UpstreamClient> client, std::shared_ptr<void> owner,
                UpstreamBytes bytes)
      : owner_(std::move(owner)),
        tensors_(std::move(tensors)),
        client_(std::move(client)),
        bytes_(std::move(bytes)) {}

  const std::vector<TensorSpec>& inputs() const override { return tensors_.inputs; }
  const std::vector<TensorSpec>& outputs() const override { return tensors_.outputs; }
  absl::StatusOr<std::unique_ptr<inference::Instance>> NewInstance() override {
    return std::make_unique<UpstreamInstance>(*client_, tensors_);
  }
  std::optional<size_t> BytesElsewhere() const override { return bytes_(); }

 private:
  const std::shared_ptr<void> owner_;  // last of all
  const UpstreamTensors tensors_;
  const std::unique_ptr<UpstreamClient> client_;
  const UpstreamBytes bytes_;
};

}  // namespace

std::unique_ptr<inference::LoadedModel> MakeUpstreamModel(UpstreamTensors tensors,
                                                          std::unique_ptr<UpstreamClient> client,
                                                          std::shared_ptr<void> owner, UpstreamBytes bytes) {
  return std::make_unique<UpstreamModel>(std::move(tensors), std::move(client), std::move(owner),
                                         std::move(bytes));
}

void KeepWanted(const inference::ModelFile& file, std::vector<TensorSpec>* outputs) {
  if (file.outputs.empty()) return;
  std::erase_if(*outputs, [&file](const TensorSpec& output) {
    return std::find(file.outputs.begin(), file.outputs.end(), output.name) == file.outputs.end();
  });
}

}  // namespace starling::inference_upstream
