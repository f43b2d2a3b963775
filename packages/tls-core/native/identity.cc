// A certificate chain with its key: read from PEM, taken out of PKCS #12, and matched to the name a client asks for.
#include "identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "arguments.h"
#include "errors.h"

namespace ftps_tls {

namespace {

// Without this OpenSSL would ask on the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) { return -1; }

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  return bytes > 0 ? std::string(data, static_cast<size_t>(bytes)) : std::string();
}

}  // namespace

bool Identity::Read(const std::string& chain_pem, const std::string& key_pem) {
  BioOwner chain(BIO_new_mem_buf(chain_pem.data(), static_cast<int>(chain_pem.size())));
  leaf_.reset(PEM_read_bio_X509(chain.get(), nullptr, NoPassphrase, nullptr));
  intermediates_.reset(sk_X509_new_null());
  if (leaf_ == nullptr || intermediates_ == nullptr) return false;
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, NoPassphrase, nullptr)) {
    sk_X509_push(intermediates_.get(), next);
  }
  // The end of the text is an error to PEM_read_bio_X509.
  ERR_clear_error();
  BioOwner key(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  key_.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, NoPassphrase, nullptr));
  return key_ != nullptr && X509_check_private_key(leaf_.get(), key_.get()) == 1;
}

bool Identity::Serves(const char* server_name) const {
  return X509_check_host(leaf_.get(), server_name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

bool Identity::ShowOn(SSL* ssl) const {
  return SSL_use_cert_and_key(ssl, leaf_.get(), key_.get(), intermediates_.get(), 1) == 1;
}

bool Identity::ShowOn(SSL_CTX* context) const {
  return SSL_CTX_use_cert_and_key(context, leaf_.get(), key_.get(), intermediates_.get(), 1) == 1;
}

Napi::Value ReadPfx(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Span span;
  if (!ReadSpan(info[0], &span)) return env.Undefined();
  const std::string passphrase = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : std::string();
  ERR_clear_error();
  const unsigned char* at = span.data;
  PfxOwner pfx(d2i_PKCS12(nullptr, &at, static_cast<long>(span.size)));
  EVP_PKEY* key_out = nullptr;
  X509* leaf_out = nullptr;
  STACK_OF(X509)* others_out = nullptr;
  const bool parsed = pfx != nullptr && PKCS12_parse(pfx.get(), passphrase.c_str(), &key_out, &leaf_out, &others_out) == 1;
  KeyOwner key(key_out);
  CertificateOwner leaf(leaf_out);
  CertificatesOwner others(others_out);
  BioOwner chain_text(BIO_new(BIO_s_mem()));
  BioOwner key_text(BIO_new(BIO_s_secmem()));
  bool written = parsed && key != nullptr && leaf != nullptr &&
                 PEM_write_bio_X509(chain_text.get(), leaf.get()) == 1 &&
                 PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  for (int n = 0; written && n < sk_X509_num(others.get()); ++n) {
    written = PEM_write_bio_X509(chain_text.get(), sk_X509_value(others.get(), n)) == 1;
  }
  if (!written) {
    Throw(env, TakeFailure());
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("certPem", TextOf(chain_text.get()));
  result.Set("keyPem", TextOf(key_text.get()));
  return result;
}

}  // namespace ftps_tls
