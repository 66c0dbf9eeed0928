#include "core/inference/text_classifier.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

// More text than this is tokenized on the pool: at some 50 MB/s and a little per text it would hold a loop for over 200
// microseconds.
constexpr size_t kMaxBytesOnLoop = 8192;
constexpr size_t kMaxTextsOnLoop = 64;
// Requests that wait for the pool; each holds its texts anyway.
constexpr size_t kMaxQueue = 256;

// What one text gives for the input named `name`.
absl::StatusOr<std::vector<int64_t>> InputValues(std::string_view name, const std::vector<int64_t>& ids) {
  if (name == "input_ids") return ids;
  if (name == "attention_mask") return std::vector<int64_t>(ids.size(), 1);
  if (name == "token_type_ids") return std::vector<int64_t>(ids.size(), 0);
  return InvalidArgument("A text model's inputs are input_ids, attention_mask and token_type_ids, not '",
                         name, "'.");
}

absl::Status CheckPackage(const ModelPackage& package) {
  for (const TensorSpec& input : package.inputs) {
    RETURN_IF_ERROR(InputValues(input.name, {}).status());
    if (input.datatype != DataType::kInt64 || input.shape.size() != 2) {
      return InvalidArgument("Input '", input.name, "' of a text model must be INT64[-1,-1].");
    }
  }
  for (const TensorSpec& output : package.outputs) {
    if (output.name != package.post_processing.output) continue;
    const auto labels = static_cast<int64_t>(package.post_processing.labels.size());
    if (output.datatype != DataType::kFp32 || output.shape.size() != 2 || output.shape[1] != labels) {
      return InvalidArgument("Output '", output.name, "' must be FP32[-1,", labels,
                             "]: one number per label.");
    }
  }
  return absl::OkStatus();
}

Row MakeRow(const std::vector<TensorSpec>& inputs, const std::vector<int64_t>& ids) {
  Row row;
  row.reserve(inputs.size());
  const Shape shape = {static_cast<int64_t>(ids.size())};
  for (const TensorSpec& input : inputs) {
    row.push_back(MakeTensor<int64_t>(DataType::kInt64, shape, *InputValues(input.name, ids)));
  }
  return row;
}

void Softmax(std::vector<float>* logits) {
  const float largest = *std::max_element(logits->begin(), logits->end());
  float sum = 0;
  for (float& value : *logits) sum += value = std::exp(value - largest);
  for (float& value : *logits) value /= sum;
}

// One probability per label.
absl::StatusOr<std::vector<float>> Probabilities(const Tensor& output, bool softmax) {
  const std::span<const float> values = output.Values<float>();
  std::vector<float> probabilities(values.begin(), values.end());
  if (softmax) Softmax(&probabilities);
  for (const float value : probabilities) {
    if (!(value >= -1e-4f && value <= 1 + 1e-4f))
      return Internal("The model gave a probability of ", value, ".");
  }
  for (float& value : probabilities) value = std::clamp(value, 0.0f, 1.0f);
  return probabilities;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TextClassifier>> TextClassifier::Load(ModelPackage package, Tokenize tokenize,
                                                                     const RuntimeRegistry& runtimes,
                                                                     LoadOptions options) {
  if (package.task != "text-classification") {
    return InvalidArgument("Model '", package.name, "' has the task '", package.task,
                           "', not text-classification.");
  }
  RETURN_IF_ERROR(CheckPackage(package));
  options.warm_up.clear();
  for (const std::string& text : package.warm_up)
    options.warm_up.push_back(MakeRow(package.inputs, tokenize(text).front()));
  ASSIGN_OR_RETURN(auto model, Model::Load(std::move(package), runtimes, std::move(options)));
  return std::unique_ptr<TextClassifier>(new TextClassifier(std::move(tokenize), std::move(model)));
}

TextClassifier::TextClassifier(Tokenize tokenize, std::unique_ptr<Model> model)
    : tokenize_(std::move(tokenize)), model_(std::move(model)), tokenizing_("tokenize", 1, kMaxQueue) {
  const ModelPackage& package = model_->package();
  while (package.outputs[output_].name != package.post_processing.output) ++output_;
}

TextClassifier::Windows TextClassifier::MakeWindows(const std::vector<std::string_view>& texts) const {
  Windows windows;
  windows.rows.reserve(texts.size());
  windows.tokens.reserve(texts.size());
  windows.counts.reserve(texts.size());
  for (const std::string_view text : texts) {
    const std::vector<std::vector<int64_t>> tokens = tokenize_(text);
    windows.counts.push_back(tokens.size());
    for (const std::vector<int64_t>& ids : tokens) {
      windows.rows.push_back(MakeRow(model_->package().inputs, ids));
      windows.tokens.push_back(ids.size());
    }
  }
  return windows;
}

absl::StatusOr<std::vector<TextClass>> TextClassifier::MakeAnswers(const Windows& windows,
                                                                   const std::vector<Row>& outputs) const {
  std::vector<TextClass> answers;
  answers.reserve(windows.counts.size());
  size_t next = 0;
  for (const size_t count : windows.counts) {
    TextClass& answer = answers.emplace_back();
    answer.probabilities.resize(labels().size());
    size_t tokens = 0;
    for (const size_t end = next + count; next < end; ++next) {
      ASSIGN_OR_RETURN(const std::vector<float> probabilities,
                       Probabilities(outputs[next][output_], model_->package().post_processing.softmax));
      tokens += windows.tokens[next];
      const float share = static_cast<float>(windows.tokens[next]) / static_cast<float>(tokens);
      for (size_t i = 0; i < probabilities.size(); ++i)
        answer.probabilities[i] += share * (probabilities[i] - answer.probabilities[i]);
    }
    const auto best = std::max_element(answer.probabilities.begin(), answer.probabilities.end());
    answer.label = static_cast<size_t>(best - answer.probabilities.begin());
  }
  return answers;
}

async::Task<absl::StatusOr<std::vector<TextClass>>> TextClassifier::Classify(
    RequestContext context, std::vector<std::string_view> texts, CallTimes* times, QueueTerms terms) {
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  Windows windows;
  if (bytes <= kMaxBytesOnLoop && texts.size() <= kMaxTextsOnLoop) {
    windows = MakeWindows(texts);
  } else {
    auto make_windows = [this, &texts] { return MakeWindows(texts); };
    auto made = co_await tokenizing_.Run(make_windows);
    if (!made.ok()) co_return WithRetryAfter(std::move(made).status(), std::chrono::seconds(1));
    windows = *std::move(made);
  }
  std::vector<Row> rows = std::move(windows.rows);
  CO_ASSIGN_OR_RETURN(const std::vector<Row> outputs,
                      co_await model_->InferRows(std::move(context), std::move(rows), times, terms));
  co_return MakeAnswers(windows, outputs);
}

}  // namespace starling::inference
