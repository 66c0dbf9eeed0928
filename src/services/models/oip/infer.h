// One inference as the Open Inference Protocol says it, whatever carries it: REST, gRPC or shared memory.
// Source: kserve/open-inference-protocol, inference_rest.md and inference_grpc.md, sections "Inference" and "Parameters".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"

namespace starling::models::oip {

using Parameter = std::variant<bool, int64_t, uint64_t, double, std::string>;

// In the order of appearance, each name once.
class Parameters {
 public:
  using Entry = std::pair<std::string, Parameter>;

  // False if there is one of this name already.
  bool Add(std::string_view name, Parameter value);
  void Set(std::string_view name, Parameter value);
  const Parameter* Find(std::string_view name) const;
  // nullopt if there is none of this name; INVALID_ARGUMENT with name and type if it is of another type.
  absl::StatusOr<std::optional<bool>> Bool(std::string_view name) const;
  absl::StatusOr<std::optional<std::string>> Text(std::string_view name) const;
  // Of at least 0.
  absl::StatusOr<std::optional<uint64_t>> Count(std::string_view name) const;

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

struct InferInput {
  std::string name;
  inference::DataType datatype = inference::DataType::kFp32;
  inference::Shape shape;
  Parameters parameters;
  Bytes data;  // empty while it lies in shared memory
};

struct InferRequestedOutput {
  std::string name;
  Parameters parameters;
};

struct InferRequest {
  std::string model_name;
  std::string model_version;  // empty: the server chooses
  std::string id;
  Parameters parameters;
  std::vector<InferInput> inputs;
  std::vector<InferRequestedOutput> outputs;  // empty: all
};

struct InferOutput {
  std::string name;
  Parameters parameters;
  inference::Tensor tensor;  // without data if that was written to shared memory
};

struct InferResponse {
  std::string model_name;
  std::string model_version;
  std::string id;
  Parameters parameters;
  std::vector<InferOutput> outputs;
};

// Says that the tensor lies in shared memory (extension_shared_memory.md).
inline constexpr std::string_view kSharedMemoryRegion = "shared_memory_region";

inline bool InSharedMemory(const Parameters& parameters) {
  return parameters.Find(kSharedMemoryRegion) != nullptr;
}

// More dimensions than any model has are a mistake or an attack.
inline constexpr size_t kMaxDimensions = 64;

// The bytes of a tensor, for kBytes the least that it takes. INVALID_ARGUMENT for too many or negative dimensions, and for more
// than 2^62 bytes. `what` names the tensor.
absl::StatusOr<uint64_t> TensorBytes(inference::DataType datatype, const inference::Shape& shape,
                                     std::string_view what);

// The tensor of an input whose bytes came in their binary form. Shares them; they are copied only if they are not aligned for their
// type. INVALID_ARGUMENT if they do not fill the shape.
absl::StatusOr<inference::Tensor> TensorOf(const InferInput& input);

// INVALID_ARGUMENT if two have one name, or one has none. `what`: "input".
template <typename Named>
absl::Status CheckNames(const std::vector<Named>& named, std::string_view what);
extern template absl::Status CheckNames(const std::vector<InferInput>&, std::string_view);
extern template absl::Status CheckNames(const std::vector<InferRequestedOutput>&, std::string_view);

}  // namespace starling::models::oip
