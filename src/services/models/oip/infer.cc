#include "services/models/oip/infer.h"

#include <algorithm>
#include <unordered_set>

#include "base/status.h"

namespace starling::models::oip {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 62;

const char* TypeName(const Parameter& value) {
  constexpr const char* kNames[] = {"a boolean", "an integer", "an integer", "a number", "a string"};
  return kNames[value.index()];
}

absl::Status WrongType(std::string_view name, const char* wanted, const Parameter& value) {
  return InvalidArgument("Parameter '", name, "' must be ", wanted, ", not ", TypeName(value), ".");
}

}  // namespace

bool Parameters::Add(std::string_view name, Parameter value) {
  if (Find(name) != nullptr) return false;
  entries_.emplace_back(std::string(name), std::move(value));
  return true;
}

void Parameters::Set(std::string_view name, Parameter value) {
  for (Entry& entry : entries_) {
    if (entry.first == name) {
      entry.second = std::move(value);
      return;
    }
  }
  entries_.emplace_back(std::string(name), std::move(value));
}

const Parameter* Parameters::Find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first == name; });
  return found != entries_.end() ? &found->second : nullptr;
}

absl::StatusOr<std::optional<bool>> Parameters::Bool(std::string_view name) const {
  const Parameter* value = Find(name);
  if (value == nullptr) return std::optional<bool>();
  if (const auto* flag = std::get_if<bool>(value)) return std::optional<bool>(*flag);
  return WrongType(name, "a boolean", *value);
}

absl::StatusOr<std::optional<std::string>> Parameters::Text(std::string_view name) const {
  const Parameter* value = Find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (const auto* text = std::get_if<std::string>(value)) return std::optional<std::string>(*text);
  return WrongType(name, "a string", *value);
}

absl::StatusOr<std::optional<uint64_t>> Parameters::Count(std::string_view name) const {
  const Parameter* value = Find(name);
  if (value == nullptr) return std::optional<uint64_t>();
  if (const auto* number = std::get_if<uint64_t>(value)) return std::optional<uint64_t>(*number);
  if (const auto* number = std::get_if<int64_t>(value)) {
    if (*number < 0) return InvalidArgument("Parameter '", name, "' must not be negative.");
    return std::optional<uint64_t>(static_cast<uint64_t>(*number));
  }
  return WrongType(name, "an integer", *value);
}

absl::StatusOr<uint64_t> TensorBytes(inference::DataType datatype, const inference::Shape& shape,
                                     std::string_view what) {
  if (shape.size() > kMaxDimensions) {
    return InvalidArgument(what, " has ", shape.size(), " dimensions; there may be ", kMaxDimensions, ".");
  }
  // An element of BYTES takes its length at least.
  uint64_t bytes =
      datatype == inference::DataType::kBytes ? sizeof(uint32_t) : inference::BytesPerElement(datatype);
  bool nothing = false;
  for (const int64_t size : shape) {
    if (size < 0) {
      return InvalidArgument(what, " has the shape ", inference::ToString(shape),
                             ": a dimension must not be negative.");
    }
    nothing = nothing || size == 0;
  }
  if (nothing) return 0;
  for (const int64_t size : shape) {
    if (static_cast<uint64_t>(size) > kMostBytes / bytes) {
      return InvalidArgument(what, " has the shape ", inference::ToString(shape),
                             ", which no memory can hold.");
    }
    bytes *= static_cast<uint64_t>(size);
  }
  return bytes;
}

absl::StatusOr<inference::Tensor> TensorOf(const InferInput& input) {
  ASSIGN_OR_RETURN(const uint64_t bytes,
                   TensorBytes(input.datatype, input.shape, StrCat("Input '", input.name, "'")));
  inference::Tensor tensor{input.datatype, input.shape, input.data};
  if (input.datatype == inference::DataType::kBytes) {
    const absl::Status read = inference::ReadByteStrings(tensor).status();
    if (!read.ok()) return InvalidArgument("Input '", input.name, "': ", Message(read));
    return tensor;
  }
  if (bytes != input.data.size()) {
    return InvalidArgument("Input '", input.name, "' has ", input.data.size(), " bytes; ",
                           inference::Name(input.datatype), " of shape ", inference::ToString(input.shape),
                           " takes ", bytes, ".");
  }
  const size_t alignment = inference::BytesPerElement(input.datatype);
  if (reinterpret_cast<uintptr_t>(input.data.data()) % alignment != 0)
    tensor.data = Bytes::Copy(input.data.view());
  return tensor;
}

template <typename Named>
absl::Status CheckNames(const std::vector<Named>& named, std::string_view what) {
  std::unordered_set<std::string_view> seen;
  for (const Named& one : named) {
    if (one.name.empty()) return InvalidArgument("An ", what, " has no name.");
    if (!seen.insert(one.name).second) return InvalidArgument("There are two ", what, "s '", one.name, "'.");
  }
  return absl::OkStatus();
}
template absl::Status CheckNames(const std::vector<InferInput>&, std::string_view);
template absl::Status CheckNames(const std::vector<InferRequestedOutput>&, std::string_view);

}  // namespace starling::models::oip
