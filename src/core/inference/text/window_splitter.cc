#include "core/inference/text/window_splitter.h"

namespace starling::inference {

WindowSplitter::WindowSplitter(const std::vector<std::string>& vocabulary) {
  kinds_.reserve(vocabulary.size());
  for (const std::string& token : vocabulary) {
    const bool end = token == "." || token == "!" || token == "?";
    const bool continuation = token.size() > 2 && token.starts_with("##");
    kinds_.push_back(end ? Kind::kSentenceEnd : continuation ? Kind::kContinuation : Kind::kWord);
  }
}

std::vector<std::span<const int64_t>> WindowSplitter::Split(std::span<const int64_t> ids,
                                                            size_t capacity) const {
  std::vector<std::span<const int64_t>> pieces;
  do {
    const size_t size = PieceSize(ids, capacity);
    pieces.push_back(ids.first(size));
    ids = ids.subspan(size);
  } while (!ids.empty());
  return pieces;
}

size_t WindowSplitter::PieceSize(std::span<const int64_t> ids, size_t capacity) const {
  if (ids.size() <= capacity) return ids.size();
  const size_t half = capacity / 2;
  for (size_t size = capacity; size > half; --size) {
    // "?!" and "..." stay together.
    if (KindOf(ids[size - 1]) == Kind::kSentenceEnd && KindOf(ids[size]) != Kind::kSentenceEnd) return size;
  }
  for (size_t size = capacity; size > half; --size) {
    if (KindOf(ids[size]) != Kind::kContinuation) return size;
  }
  return capacity;
}

}  // namespace starling::inference
