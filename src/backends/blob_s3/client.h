// Signed requests to one bucket, repeated where that helps. Internal to this folder.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backends/blob_s3/http.h"
#include "backends/blob_s3/signature.h"
#include "core/store/s3_config.h"

namespace starling::blob_s3 {

struct S3Request {
  std::string verb;
  std::string key;  // of an object; empty: the bucket
  std::map<std::string, std::string> query = {};
  std::map<std::string, std::string> headers = {};  // names in lower case; signed too
  std::string_view body = {};
  size_t max_answer_bytes = size_t{4} << 20;
};

// Thread-safe. Each call blocks, at most for the time to retry and one request.
class Client {
 public:
  // FAILED_PRECONDITION with the setting that is wrong. Sends nothing.
  static absl::StatusOr<std::unique_ptr<Client>> Make(const store::S3Config& config);

  // An answer of any status but those that are repeated (no answer at all, 429, 5xx); UNAVAILABLE if there was none within the time to retry.
  // All requests that are made here may be repeated.
  absl::StatusOr<HttpResponse> Send(const S3Request& request);

  // Send(), and what a status that is no success means: NOT_FOUND (404), ABORTED (412), OUT_OF_RANGE (416), FAILED_PRECONDITION (409), else
  // UNAVAILABLE with the server's code, such as SignatureDoesNotMatch.
  absl::StatusOr<HttpResponse> Call(const S3Request& request);

 private:
  Client(const store::S3Config& config, std::string scheme, std::string host, std::string path,
         Credentials credentials);
  HttpRequest Signed(const S3Request& request) const;

  const std::string region_, scheme_, host_, path_;
  const Credentials credentials_;
  const std::chrono::milliseconds retry_for_;
  Http http_;
};

}  // namespace starling::blob_s3
