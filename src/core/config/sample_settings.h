// Settings of every type, for the tests of this part.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/schema.h"

namespace starling::config {

struct Tls {
  std::string certificate;
  std::string key;
};

struct Key {
  std::string name;
  Secret secret;
};

enum class Mode { kFast, kSafe };

struct Sample {
  bool enabled = true;
  int max_texts = 1000;
  uint16_t port = 8000;
  double ratio = 0.5;
  std::string name = "sample";
  std::chrono::milliseconds timeout{250};
  size_t limit = 4 << 20;
  Mode mode = Mode::kFast;
  Secret token;
  std::optional<int> optional;
  std::vector<std::string> origins = {"a"};
  std::map<std::string, std::string> labels;
  Tls tls;
  std::vector<Key> keys;
  std::map<std::string, Key> named;
};

void DeclareSample(Declaration<Sample>& d);

}  // namespace starling::config
