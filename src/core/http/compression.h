// gzip of large answers for clients that ask for it. Internal to core/http.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "core/async/task.h"
#include "core/http/exchange.h"

namespace starling::async {
class Pool;
}

namespace starling::http {

struct CompressionOptions {
  // Whole answers from this size on, if they are text. Default: none.
  size_t over_bytes = SIZE_MAX;
  // Where large ones are packed, so that no loop waits for them; when its queue is full they go out as they are. Null: on
  // the loop.
  async::Pool* pool = nullptr;
};

// Whether what the client gets depends on its Accept-Encoding.
bool IsCompressible(const CompressionOptions& options, int status, const Headers& headers, const Bytes& body);

// Packs `body` and says so in `headers`, unless that makes it no smaller.
async::Task<void> Compress(const CompressionOptions& options, Headers* headers, Bytes* body);

}  // namespace starling::http
