#include "core/grpc/frame.h"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <utility>

#include "base/status.h"

namespace starling::grpc {
namespace {

size_t LengthAt(std::string_view header) {
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(header[i])); };
  return byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4);
}

void PutHeader(bool compressed, size_t size, char* out) {
  out[0] = compressed ? 1 : 0;
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(size >> (24 - 8 * i));
}

// No more than this is set aside on the word of a length that a peer sent.
constexpr size_t kTrustedReserve = 1 << 20;

}  // namespace

void FrameReader::Feed(Bytes piece) {
  if (partial_.empty() && current_.empty()) {
    current_ = std::move(piece);
    return;
  }
  if (!current_.empty()) partial_.append(std::exchange(current_, Bytes()).view());
  partial_.append(piece.view());
}

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  const std::string_view view = partial_.empty() ? current_.view() : std::string_view(partial_);
  if (view.size() < kFrameHeader) return std::nullopt;
  const auto flags = static_cast<unsigned char>(view[0]);
  if (flags > 1) return Internal("A gRPC message has the unknown flags ", static_cast<int>(flags), ".");
  const size_t size = LengthAt(view);
  if (size > max_message_bytes_) {
    return ResourceExhausted("A message of ", size, " bytes is larger than the limit of ", max_message_bytes_,
                             ".");
  }
  if (view.size() < kFrameHeader + size) {
    if (partial_.empty()) {
      partial_.reserve(std::min(kFrameHeader + size, std::max(kTrustedReserve, view.size())));
      partial_.append(view);
      current_ = Bytes();
    }
    return std::nullopt;
  }
  if (!partial_.empty()) current_ = Bytes(std::exchange(partial_, {}));
  Frame frame{flags == 1, current_.Slice(kFrameHeader, size)};
  current_ = current_.Slice(kFrameHeader + size);
  return frame;
}

Bytes MakeFrame(bool compressed, std::string_view message) {
  std::string out(kFrameHeader + message.size(), '\0');
  PutHeader(compressed, message.size(), out.data());
  std::copy(message.begin(), message.end(), out.begin() + kFrameHeader);
  return Bytes(std::move(out));
}

absl::StatusOr<Bytes> EncodeFrame(const rpc::Payload& payload) {
  if (!payload.has_message()) return MakeFrame(false, payload.bytes().view());
  const size_t size = payload.message().ByteSizeLong();
  if (size > INT_MAX) return ResourceExhausted("A message is larger than 2 GiB.");
  std::string out(kFrameHeader + size, '\0');
  PutHeader(false, size, out.data());
  payload.message().SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data()) + kFrameHeader);
  return Bytes(std::move(out));
}

}  // namespace starling::grpc
