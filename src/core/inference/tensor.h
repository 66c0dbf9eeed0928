// Tensor: what a model takes and gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace starling::inference {

// The types of the Open Inference Protocol, version 2, section "Tensor Data Types", and BF16 of Triton's.
enum class DataType {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kFp32,
  kFp64,
  kBf16,
  kBytes,  // each element is any number of bytes
};

// 0 for kBytes, whose elements have no one size.
size_t BytesPerElement(DataType type);
// The protocol's name, for example "INT64".
std::string_view Name(DataType type);
// INVALID_ARGUMENT for any other name.
absl::StatusOr<DataType> ParseDataType(std::string_view name);

// Sizes by dimension, the slowest first. In a specification -1 stands for "any".
using Shape = absl::InlinedVector<int64_t, 4>;

// Product of the sizes; 1 for a scalar. All sizes must be at least 0.
int64_t ElementCount(const Shape& shape);
// "[2,-1,384]"
std::string ToString(const Shape& shape);

// A small value: copies share the elements, which never change. Elements lie in row-major order and the machine's byte
// order; data.size() == ElementCount(shape) * BytesPerElement(datatype). Elements of kBytes lie one after the other, each behind
// its length in four bytes, as in the protocol's binary form (ReadByteStrings). Any thread.
struct Tensor {
  DataType datatype = DataType::kFp32;
  Shape shape;
  Bytes data;

  // T must be the C++ type of `datatype`, and the data aligned for it, as everything made here is.
  template <typename T>
  std::span<const T> Values() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

// A tensor while its elements are written: one owner, one thread, then Freeze().
class TensorBuffer {
 public:
  // Elements start as zero. Not for kBytes: MakeBytesTensor().
  TensorBuffer(DataType datatype, Shape shape);

  char* bytes() { return elements_.get(); }
  size_t size_bytes() const { return size_bytes_; }
  template <typename T>
  std::span<T> Values() {
    return {reinterpret_cast<T*>(elements_.get()), size_bytes_ / sizeof(T)};
  }
  Tensor Freeze() &&;

 private:
  DataType datatype_;
  Shape shape_;
  size_t size_bytes_;
  std::shared_ptr<char[]> elements_;  // aligned as operator new does
};

// The elements of a tensor of kBytes: views into it. INVALID_ARGUMENT if `data` is not as many as `shape` says.
absl::StatusOr<std::vector<std::string_view>> ReadByteStrings(const Tensor& tensor);

// A tensor of kBytes with a copy of `values`, each less than 4 GiB.
Tensor MakeBytesTensor(Shape shape, std::span<const std::string_view> values);

// OK if the tensor is what it says: no negative size, and as many bytes as its type and shape need. Otherwise
// INVALID_ARGUMENT that calls it `what`, for example "Input 'x'". For what comes from outside.
absl::Status CheckTensor(const Tensor& tensor, std::string_view what);

// A tensor that holds a copy of `values`.
template <typename T>
Tensor MakeTensor(DataType datatype, Shape shape, std::span<const T> values) {
  TensorBuffer buffer(datatype, std::move(shape));
  const auto target = buffer.template Values<T>();
  std::copy(values.begin(), values.end(), target.begin());
  return std::move(buffer).Freeze();
}

}  // namespace starling::inference
