// Immutable bytes with shared ownership: what bulk data is passed around in, without copies.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace starling {

// A view of bytes plus whatever keeps them alive. Copying shares the owner; the bytes never change.
// Thread-safe to copy and to read from any thread.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    view_ = *owner;
    owner_ = std::move(owner);
  }
  // `owner` keeps what `view` points at alive.
  Bytes(std::string_view view, std::shared_ptr<const void> owner) : view_(view), owner_(std::move(owner)) {}
  static Bytes Copy(std::string_view view) { return Bytes(std::string(view)); }
  // For literals and other bytes that outlive every reader.
  static Bytes Static(std::string_view view) { return Bytes(view, nullptr); }

  std::string_view view() const { return view_; }
  const char* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  // Shares the owner. `offset` must be within the bytes.
  Bytes Slice(size_t offset, size_t size = std::string_view::npos) const {
    return Bytes(view_.substr(offset, size), owner_);
  }

 private:
  std::string_view view_;
  std::shared_ptr<const void> owner_;
};

}  // namespace starling
