#include "core/grpc/message_reader.h"

#include "base/status.h"
#include "core/http/gzip.h"

namespace starling::grpc {
namespace {
// Below this zlib takes less than the 200 microseconds that a loop may be kept.
constexpr size_t kSmall = 8 * 1024;
}  // namespace

async::Task<absl::StatusOr<Bytes>> Unpack(Frame frame, bool gzip, size_t limit, async::Pool* pool) {
  if (!frame.compressed) co_return std::move(frame.message);
  if (!gzip) co_return Internal("A message is compressed, but the call names no encoding.");
  absl::StatusOr<std::string> plain = std::string();
  if (pool == nullptr || frame.message.size() < kSmall / 8) {
    plain = http::Gunzip(frame.message.view(), limit);
  } else {
    auto work = [packed = std::move(frame.message), limit] { return http::Gunzip(packed.view(), limit); };
    auto done = co_await pool->Run(std::move(work));
    CO_RETURN_IF_ERROR(done.status());
    plain = *std::move(done);
  }
  CO_RETURN_IF_ERROR(plain.status());
  co_return Bytes(*std::move(plain));
}

async::Task<Bytes> Pack(Bytes plain, async::Pool* pool) {
  const auto work = [plain] { return http::Gzip(plain.view().substr(kFrameHeader)); };
  std::string packed;
  if (pool == nullptr || plain.size() < kSmall) {
    packed = work();
  } else {
    auto done = co_await pool->Run(work);
    if (!done.ok()) co_return plain;
    packed = *std::move(done);
  }
  if (packed.size() + kFrameHeader >= plain.size()) co_return plain;
  co_return MakeFrame(true, packed);
}

async::Task<absl::StatusOr<std::optional<Bytes>>> MessageReader::Next() {
  while (true) {
    auto frame = frames_.Next();
    CO_RETURN_IF_ERROR(frame.status());
    if (frame->has_value()) {
      if (!(**frame).compressed) co_return std::move((**frame).message);
      auto message = co_await Unpack(**std::move(frame), gzip_, max_message_bytes_, pool_);
      CO_RETURN_IF_ERROR(message.status());
      co_return *std::move(message);
    }
    auto piece = co_await read_();
    CO_RETURN_IF_ERROR(piece.status());
    if (!piece->has_value()) {
      if (!frames_.empty()) co_return Internal("The body ends within a message.");
      co_return std::nullopt;
    }
    frames_.Feed(**std::move(piece));
  }
}

}  // namespace starling::grpc
