#include "core/http/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/status.h"

namespace starling::http {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib.h, deflateInit2: plus 16 for a gzip header

Bytef* In(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

std::string Gzip(std::string_view plain) {
  z_stream stream{};
  // Level 1: on a wire between machines time is worth more than the last tenth of size.
  deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = In(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

absl::StatusOr<std::string> Gunzip(std::string_view packed, size_t limit) {
  z_stream stream{};
  inflateInit2(&stream, kGzipWindow);
  stream.next_in = In(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int rv = Z_OK;
  while (rv == Z_OK && out.size() <= limit) {
    const size_t before = out.size();
    const size_t room = std::min(limit + 1 - before, std::max<size_t>(before, packed.size() * 3 + 64));
    if (room == 0) break;
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    rv = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + room - stream.avail_out);
  }
  const bool complete = rv == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (out.size() > limit)
    return ResourceExhausted("A message is larger than ", limit, " bytes when it is unpacked.");
  if (!complete) return Internal("A message is not valid gzip.");
  return out;
}

}  // namespace starling::http
