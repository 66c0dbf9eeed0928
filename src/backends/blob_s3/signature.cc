#include "backends/blob_s3/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/strings.h"

namespace starling::blob_s3 {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slashes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c) || (c == '/' && keep_slashes)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

std::string CanonicalQuery(const std::map<std::string, std::string>& query) {
  std::string text;
  for (const auto& [name, value] : query)
    StrAppend(&text, text.empty() ? "" : "&", UriEncode(name, false), "=", UriEncode(value, false));
  return text;
}

std::string Sha256Hex(std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha256(), nullptr);
  return Hex({reinterpret_cast<const char*>(out), size});
}

std::string Authorization(const Signable& request, const Credentials& credentials, std::string_view region) {
  std::string headers, names;
  for (const auto& [name, value] : request.headers) {
    StrAppend(&headers, name, ":", value, "\n");
    StrAppend(&names, names.empty() ? "" : ";", name);
  }
  const std::string canonical = StrCat(request.verb, "\n", request.path, "\n", request.query, "\n", headers,
                                       "\n", names, "\n", request.headers.at("x-amz-content-sha256"));
  const std::string& time = request.headers.at("x-amz-date");
  const std::string day = time.substr(0, 8);
  const std::string scope = StrCat(day, "/", region, "/s3/aws4_request");
  const std::string to_sign = StrCat("AWS4-HMAC-SHA256\n", time, "\n", scope, "\n", Sha256Hex(canonical));
  std::string key = Hmac("AWS4" + credentials.secret_access_key, day);
  for (const std::string_view part : {region, std::string_view("s3"), std::string_view("aws4_request")})
    key = Hmac(key, part);
  return StrCat("AWS4-HMAC-SHA256 Credential=", credentials.access_key_id, "/", scope,
                ",SignedHeaders=", names, ",Signature=", Hex(Hmac(key, to_sign)));
}

}  // namespace starling::blob_s3
