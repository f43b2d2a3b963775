// A certificate chain with its key: read from PEM, taken out of PKCS #12, and matched to the name a client asks for.
#ifndef FTPS_TLS_IDENTITY_H_
#define FTPS_TLS_IDENTITY_H_

#include <napi.h>

#include <string>

#include "owned.h"

namespace ftps_tls {

class Identity {
 public:
  // Reads both PEM texts. False where OpenSSL refuses one; its error queue says why.
  bool Read(const std::string& chain_pem, const std::string& key_pem);

  // Whether the certificate is for this host name, wildcards included.
  bool Serves(const char* server_name) const;

  // Shows this identity on one connection, unless it has one with the same kind of key already.
  bool ShowOn(SSL* ssl) const;
  bool ShowOn(SSL_CTX* context) const;

  int KeyType() const { return EVP_PKEY_get_base_id(key_.get()); }

 private:
  CertificateOwner leaf_;
  CertificatesOwner intermediates_;
  KeyOwner key_;
};

// (pfx: Uint8Array, passphrase: string) -> { certPem, keyPem }. Throws an Error with OpenSSL's code.
Napi::Value ReadPfx(const Napi::CallbackInfo& info);

}  // namespace ftps_tls

#endif  // FTPS_TLS_IDENTITY_H_
