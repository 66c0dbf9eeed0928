#include "core/http/edge/api_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdlib>

#include "base/status.h"

namespace starling::http {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr size_t kKeyBytes = 32;

std::string Hex(const uint8_t* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < size; ++i) {
    hex.push_back(kDigits[bytes[i] >> 4]);
    hex.push_back(kDigits[bytes[i] & 15]);
  }
  return hex;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool FromHex(std::string_view hex, ApiKeyDigest* digest) {
  if (hex.size() != 2 * digest->size()) return false;
  for (size_t i = 0; i < digest->size(); ++i) {
    const int high = HexDigit(hex[2 * i]), low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    (*digest)[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

ApiKeyDigest DigestOf(std::string_view key) {
  ApiKeyDigest digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

absl::StatusOr<ApiKeyDigest> ParseApiKeyHash(std::string_view text) {
  ApiKeyDigest digest;
  if (text.substr(0, kPrefix.size()) != kPrefix || !FromHex(text.substr(kPrefix.size()), &digest)) {
    return InvalidArgument("The hash of an API key must look like sha256:<64 hexadecimal digits>.");
  }
  return digest;
}

bool SameDigest(const ApiKeyDigest& a, const ApiKeyDigest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

NewApiKey MakeApiKey() {
  std::array<uint8_t, kKeyBytes> secret;
  // Without randomness a key would be no secret.
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) std::abort();
  NewApiKey made;
  made.key = StrCat("starling_", Hex(secret.data(), secret.size()));
  const ApiKeyDigest digest = DigestOf(made.key);
  made.hash = StrCat(kPrefix, Hex(digest.data(), digest.size()));
  return made;
}

}  // namespace starling::http
