#include "backends/inference_upstream/messages.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "core/inference/batching/batch_tensors.h"

namespace starling::inference_upstream {
namespace {

using Contents = ::inference::InferTensorContents;
using inference::DataType;
using inference::Shape;

// More dimensions than any model has are a mistake or an attack.
constexpr int kMaxDimensions = 64;

absl::StatusOr<Shape> ReadShape(const ::inference::ModelInferResponse::InferOutputTensor& output,
                                const TensorSpec& spec) {
  Shape shape;
  if (output.shape_size() > kMaxDimensions)
    return Internal("Output '", spec.name, "' has too many dimensions.");
  shape.assign(output.shape().begin(), output.shape().end());
  bool fits = shape.size() == spec.shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = shape[i] >= 0 && (spec.shape[i] < 0 || shape[i] == spec.shape[i]);
  if (!fits) {
    return Internal("The upstream's output '", spec.name, "' has the shape ", inference::ToString(shape),
                    " instead of ", inference::ToString(spec.shape), ".");
  }
  return shape;
}

// Each value as a T, where that is what the datatype says.
template <typename T, typename Values>
absl::StatusOr<Tensor> Made(DataType datatype, const Shape& shape, const Values& values) {
  std::vector<T> elements;
  elements.reserve(static_cast<size_t>(values.size()));
  for (const auto value : values) {
    const auto element = static_cast<T>(value);
    if constexpr (std::numeric_limits<T>::is_integer) {
      if (static_cast<decltype(value)>(element) != value) return InvalidArgument("a value is out of range");
    }
    elements.push_back(element);
  }
  Tensor tensor = inference::MakeTensor<T>(datatype, {static_cast<int64_t>(elements.size())}, elements);
  tensor.shape = shape;
  return tensor;
}

absl::StatusOr<Tensor> MadeOfStrings(const Shape& shape, const Contents& contents) {
  std::vector<std::string_view> values(contents.bytes_contents().begin(), contents.bytes_contents().end());
  return inference::MakeBytesTensor(shape, values);
}

// Typed contents, as servers without raw ones send them.
absl::StatusOr<Tensor> ReadContents(DataType datatype, const Shape& shape, const Contents& contents) {
  switch (datatype) {
    case DataType::kBool: {
      std::vector<uint8_t> values(contents.bool_contents().begin(), contents.bool_contents().end());
      Tensor tensor = inference::MakeTensor<uint8_t>(datatype, {static_cast<int64_t>(values.size())}, values);
      tensor.shape = shape;
      return tensor;
    }
    case DataType::kInt8:
      return Made<int8_t>(datatype, shape, contents.int_contents());
    case DataType::kInt16:
      return Made<int16_t>(datatype, shape, contents.int_contents());
    case DataType::kInt32:
      return Made<int32_t>(datatype, shape, contents.int_contents());
    case DataType::kInt64:
      return Made<int64_t>(datatype, shape, contents.int64_contents());
    case DataType::kUint8:
      return Made<uint8_t>(datatype, shape, contents.uint_contents());
    case DataType::kUint16:
      return Made<uint16_t>(datatype, shape, contents.uint_contents());
    case DataType::kUint32:
      return Made<uint32_t>(datatype, shape, contents.uint_contents());
    case DataType::kUint64:
      return Made<uint64_t>(datatype, shape, contents.uint64_contents());
    case DataType::kFp32:
      return Made<float>(datatype, shape, contents.fp32_contents());
    case DataType::kFp64:
      return Made<double>(datatype, shape, contents.fp64_contents());
    case DataType::kBytes:
      return MadeOfStrings(shape, contents);
    default:
      return InvalidArgument("elements of its type must be raw");
  }
}

}  // namespace

::inference::ModelInferRequest MakeRequest(const ModelName& model, std::span<const TensorSpec> inputs,
                                           std::span<const Tensor> tensors,
                                           std::span<const TensorSpec> outputs) {
  ::inference::ModelInferRequest request;
  request.set_model_name(model.name);
  request.set_model_version(model.version);
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto* input = request.add_inputs();
    input->set_name(inputs[i].name);
    input->set_datatype(std::string(inference::Name(tensors[i].datatype)));
    input->mutable_shape()->Add(tensors[i].shape.begin(), tensors[i].shape.end());
    request.add_raw_input_contents(tensors[i].data.data(), tensors[i].data.size());
  }
  for (const TensorSpec& output : outputs) request.add_outputs()->set_name(output.name);
  return request;
}

absl::StatusOr<std::vector<Tensor>> ReadResponse(
    const std::shared_ptr<const ::inference::ModelInferResponse>& response,
    std::span<const TensorSpec> outputs) {
  const bool raw = response->raw_output_contents_size() > 0;
  if (raw && response->raw_output_contents_size() != response->outputs_size()) {
    return Internal("The upstream's answer has ", response->raw_output_contents_size(), " raw contents for ",
                    response->outputs_size(), " outputs.");
  }
  std::vector<Tensor> tensors;
  for (const TensorSpec& spec : outputs) {
    const auto found = std::find_if(response->outputs().begin(), response->outputs().end(),
                                    [&spec](const auto& output) { return output.name() == spec.name; });
    if (found == response->outputs().end()) {
      return Internal("The upstream's answer has no output '", spec.name, "'.");
    }
    if (found->datatype() != inference::Name(spec.datatype)) {
      return Internal("The upstream's output '", spec.name, "' is not ", Name(spec.datatype), ".");
    }
    ASSIGN_OR_RETURN(const Shape shape, ReadShape(*found, spec));
    const auto position = static_cast<int>(found - response->outputs().begin());
    const auto read =
        raw ? absl::StatusOr<Tensor>(
                  Tensor{spec.datatype, shape, Bytes(response->raw_output_contents(position), response)})
            : ReadContents(spec.datatype, shape, found->contents());
    const absl::Status whole = read.ok() ? CheckTensor(*read, "It") : read.status();
    if (!whole.ok()) return Internal("The upstream's output '", spec.name, "' is broken: ", Message(whole));
    tensors.push_back(inference::Aligned(*read));
  }
  return tensors;
}

}  // namespace starling::inference_upstream
