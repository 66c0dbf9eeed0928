// WindowSplitter: cuts the tokens of a long text into pieces that fit a model's window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace starling::inference {

// Immutable, any thread.
class WindowSplitter {
 public:
  // The position of a token is its id.
  explicit WindowSplitter(const std::vector<std::string>& vocabulary);

  // The consecutive pieces of `ids`, none longer than `capacity`, which is at least 1; one empty piece if there are no ids.
  // A piece ends after the last ".", "!" or "?" in its second half, so that a window holds whole sentences; where there is
  // none, before the last word that would not fit; and inside a word that is longer than half a window.
  std::vector<std::span<const int64_t>> Split(std::span<const int64_t> ids, size_t capacity) const;

 private:
  enum class Kind : uint8_t { kWord, kContinuation, kSentenceEnd };

  size_t PieceSize(std::span<const int64_t> ids, size_t capacity) const;
  Kind KindOf(int64_t id) const { return kinds_[static_cast<size_t>(id)]; }

  std::vector<Kind> kinds_;  // by id
};

}  // namespace starling::inference
