#include "services/images/classifier.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/status.h"
#include "core/rpc/behind_setting.h"
#include "services/images/scaled.h"

namespace starling::images {
namespace {

constexpr int kTop = 3;
constexpr size_t kWaiting = 16;  // files that wait for each thread

// The model computes with some seven digits; as a double a number would be written with all the noise behind them.
double SixDigits(double number) { return std::round(number * 1e6) / 1e6; }

models::v1::InferRequest Question(const ImagesConfig& config, const std::vector<float>& ink) {
  models::v1::InferRequest question;
  question.set_model(config.model);
  auto& input = *question.add_inputs();
  input.set_name("pixels");
  input.set_datatype("FP32");
  for (const int64_t size : {int64_t{1}, int64_t{1}, config.side, config.side}) input.add_shape(size);
  input.set_data(ink.data(), ink.size() * sizeof(float));
  question.add_outputs("probabilities");
  return question;
}

absl::Status AddLabels(const std::vector<std::string>& labels, std::string_view bytes, int top,
                       v1::ClassifyImageResponse* response) {
  std::vector<float> probabilities(labels.size());
  std::memcpy(probabilities.data(), bytes.data(), bytes.size());
  // Sums of rounded numbers may end a little above 1.
  if (!std::all_of(probabilities.begin(), probabilities.end(),
                   [](float p) { return p >= 0 && p < 1.001f; })) {
    return Internal("The model answered with what is no probability.");
  }
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return probabilities[left] != probabilities[right] ? probabilities[left] > probabilities[right]
                                                       : left < right;
  });
  order.resize(std::min(order.size(), static_cast<size_t>(top == 0 ? kTop : top)));
  for (const size_t label : order) {
    auto& added = *response->add_labels();
    added.set_label(labels[label]);
    added.set_confidence(std::min(1.0, SixDigits(static_cast<double>(probabilities[label]))));
  }
  return absl::OkStatus();
}

}  // namespace

Classifier::Classifier(const ImagesConfig& config, const inference::ImageDecoders& decoders,
                       models::v1::ModelsService& models)
    : config_(config),
      decoders_(decoders),
      models_(models),
      pool_("images", static_cast<size_t>(config.decoders), static_cast<size_t>(config.decoders) * kWaiting) {
}

absl::StatusOr<Classifier::Scaled> Classifier::Read(std::string_view file) const {
  ASSIGN_OR_RETURN(const inference::GrayImage image,
                   decoders_.Decode(file, {.max_side = config_.max_side, .max_pixels = config_.max_pixels}));
  return Scaled{ScaledInk(image, static_cast<size_t>(config_.side)), image.width, image.height};
}

async::Task<absl::StatusOr<v1::ClassifyImageResponse>> Classifier::ClassifyImage(
    RequestContext context, const v1::ClassifyImageRequest& request) {
  if (static_cast<int64_t>(request.image().size()) > config_.max_bytes) {
    co_return ViolationError({"image", "bytes.max_len",
                              StrCat("'image' must be at most ", config_.max_bytes, " bytes long, not ",
                                     request.image().size(), ".")});
  }
  const auto read = [this, &request] { return Read(request.image()); };
  auto scaled = co_await pool_.Run(read);
  if (!scaled.ok()) co_return WithRetryAfter(scaled.status(), std::chrono::seconds(1));
  if (!scaled->ok()) co_return scaled->status();
  const models::v1::InferRequest question = Question(config_, (*scaled)->ink);
  const auto answer = co_await models_.Infer(std::move(context), question);
  if (!answer.ok()) co_return rpc::BehindSetting(answer.status(), "images.model");
  if (answer->outputs_size() != 1 ||
      answer->outputs(0).data().size() != config_.labels.size() * sizeof(float)) {
    co_return Internal("Model ", config_.model, " did not answer with a number for each of ",
                       config_.labels.size(), " labels.");
  }
  v1::ClassifyImageResponse response;
  CO_RETURN_IF_ERROR(AddLabels(config_.labels, answer->outputs(0).data(), request.top(), &response));
  response.set_width(static_cast<int32_t>((*scaled)->width));
  response.set_height(static_cast<int32_t>((*scaled)->height));
  response.set_model_version(answer->version());
  co_return response;
}

}  // namespace starling::images
