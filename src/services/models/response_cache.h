// ResponseCache: answers that were given before, by what was asked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/inference/tensor.h"

namespace starling::models {

// Finds by a hash of the inputs and compares all of them, so that no request gets another's answer. Past its bound it forgets
// what was asked for longest ago. Thread-safe.
class ResponseCache {
 public:
  using Tensors = std::vector<inference::Tensor>;

  // `max_bytes` of inputs and outputs together; 0: keeps nothing.
  explicit ResponseCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  bool enabled() const { return max_bytes_ > 0; }
  // `model` is the number of one loaded version: other files, other answers.
  std::optional<Tensors> Get(uint64_t model, const Tensors& inputs);
  void Put(uint64_t model, const Tensors& inputs, const Tensors& outputs);

  size_t bytes() const;
  uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    uint64_t model;
    size_t hash;
    Tensors inputs;
    Tensors outputs;
    size_t bytes;
  };
  using Entries = std::list<Entry>;
  Entries::iterator Find(uint64_t model, size_t hash, const Tensors& inputs);
  void Drop(Entries::iterator entry);

  const size_t max_bytes_;
  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> misses_{0};
  mutable std::mutex mutex_;
  size_t bytes_ = 0;
  Entries entries_;  // what was asked for last comes first
  std::unordered_multimap<size_t, Entries::iterator> by_hash_;
};

}  // namespace starling::models
