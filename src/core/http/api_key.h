// API keys: made here, shown once, and kept as hashes only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::http {

// How a key is kept: "sha256:<salt>:<digest>", digest = SHA-256 of the salt's bytes and then the key, both in hexadecimal. The salt
// may be left out: "sha256:<digest>". A fast hash is enough because keys are 256 random bits: there is nothing to guess.
class ApiKeyHash {
 public:
  // INVALID_ARGUMENT if `text` does not look like that.
  static absl::StatusOr<ApiKeyHash> Parse(std::string_view text);
  // Takes as long for every key of one length.
  bool Matches(std::string_view key) const;

 private:
  std::string salt_;
  std::array<uint8_t, 32> digest_{};
};

struct NewApiKey {
  std::string key;   // for whoever uses it: "starling_..."
  std::string hash;  // for the configuration
};
NewApiKey MakeApiKey();

}  // namespace starling::http
