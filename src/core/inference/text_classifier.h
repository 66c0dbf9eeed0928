// TextClassifier: the task on top of a model that gives one number per label for each text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/pool.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/model.h"

namespace starling::inference {

// A text to the ids of its tokens, in one or more windows of at least one and at most
// ModelPackage::TextPreProcessing::max_length ids each. Any thread.
using Tokenize = std::function<std::vector<std::vector<int64_t>>(std::string_view text)>;

struct TextClass {
  size_t label = 0;  // position in labels()
  // One per label, in their order. Of a text in several windows: the mean of theirs, weighted by their tokens.
  std::vector<float> probabilities;
};

// Thread-safe.
class TextClassifier {
 public:
  // Blocks until the model is loaded and warm: its own thread, not a loop. Errors as of Model::Load; INVALID_ARGUMENT if the
  // package is not one for this task. options.warm_up is made here, from the package.
  static absl::StatusOr<std::unique_ptr<TextClassifier>> Load(ModelPackage package, Tokenize tokenize,
                                                              const RuntimeRegistry& runtimes,
                                                              LoadOptions options);

  const Model& model() const { return *model_; }
  const std::vector<std::string>& labels() const { return model_->package().post_processing.labels; }

  // One answer per text, in order. The texts live until the task is done; they are valid UTF-8. Errors as of Model::Infer.
  async::Task<absl::StatusOr<std::vector<TextClass>>> Classify(RequestContext context,
                                                               std::vector<std::string_view> texts,
                                                               CallTimes* times = nullptr,
                                                               QueueTerms terms = {});

 private:
  TextClassifier(Tokenize tokenize, std::unique_ptr<Model> model);

  // What the model reads of one request: the windows of its texts, one after the other.
  struct Windows {
    std::vector<Row> rows;
    std::vector<size_t> tokens;  // of each row
    std::vector<size_t> counts;  // rows of each text
  };
  Windows MakeWindows(const std::vector<std::string_view>& texts) const;
  absl::StatusOr<std::vector<TextClass>> MakeAnswers(const Windows& windows,
                                                     const std::vector<Row>& outputs) const;

  Tokenize tokenize_;
  std::unique_ptr<Model> model_;
  size_t output_ = 0;  // position of the labels' numbers among the model's outputs
  async::Pool tokenizing_;
};

}  // namespace starling::inference
