// The first byte says how the rest is cut into pieces.
#include <algorithm>
#include <string>

#include "base/strings.h"
#include "core/http/h1/h1_parser.h"
#include "fuzz.h"

namespace {

using starling::StrAppend;
using starling::http::Http1Options;
using starling::http::Http1Parser;

// All that was understood of a connection's input, in one text.
std::string Understood(const Http1Options& options, std::string_view bytes, size_t piece) {
  Http1Parser parser(options);
  std::string all;
  size_t at = 0;
  while (at < bytes.size() && parser.error_status() == 0) {
    std::string_view next = bytes.substr(at, std::min(piece, bytes.size() - at));
    at += next.size();
    while (!next.empty() && parser.error_status() == 0) {
      const size_t used = parser.Parse(next);
      starling::fuzz::Require(used <= next.size(), "no more is used than was given");
      next.remove_prefix(used);
      if (!parser.message_done()) {
        starling::fuzz::Require(used > 0 || parser.error_status() != 0, "parsing goes on");
        continue;
      }
      const auto& request = parser.request;
      StrAppend(&all, request.method, " ", request.path, "?", request.query, " ", request.authority, " ",
                parser.keep_alive(), parser.expects_continue(), "\n");
      for (const auto& [name, value] : request.headers) StrAppend(&all, name, ":", value, "\n");
      StrAppend(&all, parser.body, "\n");
      const bool keep_alive = parser.keep_alive();
      parser.Next();
      if (!keep_alive) return all;
    }
  }
  if (parser.error_status() != 0) StrAppend(&all, "refused ", parser.error_status());
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  Http1Options options;
  options.max_target_bytes = 64;
  options.max_header_bytes = 256;
  options.max_header_count = 8;
  options.max_body_bytes = 128;
  const size_t piece = data[0] % 16 + size_t{1};
  const std::string_view bytes = starling::fuzz::Text(data + 1, size - 1);
  starling::fuzz::Require(Understood(options, bytes, bytes.size()) == Understood(options, bytes, piece),
                          "pieces mean what the whole means");
  return 0;
}
