#include "services/models/oip/text_tensors.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/utf8.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::Tensor;
using inference::TensorSpec;

std::vector<TensorSpec> OutputsOf(const std::vector<TensorSpec>& outputs, std::string_view probabilities) {
  std::vector<TensorSpec> shown = {{std::string(kLabelOutput), DataType::kBytes, {-1, 1}}};
  for (const TensorSpec& output : outputs) {
    if (output.name == probabilities) shown.push_back(output);
  }
  return shown;
}

}  // namespace

std::vector<TensorSpec> ShownInputs(const ModelInfo& model) {
  if (model.task != inference::kTextClassification) return model.inputs;
  return {{std::string(kTextInput), DataType::kBytes, {-1, 1}}};
}

std::vector<TensorSpec> ShownOutputs(const ModelInfo& model) {
  if (model.task != inference::kTextClassification) return model.outputs;
  return OutputsOf(model.outputs, model.probabilities);
}

bool AsksInText(const inference::ModelPackage& package, const InferRequest& request) {
  return package.is_text() && std::any_of(request.inputs.begin(), request.inputs.end(),
                                          [](const InferInput& input) { return input.name == kTextInput; });
}

absl::StatusOr<std::vector<std::string_view>> ReadTexts(const Tensor& text, size_t max_texts) {
  const inference::Shape& shape = text.shape;
  const bool fits = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  if (text.datatype != DataType::kBytes || !fits || shape[0] < 1)
    return InvalidArgument("Input '", kTextInput, "' must be BYTES [n] or [n,1], one text or more.");
  if (static_cast<uint64_t>(shape[0]) > max_texts)
    return InvalidArgument("Input '", kTextInput, "' must hold at most ", max_texts, " texts.");
  ASSIGN_OR_RETURN(std::vector<std::string_view> texts, inference::ReadByteStrings(text));
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!IsValidUtf8(texts[i]))
      return InvalidArgument("Input '", kTextInput, "': text ", i, " is not valid UTF-8.");
  }
  return texts;
}

std::vector<TensorSpec> TextOutputs(const inference::ModelPackage& package) {
  return OutputsOf(package.outputs, package.post_processing.output);
}

std::vector<Tensor> TextTensors(std::span<const inference::TextClass> classes,
                                const std::vector<std::string>& labels, inference::Shape shape) {
  std::vector<std::string_view> names;
  names.reserve(classes.size());
  const auto rows = static_cast<int64_t>(classes.size());
  inference::TensorBuffer numbers(DataType::kFp32, {rows, static_cast<int64_t>(labels.size())});
  auto next = numbers.Values<float>().begin();
  for (const inference::TextClass& found : classes) {
    names.push_back(labels[found.label]);
    next = std::copy(found.probabilities.begin(), found.probabilities.end(), next);
  }
  return {inference::MakeBytesTensor(std::move(shape), names), std::move(numbers).Freeze()};
}

}  // namespace starling::models::oip
