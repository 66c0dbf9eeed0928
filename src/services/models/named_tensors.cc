#include "services/models/named_tensors.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace starling::models {

using inference::Tensor;
using inference::TensorSpec;

namespace {

// "'a', 'b'"
std::string Names(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) StrAppend(&names, names.empty() ? "'" : ", '", spec.name, "'");
  return names;
}

absl::StatusOr<size_t> Position(const std::vector<TensorSpec>& specs, std::string_view name,
                                std::string_view kind) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [name](const TensorSpec& spec) { return spec.name == name; });
  if (found != specs.end()) return static_cast<size_t>(found - specs.begin());
  return InvalidArgument("The model has no ", kind, " '", name, "'; it has ", Names(specs), ".");
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> OrderInputs(
    const std::vector<TensorSpec>& specs, const google::protobuf::RepeatedPtrField<v1::Tensor>& tensors) {
  std::vector<Tensor> ordered(specs.size());
  std::vector<bool> given(specs.size(), false);
  for (const v1::Tensor& tensor : tensors) {
    ASSIGN_OR_RETURN(const size_t position, Position(specs, tensor.name(), "input"));
    if (given[position]) return InvalidArgument("Input '", tensor.name(), "' is there twice.");
    given[position] = true;
    ASSIGN_OR_RETURN(ordered[position].datatype, inference::ParseDataType(tensor.datatype()));
    ordered[position].shape.assign(tensor.shape().begin(), tensor.shape().end());
    ordered[position].data = Bytes::Copy(tensor.data());
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!given[i]) return InvalidArgument("Input '", specs[i].name, "' is missing.");
  }
  return ordered;
}

absl::StatusOr<std::vector<size_t>> ChooseOutputs(
    const std::vector<TensorSpec>& specs, const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<size_t> positions;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const size_t position, Position(specs, name, "output"));
    positions.push_back(position);
  }
  if (!names.empty()) return positions;
  for (size_t i = 0; i < specs.size(); ++i) positions.push_back(i);
  return positions;
}

v1::Tensor ToMessage(const std::string& name, const Tensor& tensor) {
  v1::Tensor message;
  message.set_name(name);
  message.set_datatype(std::string(inference::Name(tensor.datatype)));
  message.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
  message.set_data(tensor.data.data(), tensor.data.size());
  return message;
}

}  // namespace starling::models
