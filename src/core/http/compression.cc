#include "core/http/compression.h"

#include <string>
#include <utility>

#include "core/async/pool.h"
#include "core/http/gzip.h"

namespace starling::http {
namespace {

// zlib packs so much in less than the 200 microseconds that a loop may be kept.
constexpr size_t kOnLoopBytes = 8 * 1024;

bool IsText(std::string_view type) {
  type = type.substr(0, type.find(';'));
  return type.starts_with("text/") || type == "application/json" || type.ends_with("+json") ||
         type == "application/javascript" || type == "application/openmetrics-text";
}

}  // namespace

bool IsCompressible(const CompressionOptions& options, int status, const Headers& headers,
                    const Bytes& body) {
  return status == 200 && body.size() >= options.over_bytes &&
         IsText(headers.Get("content-type").value_or("")) && !headers.Get("content-encoding").has_value();
}

async::Task<void> Compress(const CompressionOptions& options, Headers* headers, Bytes* body) {
  const auto pack = [plain = *body] { return Gzip(plain.view()); };
  std::string packed;
  if (options.pool == nullptr || body->size() <= kOnLoopBytes) {
    packed = pack();
  } else {
    auto done = co_await options.pool->Run(pack);
    if (!done.ok()) co_return;
    packed = *std::move(done);
  }
  if (packed.size() >= body->size()) co_return;
  *body = Bytes(std::move(packed));
  headers->Add("content-encoding", "gzip");
}

}  // namespace starling::http
