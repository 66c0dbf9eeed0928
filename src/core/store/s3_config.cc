#include "core/store/s3_config.h"

namespace starling::store {
namespace {

using std::chrono::milliseconds;

// S3 refuses smaller parts but for the last ("Amazon S3 multipart upload limits").
constexpr int64_t kLeastPart = int64_t{5} << 20;

}  // namespace

void DeclareS3(config::Declaration<S3Config>& d) {
  d.String("bucket", &S3Config::bucket).Text("An existing bucket; empty: S3 is not used.");
  d.String("endpoint", &S3Config::endpoint)
      .Text("http:// or https://HOST[:PORT] of the server; empty: that of Amazon in the region.");
  d.String("region", &S3Config::region).Text("The region that requests are signed for.");
  d.String("prefix", &S3Config::prefix)
      .Text("Folder inside the bucket below which everything lies; empty: the whole bucket.");
  d.Bool("path_style", &S3Config::path_style)
      .Text("Whether the bucket stands in the path, which all servers take, or before the host's name.");
  d.Secret("access_key_id", &S3Config::access_key_id)
      .Text("Empty: the environment variable AWS_ACCESS_KEY_ID.");
  d.Secret("secret_access_key", &S3Config::secret_access_key)
      .Text("Empty: the environment variable AWS_SECRET_ACCESS_KEY.");
  d.Secret("session_token", &S3Config::session_token)
      .Text("For temporary credentials. Empty: the environment variable AWS_SESSION_TOKEN.");
  d.String("ca_file", &S3Config::ca_file)
      .Text(
          "PEM file of the authorities that may have signed the server's certificate; empty: the system's.");
  d.Size("part_bytes", &S3Config::part_bytes)
      .Min(kLeastPart)
      .Max(int64_t{1} << 30)
      .Text(
          "What is larger is uploaded in parts of this size, of which a file has at most 10,000. One part of "
          "each upload is held in memory.");
  d.Duration("connect_timeout", &S3Config::connect_timeout)
      .Min(milliseconds(1))
      .Text("Longest wait for a connection.");
  d.Duration("request_timeout", &S3Config::request_timeout)
      .Min(milliseconds(1))
      .Text("Longest that one request may take, the transfer of a part included.");
  d.Duration("retry_for", &S3Config::retry_for)
      .Min(milliseconds(0))
      .Text("For how long a request that the server could not answer is sent again.");
}

}  // namespace starling::store
