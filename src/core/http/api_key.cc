#include "core/http/api_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <optional>

#include "base/status.h"

namespace starling::http {
namespace {

using Digest = std::array<uint8_t, 32>;

constexpr size_t kKeyBytes = 32;
constexpr size_t kSaltBytes = 16;

Digest DigestOf(std::string_view salt, std::string_view key) {
  std::string text(salt);
  text.append(key);
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = Digit(hex[i]), low = Digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  // Without randomness a key would be no secret.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) std::abort();
  return bytes;
}

}  // namespace

absl::StatusOr<ApiKeyHash> ApiKeyHash::Parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  std::optional<std::string> salt, digest;
  if (text.substr(0, kPrefix.size()) == kPrefix) {
    const std::string_view rest = text.substr(kPrefix.size());
    const size_t colon = rest.find(':');
    salt = FromHex(colon == std::string_view::npos ? "" : rest.substr(0, colon));
    digest = FromHex(colon == std::string_view::npos ? rest : rest.substr(colon + 1));
  }
  ApiKeyHash hash;
  if (!salt.has_value() || !digest.has_value() || digest->size() != hash.digest_.size()) {
    return InvalidArgument("The hash of an API key must look like sha256:<salt>:<64 hexadecimal digits>.");
  }
  hash.salt_ = *std::move(salt);
  for (size_t i = 0; i < digest->size(); ++i) hash.digest_[i] = static_cast<uint8_t>((*digest)[i]);
  return hash;
}

bool ApiKeyHash::Matches(std::string_view key) const {
  const Digest digest = DigestOf(salt_, key);
  return CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

NewApiKey MakeApiKey() {
  NewApiKey made;
  made.key = StrCat("starling_", Hex(RandomBytes(kKeyBytes)));
  const std::string salt = RandomBytes(kSaltBytes);
  const Digest digest = DigestOf(salt, made.key);
  made.hash =
      StrCat("sha256:", Hex(salt), ":", Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  return made;
}

}  // namespace starling::http
