#include "services/models/response_cache.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace starling::models {
namespace {

using inference::Tensor;

size_t Hash(uint64_t model, const ResponseCache::Tensors& inputs) {
  size_t hash = absl::HashOf(model);
  for (const Tensor& input : inputs) {
    hash = absl::HashOf(hash, input.datatype, input.shape,
                        absl::string_view(input.data.data(), input.data.size()));
  }
  return hash;
}

bool Same(const ResponseCache::Tensors& a, const ResponseCache::Tensors& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.datatype == y.datatype && x.shape == y.shape && x.data.view() == y.data.view();
  });
}

// Its own copies: a tensor may be a small part of a large message that it would keep alive.
ResponseCache::Tensors Copy(ResponseCache::Tensors tensors, size_t* bytes) {
  for (Tensor& tensor : tensors) {
    tensor.data = Bytes::Copy(tensor.data.view());
    *bytes += tensor.data.size() + sizeof(Tensor);
  }
  return tensors;
}

}  // namespace

ResponseCache::Entries::iterator ResponseCache::Find(uint64_t model, size_t hash, const Tensors& inputs) {
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto found = begin; found != end; ++found) {
    if (found->second->model == model && Same(found->second->inputs, inputs)) return found->second;
  }
  return entries_.end();
}

std::optional<ResponseCache::Tensors> ResponseCache::Get(uint64_t model, const Tensors& inputs) {
  const size_t hash = Hash(model, inputs);
  std::lock_guard lock(mutex_);
  const auto entry = Find(model, hash, inputs);
  const bool is_known = entry != entries_.end();
  (is_known ? hits_ : misses_).fetch_add(1, std::memory_order_relaxed);
  if (!is_known) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->outputs;
}

void ResponseCache::Put(uint64_t model, const Tensors& inputs, const Tensors& outputs) {
  Entry made{model, Hash(model, inputs), {}, {}, sizeof(Entry)};
  made.inputs = Copy(inputs, &made.bytes);
  made.outputs = Copy(outputs, &made.bytes);
  if (made.bytes > max_bytes_) return;
  std::lock_guard lock(mutex_);
  if (Find(model, made.hash, inputs) != entries_.end()) return;
  while (bytes_ + made.bytes > max_bytes_) Drop(std::prev(entries_.end()));
  bytes_ += made.bytes;
  const size_t hash = made.hash;
  entries_.push_front(std::move(made));
  by_hash_.emplace(hash, entries_.begin());
}

void ResponseCache::Drop(Entries::iterator entry) {
  const auto [begin, end] = by_hash_.equal_range(entry->hash);
  by_hash_.erase(std::find_if(begin, end, [entry](const auto& one) { return one.second == entry; }));
  bytes_ -= entry->bytes;
  entries_.erase(entry);
}

size_t ResponseCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace starling::models
