#include "app/pages/static_page.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "core/http/gzip.h"
#include "core/http/routing/error_body.h"
#include "core/http/routing/negotiation.h"

namespace starling::app {
namespace {

constexpr size_t kMaxUnpackedBytes = 64 << 20;

// FNV-1a: it tells versions of a page apart, and keeps no secret.
std::string HashOf(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

// Weak comparison (RFC 9110, section 13.1.2).
bool Knows(const http::Request& request, std::string_view etag) {
  const auto header = request.headers.Get("if-none-match");
  if (!header.has_value()) return false;
  for (absl::string_view one : absl::StrSplit(ToAbsl(*header), ',')) {
    one = absl::StripAsciiWhitespace(one);
    absl::ConsumePrefix(&one, "W/");
    if (one == ToAbsl(etag) || one == "*") return true;
  }
  return false;
}

}  // namespace

StaticPage::StaticPage(StaticContent content, async::Pool& pool)
    : content_(std::move(content)),
      pool_(pool),
      tag_(HashOf(content_.gzip.empty() ? content_.plain.view() : content_.gzip.view())) {}

async::Task<void> StaticPage::Handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const bool gzip = !content_.gzip.empty() &&
                    http::AcceptsCoding(request.headers.Get("accept-encoding").value_or(""), "gzip");
  const std::string etag = StrCat("\"", tag_, gzip ? "-gzip" : "", "\"");
  http::Headers headers = content_.headers;
  headers.Add("etag", etag);
  // Browsers keep it, and ask each time whether it still holds: one small exchange on loopback, and never an old page.
  headers.Add("cache-control", "no-cache");
  if (!content_.gzip.empty()) headers.Add("vary", "accept-encoding");
  if (Knows(request, etag)) {
    (void)co_await exchange.Respond(304, std::move(headers), Bytes());
    co_return;
  }
  headers.Add("content-type", content_.content_type);
  headers.Add("x-content-type-options", "nosniff");
  if (gzip) headers.Add("content-encoding", "gzip");
  Bytes body = gzip ? content_.gzip : content_.plain;
  if (body.empty()) {
    const auto unpack = [packed = content_.gzip] { return http::Gunzip(packed.view(), kMaxUnpackedBytes); };
    auto unpacked = co_await pool_.Run(unpack);
    absl::Status status = unpacked.ok() ? unpacked->status() : unpacked.status();
    if (!status.ok()) {
      auto error = http::ErrorResponseFor(status, request.headers.Get("x-request-id").value_or(""));
      (void)co_await exchange.Respond(error.status, std::move(error.headers), Bytes(std::move(error.body)));
      co_return;
    }
    body = Bytes(**std::move(unpacked));
  }
  (void)co_await exchange.Respond(200, std::move(headers), std::move(body));
}

async::Task<void> RedirectPage::Handle(http::Exchange& exchange) {
  http::Headers headers;
  headers.Add("location", path_);
  (void)co_await exchange.Respond(308, std::move(headers), Bytes());
}

}  // namespace starling::app
