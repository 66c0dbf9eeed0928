// API keys: made here, shown once, and kept as hashes only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace starling::http {

// SHA-256 of a key. A fast hash without salt is enough, because keys are 256 random bits: there is nothing to guess and no
// table of guesses to make. So a key is found among any number by one hash, and a flood of wrong ones costs little.
using ApiKeyDigest = std::array<uint8_t, 32>;

ApiKeyDigest DigestOf(std::string_view key);

// How a key is kept: "sha256:<64 hexadecimal digits>". INVALID_ARGUMENT if `text` does not look like that.
absl::StatusOr<ApiKeyDigest> ParseApiKeyHash(std::string_view text);

// Takes as long for every pair.
bool SameDigest(const ApiKeyDigest& a, const ApiKeyDigest& b);

struct NewApiKey {
  std::string key;   // for whoever uses it: "starling_..."
  std::string hash;  // for the configuration
};
NewApiKey MakeApiKey();

}  // namespace starling::http
