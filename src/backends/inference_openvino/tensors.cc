#include "backends/inference_openvino/tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace starling::inference_openvino {

using inference::DataType;

namespace {

// In the order of DataType.
const std::array<ov::element::Type, 14>& Types() {
  static const std::array<ov::element::Type, 14> types = {
      ov::element::boolean, ov::element::u8,  ov::element::u16,  ov::element::u32,    ov::element::u64,
      ov::element::i8,      ov::element::i16, ov::element::i32,  ov::element::i64,    ov::element::f16,
      ov::element::f32,     ov::element::f64, ov::element::bf16, ov::element::string,
  };
  return types;
}

}  // namespace

absl::StatusOr<DataType> FromOpenVino(const ov::element::Type& type) {
  for (size_t i = 0; i < Types().size(); ++i) {
    if (Types()[i] == type) return static_cast<DataType>(i);
  }
  return Unimplemented("Tensors of type ", type.get_type_name(), " are not supported.");
}

ov::element::Type ToOpenVino(DataType type) { return Types()[static_cast<size_t>(type)]; }

absl::StatusOr<inference::TensorSpec> Describe(const ov::Output<const ov::Node>& port) {
  inference::TensorSpec spec;
  spec.name = port.get_any_name();
  ASSIGN_OR_RETURN(spec.datatype, FromOpenVino(port.get_element_type()));
  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_dynamic())
    return Unimplemented("Tensor '", spec.name, "' has no fixed number of dimensions.");
  for (const ov::Dimension& size : shape) spec.shape.push_back(size.is_dynamic() ? -1 : size.get_length());
  return spec;
}

ov::Tensor Wrap(const inference::Tensor& tensor) {
  const ov::Shape shape(tensor.shape.begin(), tensor.shape.end());
  if (tensor.datatype == DataType::kBytes) {
    ov::Tensor strings(ov::element::string, shape);
    // Checked when the request was: they are as many as the shape says.
    const auto values = inference::ReadByteStrings(tensor);
    if (values.ok()) std::copy(values->begin(), values->end(), strings.data<std::string>());
    return strings;
  }
  return ov::Tensor(ToOpenVino(tensor.datatype), shape, const_cast<char*>(tensor.data.data()));
}

absl::StatusOr<inference::Tensor> Copy(const ov::Tensor& tensor) {
  ASSIGN_OR_RETURN(const DataType type, FromOpenVino(tensor.get_element_type()));
  const ov::Shape& shape = tensor.get_shape();
  if (type == DataType::kBytes) {
    const auto* values = tensor.data<const std::string>();
    const std::vector<std::string_view> views(values, values + tensor.get_size());
    return inference::MakeBytesTensor(inference::Shape(shape.begin(), shape.end()), views);
  }
  inference::TensorBuffer buffer(type, inference::Shape(shape.begin(), shape.end()));
  if (buffer.size_bytes() > 0) std::memcpy(buffer.bytes(), tensor.data(), buffer.size_bytes());
  return std::move(buffer).Freeze();
}

}  // namespace starling::inference_openvino
