#include "core/inference/batching/rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

bool Matches(const Shape& row, const Shape& specified) {
  if (row.size() + 1 != specified.size()) return false;
  for (size_t i = 0; i < row.size(); ++i) {
    if (specified[i + 1] >= 0 && specified[i + 1] != row[i]) return false;
  }
  return true;
}

// The shape that the rows' tensors number `input` share, with a free first size set to `length`.
absl::StatusOr<Shape> PaddedShape(const TensorSpec& spec, std::span<const Row* const> rows, size_t input,
                                  size_t length) {
  Shape shape = (*rows[0])[input].shape;
  if (shape.empty()) return shape;
  if (spec.shape[1] < 0) shape[0] = static_cast<int64_t>(length);
  for (const Row* row : rows) {
    const Shape& other = (*row)[input].shape;
    if (!std::equal(shape.begin() + 1, shape.end(), other.begin() + 1, other.end())) {
      return InvalidArgument("Input '", spec.name, "': shapes ", ToString(shape), " and ", ToString(other),
                             " cannot be in one batch.");
    }
  }
  return shape;
}

// Rows of kBytes as one tensor; empty elements fill the shorter ones.
Tensor StackByteStrings(std::span<const Row* const> rows, size_t input, Shape shape) {
  const size_t per_row = static_cast<size_t>(ElementCount(shape)) / rows.size();
  std::string data;
  for (const Row* row : rows) {
    const Tensor& tensor = (*row)[input];
    data.append(tensor.data.view());
    data.append((per_row - static_cast<size_t>(ElementCount(tensor.shape))) * sizeof(uint32_t), '\0');
  }
  return {DataType::kBytes, std::move(shape), Bytes(std::move(data))};
}

// Where each row of an output begins, and the end of the last.
absl::StatusOr<std::vector<size_t>> RowOffsets(const Tensor& output, size_t count) {
  std::vector<size_t> offsets(count + 1, 0);
  if (output.datatype != DataType::kBytes) {
    const size_t stride = count == 0 ? 0 : output.data.size() / count;
    for (size_t i = 0; i <= count; ++i) offsets[i] = i * stride;
    return offsets;
  }
  ASSIGN_OR_RETURN(const auto values, ReadByteStrings(output));
  const size_t per_row = count == 0 ? 0 : values.size() / count;
  for (size_t i = 0; i < count; ++i) {
    offsets[i + 1] = offsets[i];
    for (size_t j = i * per_row; j < (i + 1) * per_row; ++j)
      offsets[i + 1] += sizeof(uint32_t) + values[j].size();
  }
  return offsets;
}

}  // namespace

absl::Status CheckRow(std::span<const TensorSpec> inputs, const Row& row) {
  if (row.size() != inputs.size()) {
    return InvalidArgument("The model has ", inputs.size(), " inputs, the request ", row.size(), ".");
  }
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].datatype != inputs[i].datatype) {
      return InvalidArgument("Input '", inputs[i].name, "' must be ", Name(inputs[i].datatype), ", not ",
                             Name(row[i].datatype), ".");
    }
    if (!Matches(row[i].shape, inputs[i].shape)) {
      return InvalidArgument("Input '", inputs[i].name, "' must have the shape ", ToString(inputs[i].shape),
                             "; one row of the request has ", ToString(row[i].shape), ".");
    }
    RETURN_IF_ERROR(CheckTensor(row[i], StrCat("Input '", inputs[i].name, "'")));
  }
  return absl::OkStatus();
}

size_t RowLength(const Row& row) {
  int64_t length = 1;
  for (const Tensor& tensor : row) {
    if (!tensor.shape.empty()) length = std::max(length, tensor.shape[0]);
  }
  return static_cast<size_t>(length);
}

bool SameShapes(const Row& a, const Row& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor& x, const Tensor& y) { return x.shape == y.shape; });
}

absl::StatusOr<std::vector<Tensor>> StackRows(std::span<const TensorSpec> inputs,
                                              std::span<const Row* const> rows, size_t length) {
  std::vector<Tensor> stacked;
  stacked.reserve(inputs.size());
  for (size_t input = 0; input < inputs.size(); ++input) {
    ASSIGN_OR_RETURN(Shape shape, PaddedShape(inputs[input], rows, input, length));
    shape.insert(shape.begin(), static_cast<int64_t>(rows.size()));
    if (inputs[input].datatype == DataType::kBytes) {
      stacked.push_back(StackByteStrings(rows, input, std::move(shape)));
      continue;
    }
    TensorBuffer buffer(inputs[input].datatype, std::move(shape));
    const size_t stride = buffer.size_bytes() / rows.size();
    char* target = buffer.bytes();
    for (const Row* row : rows) {
      const Bytes& data = (*row)[input].data;
      if (!data.empty()) std::memcpy(target, data.data(), data.size());
      target += stride;
    }
    stacked.push_back(std::move(buffer).Freeze());
  }
  return stacked;
}

absl::Status CutRows(const Tensor& tensor, std::vector<Row>* rows) {
  ASSIGN_OR_RETURN(const std::vector<size_t> offsets, RowOffsets(tensor, rows->size()));
  const Shape shape(tensor.shape.begin() + 1, tensor.shape.end());
  for (size_t i = 0; i < rows->size(); ++i) {
    (*rows)[i].push_back(
        {tensor.datatype, shape, tensor.data.Slice(offsets[i], offsets[i + 1] - offsets[i])});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Row>> UnstackRows(std::span<const Tensor> outputs, size_t count) {
  std::vector<Row> rows(count);
  for (const Tensor& output : outputs) {
    if (output.shape.empty() || output.shape[0] != static_cast<int64_t>(count)) {
      return Internal("A run of ", count, " rows gave an output of shape ", ToString(output.shape), ".");
    }
    RETURN_IF_ERROR(CutRows(output, &rows));
  }
  return rows;
}

}  // namespace starling::inference
