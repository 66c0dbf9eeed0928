#include "core/http/transport/tls_transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "base/status.h"

namespace starling::http {
namespace {

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, and a peer that left would end the process.
int FdOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int Transferred(BIO* bio, ssize_t size, int retry_flag) {
  BIO_clear_retry_flags(bio);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  }
  return static_cast<int>(size);
}
int BioWrite(BIO* bio, const char* data, int size) {
  return Transferred(bio, ::send(FdOf(bio), data, static_cast<size_t>(size), MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}
int BioRead(BIO* bio, char* data, int size) {
  return Transferred(bio, ::recv(FdOf(bio), data, static_cast<size_t>(size), 0), BIO_FLAGS_READ);
}
long BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

std::string NameOf(X509* certificate) {
  std::string name;
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && name.empty() && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names, i);
    if (entry->type != GEN_DNS && entry->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = entry->d.ia5;
    name.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  if (name.empty()) {
    char text[256];
    const int size =
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof(text));
    if (size > 0) name.assign(text, static_cast<size_t>(size));
  }
  // A zero byte would let "admin\0.evil" pass for "admin" somewhere.
  return name.find('\0') == std::string::npos ? name : "";
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(SSL* ssl, int fd) : ssl_(ssl) {
    BIO* bio = BIO_new(SocketMethod());
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
  }
  ~TlsTransport() override { SSL_free(ssl_); }

  Result Handshake() override {
    ERR_clear_error();
    const int rv = SSL_do_handshake(ssl_);
    return rv == 1 ? Result{Outcome::kBytes, 0} : Failed(rv);
  }
  Result Read(char* buffer, size_t size) override {
    ERR_clear_error();
    size_t got = 0;
    const int rv = SSL_read_ex(ssl_, buffer, size, &got);
    return rv == 1 ? Result{Outcome::kBytes, got} : Failed(rv);
  }
  Result Write(const char* data, size_t size) override {
    ERR_clear_error();
    size_t sent = 0;
    const int rv = SSL_write_ex(ssl_, data, size, &sent);
    return rv == 1 ? Result{Outcome::kBytes, sent} : Failed(rv);
  }
  bool has_pending() const override { return SSL_has_pending(ssl_) == 1; }
  void EndOutput() override {
    if (broken_ || SSL_in_init(ssl_) == 1) return;
    ERR_clear_error();
    (void)SSL_shutdown(ssl_);
  }

  std::string protocol() const override {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }
  std::string certificate_name() const override {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    if (certificate == nullptr) return "";
    const std::string name = SSL_get_verify_result(ssl_) == X509_V_OK ? NameOf(certificate) : "";
    X509_free(certificate);
    return name;
  }

 private:
  Result Failed(int rv) {
    switch (SSL_get_error(ssl_, rv)) {
      case SSL_ERROR_WANT_READ:
        return {Outcome::kWantRead, 0};
      case SSL_ERROR_WANT_WRITE:
        return {Outcome::kWantWrite, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {Outcome::kEnd, 0};
      default:
        break;
    }
    broken_ = true;
    char reason[160] = "the connection was lost";
    if (ERR_peek_last_error() != 0) ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
    const long verified = SSL_get_verify_result(ssl_);
    if (verified != X509_V_OK) {
      error_ = Unavailable(
          "TLS: the peer's certificate is refused: ", X509_verify_cert_error_string(verified), ".");
    } else {
      error_ = Unavailable("TLS: ", std::string_view(reason), ".");
    }
    ERR_clear_error();
    return {Outcome::kError, 0};
  }

  SSL* const ssl_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Transport> MakeTlsTransport(SSL* ssl, int fd) {
  return std::make_unique<TlsTransport>(ssl, fd);
}

}  // namespace starling::http
