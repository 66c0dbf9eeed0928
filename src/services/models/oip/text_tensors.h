// A text classifier over the Open Inference Protocol: texts go in and labels come out as BYTES, which is what clients can give and read.
// The tensors that its file takes (token ids) are for this program's own tokenizer, and are still taken from who has them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/package/model_package.h"
#include "core/inference/text_classifier.h"
#include "services/models/oip/infer.h"
#include "services/models/repository/model_info.h"

namespace starling::models::oip {

inline constexpr std::string_view kTextInput = "text";
inline constexpr std::string_view kLabelOutput = "label";

// What clients are shown: of a text classifier `text`, BYTES [-1,1], and `label`, BYTES [-1,1], before the output that has one
// probability per label; of any other model its own tensors.
std::vector<inference::TensorSpec> ShownInputs(const ModelInfo& model);
std::vector<inference::TensorSpec> ShownOutputs(const ModelInfo& model);

// The model is a text classifier and the request gives it `text`.
bool AsksInText(const inference::ModelPackage& package, const InferRequest& request);

// The texts, as views into `text`. INVALID_ARGUMENT: not BYTES [n] or [n,1], no text, more than max_texts, or no valid UTF-8.
absl::StatusOr<std::vector<std::string_view>> ReadTexts(const inference::Tensor& text, size_t max_texts);

// What TextTensors() makes, by name.
std::vector<inference::TensorSpec> TextOutputs(const inference::ModelPackage& package);
// One row for each of `classes`, in the order of TextOutputs(); labels have the shape of the texts, `shape`.
std::vector<inference::Tensor> TextTensors(std::span<const inference::TextClass> classes,
                                           const std::vector<std::string>& labels, inference::Shape shape);

}  // namespace starling::models::oip
