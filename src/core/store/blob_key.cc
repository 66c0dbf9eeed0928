#include <cstddef>

#include "base/status.h"
#include "base/utf8.h"
#include "core/store/blobs.h"

namespace starling::store {
namespace {

constexpr size_t kMaxKeyBytes = 1024;
constexpr size_t kMaxPartBytes = 255;

}  // namespace

absl::Status CheckBlobKey(std::string_view key) {
  if (key.empty()) return InvalidArgument("The path is empty.");
  if (key.size() > kMaxKeyBytes) return InvalidArgument("The path is longer than ", kMaxKeyBytes, " bytes.");
  if (key.front() == '/') return InvalidArgument("The path must not be absolute.");
  if (!IsValidUtf8(key)) return InvalidArgument("The path must be UTF-8.");
  for (const char c : key) {
    if (c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return InvalidArgument("The path must not contain backslashes or control characters.");
  }
  while (true) {
    const std::string_view part = key.substr(0, key.find('/'));
    if (part.empty() || part == "." || part == "..")
      return InvalidArgument("The path must not have empty parts, '.' or '..'.");
    if (part.size() > kMaxPartBytes)
      return InvalidArgument("A part of the path is longer than ", kMaxPartBytes, " bytes.");
    if (part.size() == key.size()) return absl::OkStatus();
    key.remove_prefix(part.size() + 1);
  }
}

}  // namespace starling::store
