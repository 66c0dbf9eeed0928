#include "core/grpc/status_codec.h"

#include <charconv>
#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "base/status.h"
#include "core/grpc/wire.h"

namespace starling::grpc {
namespace {

constexpr int kMaxCode = 16;
// Trailers are bounded by the peer's header list; a message past this would cost the whole status.
constexpr size_t kMaxMessage = 2048;
constexpr size_t kMaxDetails = 6144;

std::string Details(const absl::Status& status) {
  std::string out;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (url.substr(0, 9) == "starling/") return;
    std::string any;
    wire::AppendBytes(&any, 1, ToStd(url));
    wire::AppendBytes(&any, 2, std::string(value));
    wire::AppendBytes(&out, 3, any);
  });
  if (out.empty()) return out;
  std::string head;
  wire::AppendVarint(&head, 1, static_cast<uint64_t>(status.raw_code()));
  wire::AppendBytes(&head, 2, Message(status));
  return head + out;
}

void ReadDetails(std::string_view bytes, absl::Status* status) {
  wire::Reader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != 3) continue;
    std::string url, value;
    wire::Reader any(reader.bytes());
    while (any.Next()) {
      if (any.field() == 1) url = any.bytes();
      if (any.field() == 2) value = any.bytes();
    }
    if (!url.empty() && url.substr(0, 9) != "starling/") status->SetPayload(ToAbsl(url), absl::Cord(value));
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EncodeMessage(std::string_view message) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::string DecodeMessage(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size());
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%' && i + 2 < encoded.size() && HexDigit(encoded[i + 1]) >= 0 &&
        HexDigit(encoded[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(encoded[i + 1]) << 4 | HexDigit(encoded[i + 2])));
      i += 2;
    } else {
      out.push_back(encoded[i]);
    }
  }
  return out;
}

void AddStatus(const absl::Status& status, http::Headers* trailers) {
  trailers->Add("grpc-status", std::to_string(status.raw_code() > kMaxCode ? 2 : status.raw_code()));
  if (status.ok()) return;
  if (!status.message().empty())
    trailers->Add("grpc-message", EncodeMessage(Message(status).substr(0, kMaxMessage)));
  const std::string details = Details(status);
  if (details.empty() || details.size() > kMaxDetails) return;
  std::string encoded;
  absl::Base64Escape(ToAbsl(details), &encoded);
  while (!encoded.empty() && encoded.back() == '=') encoded.pop_back();
  trailers->Add("grpc-status-details-bin", std::move(encoded));
}

bool HasStatus(const http::Headers& trailers) { return trailers.Get("grpc-status").has_value(); }

absl::Status StatusFrom(const http::Headers& trailers) {
  const auto text = trailers.Get("grpc-status");
  if (!text.has_value()) return absl::UnknownError("The answer has no grpc-status.");
  int code = -1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), code);
  if (error != std::errc() || end != text->data() + text->size() || code < 0 || code > kMaxCode) {
    return absl::UnknownError("The answer has a grpc-status that is no code.");
  }
  if (code == 0) return absl::OkStatus();
  absl::Status status(static_cast<absl::StatusCode>(code),
                      ToAbsl(DecodeMessage(trailers.Get("grpc-message").value_or(""))));
  if (const auto details = trailers.Get("grpc-status-details-bin")) {
    std::string bytes;
    if (absl::Base64Unescape(ToAbsl(*details), &bytes)) ReadDetails(bytes, &status);
  }
  return status;
}

absl::Status StatusFromHttp(int http_status) {
  const std::string text = StrCat("The answer is not gRPC's: HTTP status ", http_status, ".");
  switch (http_status) {
    case 400:
      return Internal(text);
    case 401:
      return Unauthenticated(text);
    case 403:
      return PermissionDenied(text);
    case 404:
      return Unimplemented(text);
    case 429:
    case 502:
    case 503:
    case 504:
      return Unavailable(text);
    default:
      return absl::UnknownError(text);
  }
}

absl::Status StatusFromReset(uint32_t http2_code) {
  switch (http2_code) {
    case 7:  // REFUSED_STREAM
      return Unavailable("The peer refused the call.");
    case 8:  // CANCEL
      return Cancelled("The peer cancelled the call.");
    case 11:  // ENHANCE_YOUR_CALM
      return ResourceExhausted("The peer is overrun.");
    case 12:  // INADEQUATE_SECURITY
      return PermissionDenied("The peer wants better encryption.");
    default:
      return Internal("The peer reset the call with HTTP/2 error ", http2_code, ".");
  }
}

}  // namespace starling::grpc
