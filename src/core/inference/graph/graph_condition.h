// The small language of a graph: `step.tensor | other.tensor`, and `step.tensor[2] >= 0.5`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/graph/graph_definition.h"
#include "core/inference/tensor.h"

namespace starling::inference {

// Which step or "request" a name means; kRequest for the request, nullopt for none.
using FindGraphStep = std::function<std::optional<size_t>(std::string_view)>;

// INVALID_ARGUMENT with a sentence for what is none, or names a step that is not found.
absl::StatusOr<GraphSource> ParseSource(std::string_view text, const FindGraphStep& find);
absl::StatusOr<GraphCondition> ParseCondition(std::string_view text, const FindGraphStep& find);

// INVALID_ARGUMENT with a sentence if tensors of the type can't be compared so.
absl::Status CheckComparable(const GraphCondition& condition, DataType type);

// Whether it holds for the tensor: the one element of each row counts. INVALID_ARGUMENT if rows differ, if there is no such element or if
// the type cannot be compared so.
absl::StatusOr<bool> Holds(const GraphCondition& condition, const Tensor& tensor, bool has_batch);

// One element as a number. Of every type but BYTES.
double NumberAt(const Tensor& tensor, size_t index);
// A tensor full of `value`. INVALID_ARGUMENT if the type can't hold it.
absl::StatusOr<Tensor> FilledTensor(DataType datatype, const Shape& shape, const std::string& value);

}  // namespace starling::inference
