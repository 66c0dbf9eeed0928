#include "core/inference/batching/batch_tensors.h"

#include <cstring>
#include <string>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

bool Matches(const Shape& shape, const Shape& specified) {
  if (shape.size() != specified.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (specified[i] >= 0 && specified[i] != shape[i]) return false;
  }
  return true;
}

absl::StatusOr<Tensor> JoinOne(std::span<const Row> rows, size_t position) {
  const Tensor& first = rows.front()[position];
  Shape shape = first.shape;
  shape.insert(shape.begin(), static_cast<int64_t>(rows.size()));
  if (rows.size() == 1) return Tensor{first.datatype, std::move(shape), first.data};
  size_t size = 0;
  for (const Row& row : rows) {
    if (row[position].shape != first.shape) {
      return Internal("Rows of one request have outputs of shapes ", ToString(first.shape), " and ",
                      ToString(row[position].shape), ", which are no tensor together.");
    }
    size += row[position].data.size();
  }
  std::shared_ptr<char[]> joined(new char[size]);
  size_t offset = 0;
  for (const Row& row : rows) {
    const Bytes& data = row[position].data;
    if (!data.empty()) std::memcpy(joined.get() + offset, data.data(), data.size());
    offset += data.size();
  }
  const std::string_view view(joined.get(), size);
  return Tensor{first.datatype, std::move(shape), Bytes(view, std::move(joined))};
}

}  // namespace

absl::Status CheckInputs(std::span<const TensorSpec> inputs, std::span<const Tensor> tensors) {
  if (tensors.size() != inputs.size()) {
    return InvalidArgument("The model has ", inputs.size(), " inputs, the request ", tensors.size(), ".");
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string what = StrCat("Input '", inputs[i].name, "'");
    if (tensors[i].datatype != inputs[i].datatype) {
      return InvalidArgument(what, " must be ", Name(inputs[i].datatype), ", not ", Name(tensors[i].datatype),
                             ".");
    }
    if (!Matches(tensors[i].shape, inputs[i].shape)) {
      return InvalidArgument(what, " must have the shape ", ToString(inputs[i].shape), ", not ",
                             ToString(tensors[i].shape), ".");
    }
    RETURN_IF_ERROR(CheckTensor(tensors[i], what));
  }
  return absl::OkStatus();
}

Tensor Aligned(Tensor tensor) {
  const size_t size = BytesPerElement(tensor.datatype);
  if (size <= 1 || reinterpret_cast<uintptr_t>(tensor.data.data()) % size == 0) return tensor;
  tensor.data = Bytes::Copy(tensor.data.view());
  return tensor;
}

absl::StatusOr<std::vector<Row>> SplitBatch(std::span<const TensorSpec> inputs,
                                            std::span<const Tensor> tensors) {
  const int64_t batch = tensors.front().shape.front();
  if (batch == 0) return InvalidArgument("Input '", inputs.front().name, "' has no rows.");
  std::vector<Row> rows(static_cast<size_t>(batch));
  for (Row& row : rows) row.reserve(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    if (tensor.shape.front() != batch) {
      return InvalidArgument("The first size of all inputs must be the same: '", inputs.front().name,
                             "' has ", batch, ", '", inputs[i].name, "' ", tensor.shape.front(), ".");
    }
    RETURN_IF_ERROR(CutRows(tensor, &rows));
  }
  return rows;
}

absl::StatusOr<std::vector<Tensor>> JoinBatch(std::span<const Row> rows) {
  std::vector<Tensor> joined;
  joined.reserve(rows.front().size());
  for (size_t position = 0; position < rows.front().size(); ++position) {
    ASSIGN_OR_RETURN(Tensor tensor, JoinOne(rows, position));
    joined.push_back(std::move(tensor));
  }
  return joined;
}

}  // namespace starling::inference
