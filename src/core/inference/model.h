// Model: a loaded model package, tensors in and tensors out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/batching/batcher.h"
#include "core/inference/batching/rows.h"
#include "core/inference/package/model_package.h"
#include "core/inference/runtime.h"

namespace starling::inference {

struct LoadOptions {
  RunObserver observer;      // may be empty
  std::vector<Row> warm_up;  // each is run once, alone, on every instance before the model is ready
  ModelPermissions permissions;
  CancelToken cancel;
  std::function<void()> on_warm_up = [] {};  // called when the file is in memory
  std::function<void()> on_queue_timeout;    // BatcherOptions::on_timeout
};

// Thread-safe. Requests under way are answered before the destructor returns.
class Model {
 public:
  // Blocks until the package's file is in memory and its instances are warm. The errors of Runtime::Load,
  // RuntimeRegistry::Get and of the first run that fails; INVALID_ARGUMENT if the file's tensors are not those that the
  // package says. The registry outlives the model.
  static absl::StatusOr<std::unique_ptr<Model>> Load(ModelPackage package, const RuntimeRegistry& runtimes,
                                                     LoadOptions options);

  const ModelPackage& package() const { return package_; }
  size_t queued() const { return batcher_->queued(); }
  std::optional<size_t> BytesElsewhere() const { return loaded_->BytesElsewhere(); }

  // The model's outputs for each row, in order: tensors in the order of package().outputs. The row's tensors are in the
  // order of package().inputs. Errors as in Batcher::Run.
  async::Task<absl::StatusOr<std::vector<Row>>> InferRows(RequestContext context, std::vector<Row> rows,
                                                          CallTimes* times = nullptr,
                                                          QueueTerms terms = {}) const {
    return batcher_->Run(std::move(context), std::move(rows), times, terms);
  }

  // The outputs, in the order of package().outputs, for whole `inputs`, in the order of package().inputs; the first size of
  // all is the batch where the package batches. Large batches are cut into several runs. Errors as in Batcher::Run.
  async::Task<absl::StatusOr<std::vector<Tensor>>> Infer(RequestContext context, std::vector<Tensor> inputs,
                                                         CallTimes* times = nullptr,
                                                         QueueTerms terms = {}) const {
    return batcher_->RunTensors(std::move(context), std::move(inputs), times, terms);
  }

 private:
  Model(ModelPackage package, std::unique_ptr<LoadedModel> loaded, std::unique_ptr<Batcher> batcher)
      : package_(std::move(package)), loaded_(std::move(loaded)), batcher_(std::move(batcher)) {}

  ModelPackage package_;
  std::unique_ptr<LoadedModel> loaded_;
  std::unique_ptr<Batcher> batcher_;  // after what it runs on
};

}  // namespace starling::inference
