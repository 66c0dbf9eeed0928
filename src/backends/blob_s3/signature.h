// Signatures of requests: AWS Signature Version 4 with a signed payload ("Authenticating Requests: Using the Authorization Header",
// Amazon S3 API Reference). Internal to this folder.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace starling::blob_s3 {

struct Credentials {
  std::string access_key_id, secret_access_key;
  std::string session_token;  // empty for permanent ones
};

struct Signable {
  std::string verb;
  std::string path;   // encoded by UriEncode
  std::string query;  // from CanonicalQuery
  std::map<std::string, std::string>
      headers;  // all that are signed, in lower case: host, x-amz-date and x-amz-content-sha256 are among them
};

// UTF-8 with all but RFC 3986's unreserved characters as %XX, and '/' as it is if it separates.
std::string UriEncode(std::string_view text, bool keep_slashes);

// Encoded and sorted: as it is signed and as it is sent.
std::string CanonicalQuery(const std::map<std::string, std::string>& query);

std::string Sha256Hex(std::string_view bytes);

// The value of the header `authorization`.
std::string Authorization(const Signable& request, const Credentials& credentials, std::string_view region);

}  // namespace starling::blob_s3
