#include "core/http/transport/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "core/http/transport/tls_transport.h"

namespace starling::http {

struct TlsContext::Impl {
  ~Impl() { SSL_CTX_free(context); }
  SSL_CTX* context = nullptr;
  bool server = false;
};

namespace {

// ALPN's wire form (RFC 7301): each name behind its length.
constexpr std::string_view kBoth = "\x02h2\x08http/1.1";
constexpr std::string_view kHttp1 = "\x08http/1.1";
constexpr std::string_view kHttp2 = "\x02h2";

const unsigned char* Octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status FileError(std::string_view what, std::string_view file) {
  char reason[160] = "";
  ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
  ERR_clear_error();
  return InvalidArgument("TLS: cannot use ", what, " ", file, " (", std::string_view(reason), ").");
}

int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                   unsigned in_size, void* protocols) {
  const std::string_view ours = *static_cast<const std::string_view*>(protocols);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, Octets(ours), static_cast<unsigned>(ours.size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* NewContext(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One read of the socket for many small records.
  SSL_CTX_set_read_ahead(context, 1);
  return context;
}

absl::Status UseCertificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return FileError("the certificate", certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return FileError("the key", key);
  if (SSL_CTX_check_private_key(context) != 1) {
    return InvalidArgument("TLS: the key ", key, " does not belong to the certificate ", certificate, ".");
  }
  return absl::OkStatus();
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Server(const TlsServerOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->server = true;
  impl->context = NewContext(TLS_server_method());
  RETURN_IF_ERROR(UseCertificate(impl->context, options.certificate_file, options.key_file));
  if (options.require_client_certificate && options.client_ca_file.empty()) {
    return InvalidArgument(
        "TLS: client certificates are required, but there is no client CA file to check them with.");
  }
  if (!options.client_ca_file.empty()) {
    const char* file = options.client_ca_file.c_str();
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file);
    if (names == nullptr || SSL_CTX_load_verify_locations(impl->context, file, nullptr) != 1) {
      return FileError("the client CA file", options.client_ca_file);
    }
    SSL_CTX_set_client_CA_list(impl->context, names);
    SSL_CTX_set_verify(
        impl->context,
        SSL_VERIFY_PEER | (options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        nullptr);
  }
  static constexpr unsigned char kSession[] = "starling";
  SSL_CTX_set_session_id_context(impl->context, kSession, sizeof(kSession) - 1);
  SSL_CTX_set_alpn_select_cb(impl->context, ChooseProtocol,
                             const_cast<std::string_view*>(options.http2 ? &kBoth : &kHttp1));
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Client(const TlsClientOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->context = NewContext(TLS_client_method());
  if (!options.certificate_file.empty()) {
    RETURN_IF_ERROR(UseCertificate(impl->context, options.certificate_file, options.key_file));
  }
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(impl->context);
  } else if (SSL_CTX_load_verify_locations(impl->context, options.ca_file.c_str(), nullptr) != 1) {
    return FileError("the CA file", options.ca_file);
  }
  SSL_CTX_set_verify(impl->context, SSL_VERIFY_PEER, nullptr);
  const std::string_view protocols = options.http2 ? kHttp2 : kHttp1;
  SSL_CTX_set_alpn_protos(impl->context, Octets(protocols), static_cast<unsigned>(protocols.size()));
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

std::unique_ptr<Transport> TlsContext::Wrap(int fd, const std::string& server_name) const {
  SSL* ssl = SSL_new(impl_->context);
  if (impl_->server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
    const char* name = server_name.c_str();
    in6_addr address;
    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
    } else {
      SSL_set_tlsext_host_name(ssl, name);
      SSL_set1_host(ssl, name);
    }
  }
  return MakeTlsTransport(ssl, fd);
}

}  // namespace starling::http
