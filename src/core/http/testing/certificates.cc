#include "core/http/testing/certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>

#include "base/strings.h"

namespace starling::http::testing {
namespace {

struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

void Extend(X509* certificate, int what, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// `names` in OpenSSL's form: "DNS:localhost,IP:127.0.0.1"; an authority has none.
void Sign(Identity& who, const std::string& name, const std::string& names, Identity& authority) {
  static long serial = 0;
  X509* certificate = who.certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, who.key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(authority.certificate));
  if (names.empty()) {
    Extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    Extend(certificate, NID_subject_alt_name, names);
  }
  X509_sign(certificate, authority.key, EVP_sha256());
}

std::string Write(const std::string& name, EVP_PKEY* key, X509* certificate) {
  const std::string path = StrCat(::testing::TempDir(), "/tls_test.", ::getpid(), ".", name);
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (key != nullptr) PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  if (certificate != nullptr) PEM_write_X509(file, certificate);
  std::fclose(file);
  return path;
}

}  // namespace

Certificates::Certificates() {
  Identity root, server, client;
  Sign(root, "Starling test authority", "", root);
  Sign(server, "server", "DNS:localhost,IP:127.0.0.1", root);
  Sign(client, "client", "DNS:worker.starling", root);
  authority = Write("ca.pem", nullptr, root.certificate);
  server_certificate = Write("server.pem", nullptr, server.certificate);
  server_key = Write("server.key", server.key, nullptr);
  client_certificate = Write("client.pem", nullptr, client.certificate);
  client_key = Write("client.key", client.key, nullptr);
}

Certificates::~Certificates() {
  for (const auto& file : {authority, server_certificate, server_key, client_certificate, client_key}) {
    ::unlink(file.c_str());
  }
}

}  // namespace starling::http::testing
