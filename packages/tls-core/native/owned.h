// OpenSSL's objects as owners that free what they hold.
#ifndef FTPS_TLS_OWNED_H_
#define FTPS_TLS_OWNED_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace ftps_tls {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

inline void FreeCertificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using BioOwner = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using CertificateOwner = std::unique_ptr<X509, Deleter<X509_free>>;
using CertificatesOwner = std::unique_ptr<STACK_OF(X509), Deleter<FreeCertificates>>;
using ContextOwner = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using CrlOwner = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using KeyOwner = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PfxOwner = std::unique_ptr<PKCS12, Deleter<PKCS12_free>>;
using SessionOwner = std::unique_ptr<SSL_SESSION, Deleter<SSL_SESSION_free>>;
using SslOwner = std::unique_ptr<SSL, Deleter<SSL_free>>;

}  // namespace ftps_tls

#endif  // FTPS_TLS_OWNED_H_
