// ServedModel: one version of a model in memory. A shared_ptr to it is a lease: the version stays until the last one is
// gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/model.h"
#include "core/inference/text_classifier.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "services/models/graph/graph_model.h"
#include "services/models/graph/graph_models.h"
#include "services/models/response_cache.h"
#include "services/models/statistics_recorder.h"

namespace starling::models {

// What the pre_processing of a package says, made to work. Tests bring their own.
using TokenizerFactory =
    std::function<absl::StatusOr<inference::Tokenize>(const inference::ModelPackage::TextPreProcessing&)>;
// NOT_FOUND if the vocabulary cannot be read, INVALID_ARGUMENT if it is none.
absl::StatusOr<inference::Tokenize> MakeBertTokenizer(const inference::ModelPackage::TextPreProcessing& text);

// Thread-safe. Destroying it waits for the run under way: the repository does so on a thread of its own.
class ServedModel final : public StepModel {
 public:
  struct Needs {
    const inference::RuntimeRegistry& runtimes;
    observe::Registry& metrics;
    const TokenizerFactory& tokenizers;
    ResponseCache& cache;  // of answers; used if the package says so
    const inference::ModelPermissions& permissions;
    CancelToken stopping;           // ends loads that wait for other programs
    GraphModels& models;            // for the steps of graphs
    const observe::Tracer* tracer;  // of those; null: no spans
    observe::CounterFamily& graph_steps;
  };

  // Blocks until it is loaded and warm. Errors as of Model::Load, TextClassifier::Load and GraphModel::Load; for operators.
  static absl::StatusOr<std::unique_ptr<ServedModel>> Load(inference::ModelPackage package,
                                                           const Needs& needs,
                                                           std::shared_ptr<StatisticsRecorder> statistics,
                                                           std::function<void()> on_warm_up);

  const inference::ModelPackage& package() const override;
  const std::string& name() const { return package().name; }
  const std::string& version() const { return package().version; }
  const std::vector<std::string>& labels() const { return package().post_processing.labels; }
  // Rows that wait for an instance.
  size_t queued() const { return graph_ != nullptr ? 0 : model().queued(); }
  // Of a model that is not in this process: what its own takes now, 0 if that is not known or there is none.
  std::optional<size_t> BytesElsewhere() const { return graph_ != nullptr ? 0 : model().BytesElsewhere(); }

  // Both: the caller keeps its lease until the task is done. Counted in the statistics.
  // As Model::Infer: `inputs` in the order of package().inputs, the outputs in the order of package().outputs.
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Infer(RequestContext context,
                                                                    std::vector<inference::Tensor> inputs,
                                                                    GraphCall call = {}) const override;
  // As TextClassifier::Classify. INVALID_ARGUMENT if its task is another.
  async::Task<absl::StatusOr<std::vector<inference::TextClass>>> Classify(
      RequestContext context, std::vector<std::string_view> texts, inference::QueueTerms terms = {}) const;

 private:
  ServedModel(std::shared_ptr<StatisticsRecorder> statistics, ResponseCache& cache);
  async::Task<absl::StatusOr<std::vector<inference::Tensor>>> Run(RequestContext context,
                                                                  std::vector<inference::Tensor> inputs,
                                                                  GraphCall call) const;
  const inference::Model& model() const { return classifier_ != nullptr ? classifier_->model() : *model_; }

  std::shared_ptr<StatisticsRecorder> statistics_;
  ResponseCache& cache_;
  const uint64_t number_;  // in the cache: of no other model in this program
  // One of the three.
  std::unique_ptr<inference::TextClassifier> classifier_;
  std::unique_ptr<inference::Model> model_;
  std::unique_ptr<GraphModel> graph_;
};

}  // namespace starling::models
