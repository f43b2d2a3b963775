// What OpenSSL asks and tells in the middle of a call: collected for later, but for the one question whose answer it waits for.
#include <openssl/ssl.h>

#include "connection.h"

namespace ftps_tls {

void Connection::OnPinMismatch(const SSL* ssl, const Fingerprint& shown) {
  static const char kDigits[] = "0123456789ABCDEF";
  std::string& text = Of(ssl)->refused_fingerprint_;
  text.clear();
  for (const unsigned char byte : shown) {
    if (!text.empty()) text.push_back(':');
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
}

void Connection::OnKeyLine(const SSL* ssl, const char* line) { Of(ssl)->key_lines_.emplace_back(line); }

int Connection::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  SessionEvent event;
  if (DescribeSession(ssl, session, &event)) Of(ssl)->sessions_.push_back(std::move(event));
  // 0: the session stays OpenSSL's.
  return 0;
}

SSL_SESSION* Connection::OnGetSession(SSL* ssl, const unsigned char* name, int bytes, int* copy) {
  // 0: the caller owns the reference it is given.
  *copy = 0;
  return Of(ssl)->Redeem(name, bytes);
}

SSL_SESSION* Connection::Redeem(const unsigned char* name, int bytes) {
  const Napi::Env env = Env();
  if (redeem_ == nullptr || env.IsExceptionPending()) return nullptr;
  const Napi::HandleScope scope(env);
  // A client that offers TLS 1.3 fills the session id with random bytes (RFC 8446 §D.4): under TLS 1.2 that may be no
  // ticket at all, and must not be taken for somebody else's.
  const bool certain = IsTls13() || !client_offers_tls13_;
  const Napi::Value answer =
      redeem_->Call({CopyBytes(env, name, static_cast<size_t>(bytes)), Napi::Boolean::New(env, certain)});
  if (answer.IsEmpty() || !answer.IsObject()) return nullptr;
  const auto redeemed = answer.As<Napi::Object>();
  const std::vector<uint8_t> session = BytesField(redeemed, "session");
  may_take_early_data_ = FlagField(redeemed, "first");
  return ReviveSession({const_cast<uint8_t*>(session.data()), session.size()}).release();
}

int Connection::OnEarlyData(SSL* ssl, void*) { return Of(ssl)->may_take_early_data_ ? 1 : 0; }

int Connection::OnClientHello(SSL* ssl, int* alert, void*) {
  const unsigned char* versions = nullptr;
  size_t bytes = 0;
  bool offered = false;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &versions, &bytes) == 1) {
    // RFC 8446 §4.2.1: one byte of length, then two bytes a version.
    for (size_t at = 1; at + 1 < bytes; at += 2) offered = offered || (versions[at] == 3 && versions[at + 1] == 4);
  }
  Connection* connection = Of(ssl);
  connection->client_offers_tls13_ = offered;
  const bool speaks_tls13 = offered && SSL_get_max_proto_version(ssl) == TLS1_3_VERSION;
  const unsigned char* nothing = nullptr;
  connection->lacks_extended_master_secret_ =
      !speaks_tls13 && SSL_get_min_proto_version(ssl) < TLS1_3_VERSION &&
      SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_extended_master_secret, &nothing, &bytes) != 1;
  if (!connection->lacks_extended_master_secret_) return SSL_CLIENT_HELLO_SUCCESS;
  // RFC 7627 §5.2: a server that does not wish to go on without it aborts the handshake.
  *alert = SSL_AD_HANDSHAKE_FAILURE;
  return SSL_CLIENT_HELLO_ERROR;
}

void Connection::OnMessage(int write, int, int type, const void* data, size_t bytes, SSL* ssl, void*) {
  const bool finished = write == 0 && type == SSL3_RT_HANDSHAKE && bytes > 0 &&
                        *static_cast<const unsigned char*>(data) == SSL3_MT_FINISHED;
  if (!finished) return;
  // RFC 8446 §4.6.2: the client's answer ends with Finished, whether it shows a certificate or none.
  Of(ssl)->certificate_answered_ = true;
  SSL_set_msg_callback(ssl, nullptr);
}

}  // namespace ftps_tls
