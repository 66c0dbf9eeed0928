#include "core/inference/text/token_trie.h"

#include <algorithm>
#include <numeric>

namespace starling::inference {
namespace {

constexpr uint32_t kBytes = 256;
constexpr double kFull = 0.95;

}  // namespace

TokenTrie::TokenTrie(const std::vector<std::string>& tokens) : units_(kBytes + 1) {
  std::vector<int32_t> order(tokens.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const int comparison = tokens[a].compare(tokens[b]);
    return comparison != 0 ? comparison < 0 : a < b;
  });
  units_[kRoot].parent = kRoot;
  AddChildren(kRoot, tokens, order, 0, order.size(), 0);
}

TokenTrie::Node TokenTrie::Find(std::string_view prefix) const {
  Node node = kRoot;
  for (const char byte : prefix) {
    node = Next(node, byte);
    if (node == kNone) break;
  }
  return node;
}

// Adds what lies below `node`, the common prefix of `depth` bytes of the tokens order[begin, end).
void TokenTrie::AddChildren(Node node, const std::vector<std::string>& tokens,
                            const std::vector<int32_t>& order, size_t begin, size_t end, size_t depth) {
  while (begin < end && tokens[order[begin]].size() == depth) {
    if (depth > 0 && units_[node].id < 0) units_[node].id = order[begin];
    ++begin;
  }
  if (begin == end) return;

  std::vector<unsigned char> bytes;
  std::vector<size_t> starts;
  for (size_t i = begin; i < end; ++i) {
    const auto byte = static_cast<unsigned char>(tokens[order[i]][depth]);
    if (bytes.empty() || bytes.back() != byte) {
      bytes.push_back(byte);
      starts.push_back(i);
    }
  }
  starts.push_back(end);
  const uint32_t base = FindBase(bytes);
  units_[node].base = base;
  for (const unsigned char byte : bytes) units_[base + byte].parent = node;
  for (size_t i = 0; i < bytes.size(); ++i) {
    AddChildren(base + bytes[i], tokens, order, starts[i], starts[i + 1], depth + 1);
  }
}

// A base at which all of `bytes` fall on free units. Every base leaves room for any byte after it, so that Next needs no bounds
// check. A stretch in which hardly a unit is free is not searched again: it would cost a search over all units for each node.
uint32_t TokenTrie::FindBase(const std::vector<unsigned char>& bytes) {
  const auto is_free = [&](uint32_t index) {
    return index >= units_.size() || units_[index].parent == kNone;
  };
  while (!is_free(search_from_)) ++search_from_;
  const uint32_t start = std::max<uint32_t>(search_from_, bytes.front() + 1);
  uint32_t taken = 0;
  uint32_t first = start;  // where the child by the first byte would lie
  for (;; ++first) {
    const uint32_t base = first - bytes.front();
    if (!is_free(first)) {
      ++taken;
    } else if (std::all_of(bytes.begin(), bytes.end(),
                           [&](unsigned char byte) { return is_free(base + byte); })) {
      break;
    }
  }
  if (taken >= (first - start) * kFull) search_from_ = first;
  const uint32_t base = first - bytes.front();
  if (units_.size() < base + kBytes) units_.resize(base + kBytes);
  return base;
}

}  // namespace starling::inference
