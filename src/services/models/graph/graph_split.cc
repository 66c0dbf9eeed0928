#include "services/models/graph/graph_split.h"

#include <vector>

#include "base/status.h"

namespace starling::models {

using inference::GraphBranch;
using inference::Tensor;

std::string SplitSalt(std::string_view graph, size_t split) { return StrCat(graph, "#", split); }

const GraphBranch& BranchAt(const inference::GraphNode& split, int slot) {
  size_t total = 0;
  for (const GraphBranch& branch : split.branches) total += branch.weight;
  const size_t wanted = static_cast<size_t>(slot) * total;
  size_t below = 0;
  for (const GraphBranch& branch : split.branches) {
    below += branch.weight;
    if (wanted < below * TrafficSplit::kSlots) return branch;
  }
  return split.branches.back();
}

absl::StatusOr<int> SlotOfTensor(std::string_view salt, const Tensor& tensor) {
  std::vector<std::string_view> keys;
  if (tensor.datatype == inference::DataType::kBytes) {
    ASSIGN_OR_RETURN(keys, ReadByteStrings(tensor));
  } else {
    const size_t size = inference::BytesPerElement(tensor.datatype);
    const std::string_view bytes = tensor.data.view();
    for (size_t at = 0; at + size <= bytes.size(); at += size) keys.push_back(bytes.substr(at, size));
  }
  if (keys.empty()) return InvalidArgument("The key of the split is empty.");
  for (const std::string_view key : keys) {
    if (key != keys[0])
      return InvalidArgument(
          "The rows have different keys, which may go different ways: send them one by one.");
  }
  return SlotOf(salt, keys[0]);
}

}  // namespace starling::models
