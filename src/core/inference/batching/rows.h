// Rows and batches: single samples are stacked into the tensors of one run, and its outputs are cut apart again.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"
#include "core/inference/tensor.h"

namespace starling::inference {

// One sample: the tensors of a model's inputs (or outputs), in the model's order, without the batch dimension.
using Row = std::vector<Tensor>;

// OK if `row` can be an input of a model with these inputs: as many tensors, same types, matching shapes. Otherwise
// INVALID_ARGUMENT that names the input.
absl::Status CheckRow(std::span<const TensorSpec> inputs, const Row& row);

// The largest first size of the row's tensors: what padding is counted in. At least 1.
size_t RowLength(const Row& row);

// Whether two rows of one model stack as they are, without padding.
bool SameShapes(const Row& a, const Row& b);

// Stacks checked rows: each tensor becomes [rows.size(), ...]. A free first size becomes `length` if the input leaves it
// free and any row has one that is smaller; shorter rows are filled with zeros at their end. `length` is at least the
// RowLength of every row. Rows that differ in a free size after the first are INVALID_ARGUMENT.
absl::StatusOr<std::vector<Tensor>> StackRows(std::span<const TensorSpec> inputs,
                                              std::span<const Row* const> rows, size_t length);

// Gives each of `rows` its part of a tensor whose first size is their number; parts share its elements. INVALID_ARGUMENT if
// its bytes are not what its shape says.
absl::Status CutRows(const Tensor& tensor, std::vector<Row>* rows);

// Cuts the outputs of a run of `count` rows apart; the parts share the outputs' elements. INTERNAL if an output does not
// have `count` as its first size.
absl::StatusOr<std::vector<Row>> UnstackRows(std::span<const Tensor> outputs, size_t count);

}  // namespace starling::inference
