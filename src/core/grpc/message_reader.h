// Messages out of a body: framing and decompression over whatever gives pieces.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "core/async/pool.h"
#include "core/async/task.h"
#include "core/grpc/frame.h"

namespace starling::grpc {

// Large messages are packed and unpacked on `pool`, if there is one: that takes longer than a loop may be kept.
async::Task<absl::StatusOr<Bytes>> Unpack(Frame frame, bool gzip, size_t limit, async::Pool* pool);
// `plain` is a frame; what comes back is one too. `plain` itself if packing does not make it smaller.
async::Task<Bytes> Pack(Bytes plain, async::Pool* pool);

// Reads one frame after the other. Owned by a call, on its loop.
class MessageReader {
 public:
  using ReadPiece = std::function<async::Task<absl::StatusOr<std::optional<Bytes>>>()>;
  MessageReader(ReadPiece read, size_t max_message_bytes, async::Pool* pool)
      : read_(std::move(read)),
        frames_(max_message_bytes),
        max_message_bytes_(max_message_bytes),
        pool_(pool) {}

  // Whether compressed messages are gzip (grpc-encoding: gzip) or not allowed (none, identity).
  void set_gzip(bool gzip) { gzip_ = gzip; }
  // The next message, nullopt at the end of the body.
  async::Task<absl::StatusOr<std::optional<Bytes>>> Next();

 private:
  ReadPiece read_;
  FrameReader frames_;
  const size_t max_message_bytes_;
  async::Pool* const pool_;
  bool gzip_ = false;
};

}  // namespace starling::grpc
