// What JavaScript asks a connection about: what was agreed on, who the peer is, what happened and what went wrong.
#include <openssl/err.h>
#include <openssl/objects.h>

#include "connection.h"

namespace ftps_tls {

namespace {

Napi::Value DerOf(Napi::Env env, X509* certificate) {
  unsigned char* der = nullptr;
  const int bytes = i2d_X509(certificate, &der);
  if (bytes < 0) return env.Undefined();
  const Napi::Value copy = CopyBytes(env, der, static_cast<size_t>(bytes));
  OPENSSL_free(der);
  return copy;
}

Napi::Array ChainOf(Napi::Env env, X509* leaf, STACK_OF(X509) * chain) {
  Napi::Array list = Napi::Array::New(env);
  uint32_t length = 0;
  if (leaf != nullptr) list.Set(length++, DerOf(env, leaf));
  for (int n = 0; n < sk_X509_num(chain); ++n) list.Set(length++, DerOf(env, sk_X509_value(chain, n)));
  return list;
}

// The names that a policy uses (RFC 8446 §4.2.7).
const char* GroupName(int nid) {
  switch (nid) {
    case NID_X25519:
      return "X25519";
    case NID_X9_62_prime256v1:
      return "P-256";
    case NID_secp384r1:
      return "P-384";
    case NID_secp521r1:
      return "P-521";
    case NID_X448:
      return "X448";
    default:
      return OBJ_nid2sn(nid);
  }
}

const char* EarlyDataName(int status) {
  if (status == SSL_EARLY_DATA_ACCEPTED) return "accepted";
  return status == SSL_EARLY_DATA_REJECTED ? "rejected" : "none";
}

}  // namespace

Napi::Value Connection::TakeEvents(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object events = Napi::Object::New(env);
  Napi::Array sessions = Napi::Array::New(env, sessions_.size());
  for (uint32_t n = 0; n < sessions_.size(); ++n) sessions.Set(n, ToObject(env, sessions_[n]));
  Napi::Array lines = Napi::Array::New(env, key_lines_.size());
  for (uint32_t n = 0; n < key_lines_.size(); ++n) lines.Set(n, key_lines_[n]);
  events.Set("sessions", sessions);
  events.Set("keyLines", lines);
  events.Set("certificateAnswered", certificate_answered_);
  sessions_.clear();
  key_lines_.clear();
  certificate_answered_ = false;
  if (state_data_ != nullptr) state_data_[kEvents] = 0;
  return events;
}

Napi::Value Connection::TakeError(const Napi::CallbackInfo& info) { return ToError(info.Env(), failure_); }

Napi::Value Connection::Summary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!MayEnter(env)) return env.Undefined();
  SSL* ssl = ssl_.get();
  Napi::Object summary = Napi::Object::New(env);
  // After a HelloRetryRequest there is no session yet, and OpenSSL would look into it for the group.
  const bool has_session = SSL_get_session(ssl) != nullptr;
  const bool resumed = has_session && SSL_session_reused(ssl) == 1;
  const bool tls13 = IsTls13();
  summary.Set("tls13", tls13);
  summary.Set("resumed", resumed);
  const char* suite = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  summary.Set("cipherSuite", suite == nullptr ? "" : suite);
  // A TLS 1.2 session that is resumed runs no key exchange.
  const long group = !has_session || (!tls13 && resumed) ? 0 : SSL_get_negotiated_group(ssl);
  if (group > 0) summary.Set("group", GroupName(static_cast<int>(group)));
  const unsigned char* alpn = nullptr;
  unsigned int alpn_bytes = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_bytes);
  if (alpn_bytes > 0) summary.Set("alpn", std::string(reinterpret_cast<const char*>(alpn), alpn_bytes));
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) summary.Set("serverName", name);
  summary.Set("earlyData", EarlyDataName(SSL_get_early_data_status(ssl)));
  summary.Set("extendedMasterSecret", tls13 || SSL_get_extms_support(ssl) == 1);
  return summary;
}

Napi::Value Connection::PeerChain(const Napi::CallbackInfo& info) {
  if (!MayEnter(info.Env())) return info.Env().Undefined();
  // OpenSSL leaves the leaf out of the chain that a server sees.
  X509* leaf = settings_->server ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  return ChainOf(info.Env(), leaf, SSL_get_peer_cert_chain(ssl_.get()));
}

Napi::Value Connection::VerifiedPeer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!MayEnter(env)) return env.Undefined();
  Napi::Object peer = Napi::Object::New(env);
  const bool shown = SSL_get0_peer_certificate(ssl_.get()) != nullptr;
  const long result = SSL_get_verify_result(ssl_.get());
  const bool verified = shown && result == X509_V_OK;
  peer.Set("chain", ChainOf(env, nullptr, verified ? SSL_get0_verified_chain(ssl_.get()) : nullptr));
  if (shown && !verified) {
    Failure why;
    ExplainCertificate(&why, result);
    peer.Set("reason", why.certificate_reason);
    peer.Set("text", why.certificate_text);
  }
  return peer;
}

Napi::Value Connection::ExportKeyingMaterial(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Span context;
  if (!MayEnter(env) || !ReadSpan(info[2], &context)) return env.Undefined();
  const uint32_t bytes = info[0].IsNumber() ? info[0].As<Napi::Number>().Uint32Value() : 0;
  const std::string label = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : std::string();
  std::vector<uint8_t> material(bytes);
  ERR_clear_error();
  if (SSL_export_keying_material(ssl_.get(), material.data(), bytes, label.data(), label.size(), context.data, context.size,
                                 1) != 1) {
    Throw(env, TakeFailure());
    return env.Undefined();
  }
  const Napi::Value copy = CopyBytes(env, material.data(), material.size());
  OPENSSL_cleanse(material.data(), material.size());
  return copy;
}

}  // namespace ftps_tls
