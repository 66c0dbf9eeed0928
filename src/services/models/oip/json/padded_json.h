// JSON text with the room behind it that simdjson reads into.
#pragma once

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <string_view>

namespace starling::models::oip {

// A copy of a text: one pass over memory, next to nothing beside the parsing. Keeps its buffer for the next text on this thread, unless
// it has grown large.
class PaddedJson {
 public:
  explicit PaddedJson(std::string_view text) : size_(text.size()) {
    Buffer& buffer = Kept();
    if (buffer.capacity < text.size() || buffer.bytes == nullptr) {
      buffer.capacity = text.size();
      buffer.bytes.reset(new char[text.size() + simdjson::SIMDJSON_PADDING]);
    }
    bytes_ = buffer.bytes.get();
    if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
    std::memset(bytes_ + text.size(), 0, simdjson::SIMDJSON_PADDING);
  }
  ~PaddedJson() {
    if (Kept().capacity > kKeptBytes) Kept() = Buffer();
  }
  PaddedJson(const PaddedJson&) = delete;

  simdjson::padded_string_view view() const {
    return simdjson::padded_string_view(bytes_, size_, size_ + simdjson::SIMDJSON_PADDING);
  }
  // A part of view(), which has the rest behind it.
  simdjson::padded_string_view Part(std::string_view part) const {
    const auto room = static_cast<size_t>(bytes_ + size_ + simdjson::SIMDJSON_PADDING - part.data());
    return simdjson::padded_string_view(part.data(), part.size(), room);
  }

 private:
  static constexpr size_t kKeptBytes = 1 << 20;
  struct Buffer {
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0;
  };
  // One text at a time per thread.
  static Buffer& Kept() {
    thread_local Buffer buffer;
    return buffer;
  }

  char* bytes_;
  size_t size_;
};

}  // namespace starling::models::oip
