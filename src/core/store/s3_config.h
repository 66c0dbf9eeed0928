// Settings of an S3-compatible store, for the sections of the services that keep blobs there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/config/declaration.h"
#include "core/config/secret.h"

namespace starling::store {

struct S3Config {
  std::string endpoint;
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;
  bool path_style = true;
  config::Secret access_key_id, secret_access_key, session_token;
  std::string ca_file;
  int64_t part_bytes = int64_t{8} << 20;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{60'000};
  std::chrono::milliseconds retry_for{10'000};
};

void DeclareS3(config::Declaration<S3Config>& d);

}  // namespace starling::store
