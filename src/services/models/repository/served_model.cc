#include "services/models/repository/served_model.h"

#include <atomic>
#include <utility>

#include "base/status.h"
#include "core/inference/metrics.h"
#include "core/inference/text/bert_tokenizer.h"

namespace starling::models {

using inference::ModelPackage;
using inference::Tensor;
using inference::TextClassifier;
using std::chrono::steady_clock;

namespace {

uint64_t NextNumber() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

absl::StatusOr<inference::Tokenize> MakeBertTokenizer(const ModelPackage::TextPreProcessing& text) {
  ASSIGN_OR_RETURN(auto tokenizer, inference::BertTokenizer::Load(text.vocabulary, text.lowercase));
  auto shared = std::make_shared<const inference::BertTokenizer>(std::move(tokenizer));
  return [shared, max_length = text.max_length, windows = text.windows](std::string_view input) {
    if (windows) return shared->EncodeWindows(input, max_length);
    return std::vector<std::vector<int64_t>>{shared->Encode(input, max_length).ids};
  };
}

absl::StatusOr<std::unique_ptr<ServedModel>> ServedModel::Load(ModelPackage package, const Needs& needs,
                                                               std::shared_ptr<StatisticsRecorder> statistics,
                                                               std::function<void()> on_warm_up) {
  std::unique_ptr<ServedModel> served(new ServedModel(statistics, needs.cache));
  inference::LoadOptions options;
  options.observer = [statistics = std::move(statistics),
                      metrics = inference::MetricsObserver(needs.metrics, package.name, package.version)](
                         const inference::RunReport& report) {
    metrics(report);
    statistics->AddRun(report);
  };
  options.on_warm_up = std::move(on_warm_up);
  options.on_queue_timeout =
      [timeouts = inference::QueueTimeouts(needs.metrics, package.name, package.version)] { timeouts.Add(); };
  options.permissions = needs.permissions;
  options.cancel = needs.stopping;
  if (package.graph != nullptr) {
    ASSIGN_OR_RETURN(served->graph_,
                     GraphModel::Load(std::move(package), needs.models, needs.tracer, needs.graph_steps));
  } else if (package.is_text()) {
    ASSIGN_OR_RETURN(inference::Tokenize tokenize, needs.tokenizers(package.pre_processing));
    ASSIGN_OR_RETURN(served->classifier_, TextClassifier::Load(std::move(package), std::move(tokenize),
                                                               needs.runtimes, std::move(options)));
  } else {
    ASSIGN_OR_RETURN(served->model_,
                     inference::Model::Load(std::move(package), needs.runtimes, std::move(options)));
  }
  return served;
}

ServedModel::ServedModel(std::shared_ptr<StatisticsRecorder> statistics, ResponseCache& cache)
    : statistics_(std::move(statistics)), cache_(cache), number_(NextNumber()) {}

const ModelPackage& ServedModel::package() const {
  return graph_ != nullptr ? graph_->package() : model().package();
}

async::Task<absl::StatusOr<std::vector<Tensor>>> ServedModel::Infer(RequestContext context,
                                                                    std::vector<Tensor> inputs,
                                                                    GraphCall call) const {
  if (!package().response_cache || !cache_.enabled())
    co_return co_await Run(std::move(context), std::move(inputs), call);
  const auto begin = steady_clock::now();
  if (auto known = cache_.Get(number_, inputs); known.has_value()) {
    statistics_->AddCacheHit(steady_clock::now() - begin);
    co_return *std::move(known);
  }
  const auto looked = steady_clock::now() - begin;
  const std::vector<Tensor> asked = inputs;
  auto outputs = co_await Run(std::move(context), std::move(inputs), call);
  if (!outputs.ok()) co_return outputs;
  const auto put = steady_clock::now();
  cache_.Put(number_, asked, *outputs);
  statistics_->AddCacheMiss(looked + (steady_clock::now() - put));
  co_return outputs;
}

async::Task<absl::StatusOr<std::vector<Tensor>>> ServedModel::Run(RequestContext context,
                                                                  std::vector<Tensor> inputs,
                                                                  GraphCall call) const {
  const auto begin = steady_clock::now();
  const bool batches = package().batching.max_size > 0 && !inputs.empty() && !inputs[0].shape.empty();
  const size_t rows = batches ? static_cast<size_t>(inputs[0].shape[0]) : 1;
  inference::CallTimes times;
  auto infer = graph_ != nullptr ? graph_->Infer(std::move(context), std::move(inputs), call)
                                 : model().Infer(std::move(context), std::move(inputs), &times, call.queue);
  auto outputs = co_await std::move(infer);
  const auto total = steady_clock::now() - begin;
  if (outputs.ok()) {
    statistics_->AddSuccess(rows, total, times);
  } else {
    statistics_->AddFailure(total);
  }
  co_return outputs;
}

async::Task<absl::StatusOr<std::vector<inference::TextClass>>> ServedModel::Classify(
    RequestContext context, std::vector<std::string_view> texts, inference::QueueTerms terms) const {
  if (classifier_ == nullptr) {
    co_return InvalidArgument("Model '", name(), "' has the task '", package().task,
                              "', not text-classification.");
  }
  const auto begin = steady_clock::now();
  const size_t rows = texts.size();
  inference::CallTimes times;
  auto classes = co_await classifier_->Classify(std::move(context), std::move(texts), &times, terms);
  const auto total = steady_clock::now() - begin;
  if (classes.ok()) {
    statistics_->AddSuccess(rows, total, times);
  } else {
    statistics_->AddFailure(total);
  }
  co_return classes;
}

}  // namespace starling::models
