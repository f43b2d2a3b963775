// What the connections of one side have in common: an SSL_CTX and the settings its callbacks read.
#include "context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "arguments.h"
#include "connection.h"

namespace ftps_tls {

namespace {

constexpr napi_type_tag kContextTag = {0x6674707363747831, 0x8c1f3f0e52d94a77};

// Every listener of this product has tickets of its own; the context only keeps OpenSSL from refusing to resume.
constexpr char kSessionIdContext[] = "ftps-kit";

int AcceptServerName(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

// RFC 7301 §3.2: where something was offered and nothing is common, the handshake ends.
int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* in, unsigned int in_bytes,
               void* settings_pointer) {
  const auto* settings = static_cast<const Settings*>(settings_pointer);
  unsigned char* selected = nullptr;
  const int found = SSL_select_next_proto(&selected, out_bytes, settings->alpn.data(),
                                          static_cast<unsigned int>(settings->alpn.size()), in, in_bytes);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// RFC 6066 §3: shows the identities for the name the client asks for, one of each kind of key; else the first one.
int ShowIdentity(SSL* ssl, void* settings_pointer) {
  const auto* settings = static_cast<const Settings*>(settings_pointer);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  std::vector<int> shown;
  for (const Identity& identity : settings->identities) {
    if (name == nullptr || !identity.Serves(name)) continue;
    if (std::find(shown.begin(), shown.end(), identity.KeyType()) != shown.end()) continue;
    if (!identity.ShowOn(ssl)) return 0;
    shown.push_back(identity.KeyType());
  }
  if (!shown.empty() || settings->identities.empty()) return 1;
  return settings->identities.front().ShowOn(ssl) ? 1 : 0;
}

// With pins the certificate is trusted as it is, or not at all.
const SSL* SslOf(X509_STORE_CTX* store) {
  return static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

int VerifyPin(X509_STORE_CTX* store, void* settings_pointer) {
  const auto* settings = static_cast<const Settings*>(settings_pointer);
  Fingerprint fingerprint{};
  unsigned int bytes = 0;
  const X509* certificate = X509_STORE_CTX_get0_cert(store);
  const bool digested = certificate != nullptr &&
                        X509_digest(certificate, EVP_sha256(), fingerprint.data(), &bytes) == 1 &&
                        bytes == fingerprint.size();
  const auto& pins = settings->pins;
  const bool pinned = digested && std::find(pins.begin(), pins.end(), fingerprint) != pins.end();
  X509_STORE_CTX_set_error(store, pinned ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  if (!pinned && digested) Connection::OnPinMismatch(SslOf(store), fingerprint);
  return pinned ? 1 : 0;
}

bool ReadRoots(SSL_CTX* context, const std::vector<std::string>& pems, bool announce) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const std::string& pem : pems) {
    BioOwner text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    int found = 0;
    while (X509* next = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
      CertificateOwner root(next);
      if (X509_STORE_add_cert(store, root.get()) != 1) return false;
      if (announce && SSL_CTX_add_client_CA(context, root.get()) != 1) return false;
      ++found;
    }
    if (found == 0) return false;
    ERR_clear_error();
  }
  return true;
}

bool ReadRevocations(SSL_CTX* context, const std::vector<std::string>& pems) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const std::string& pem : pems) {
    BioOwner text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    int found = 0;
    while (X509_CRL* next = PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr)) {
      CrlOwner crl(next);
      if (X509_STORE_add_crl(store, crl.get()) != 1) return false;
      ++found;
    }
    if (found == 0) return false;
    ERR_clear_error();
  }
  if (!pems.empty()) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return true;
}

bool SpeakWhatIsAllowed(SSL_CTX* context, const Napi::Object& options) {
  const std::string signatures = TextField(options, "signatureAlgorithms");
  // Renegotiation and compression are TLS 1.2's two old wounds; the server's order of preference counts.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return SSL_CTX_set_min_proto_version(context, static_cast<int>(NumberField(options, "minVersion"))) == 1 &&
         SSL_CTX_set_max_proto_version(context, static_cast<int>(NumberField(options, "maxVersion"))) == 1 &&
         SSL_CTX_set_ciphersuites(context, TextField(options, "cipherSuites").c_str()) == 1 &&
         SSL_CTX_set_cipher_list(context, TextField(options, "ciphers").c_str()) == 1 &&
         SSL_CTX_set1_groups_list(context, TextField(options, "groups").c_str()) == 1 &&
         (signatures.empty() || SSL_CTX_set1_sigalgs_list(context, signatures.c_str()) == 1);
}

void ServeSessions(SSL_CTX* context, bool issues_sessions, uint32_t lifetime_seconds) {
  // Tickets are names of entries in the caller's store, and TLS 1.2's session ids use the same store. OpenSSL's own
  // anti-replay would ask its own cache, which is off: a ticket's first redemption is told by the caller's store.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_ANTI_REPLAY);
  // Without the server's flag TLS 1.2 gives no session id; sessions of the caller's store are resumed all the same.
  // OpenSSL's own cache stays out of it either way: it would resume what the caller's store has spent.
  const long cache = issues_sessions ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF;
  SSL_CTX_set_session_cache_mode(context, cache | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionIdContext),
                                 sizeof(kSessionIdContext) - 1);
  SSL_CTX_set_timeout(context, static_cast<long>(lifetime_seconds));
}

Napi::Value Refuse(Napi::Env env) {
  Throw(env, TakeFailure());
  return env.Undefined();
}

}  // namespace

Napi::Function Context::Define(Napi::Env env) { return DefineClass(env, "Context", {}); }

std::shared_ptr<const Settings> Context::SettingsOf(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kContextTag)) return nullptr;
  return Unwrap(value.As<Napi::Object>())->settings_;
}

Context::Context(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Context>(info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "options are needed here").ThrowAsJavaScriptException();
    return;
  }
  const auto options = info[0].As<Napi::Object>();
  ERR_clear_error();
  auto settings = std::make_shared<Settings>();
  settings->server = FlagField(options, "server");
  settings->alpn = BytesField(options, "alpn");
  settings->ssl_context.reset(SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = settings->ssl_context.get();
  if (context == nullptr || !SpeakWhatIsAllowed(context, options) ||
      !ReadRoots(context, TextsField(options, "ca"), settings->server) ||
      !ReadRevocations(context, TextsField(options, "crl"))) {
    Refuse(env);
    return;
  }
  const auto pins = BytesField(options, "pins");
  for (size_t at = 0; at + sizeof(Fingerprint) <= pins.size(); at += sizeof(Fingerprint)) {
    std::copy_n(pins.begin() + static_cast<std::ptrdiff_t>(at), sizeof(Fingerprint), settings->pins.emplace_back().begin());
  }
  const auto chains = TextsField(options, "identityChains");
  const auto keys = TextsField(options, "identityKeys");
  for (size_t n = 0; n < std::min(chains.size(), keys.size()); ++n) {
    if (!settings->identities.emplace_back().Read(chains[n], keys[n])) {
      Refuse(env);
      return;
    }
  }
  if (FlagField(options, "logKeys")) SSL_CTX_set_keylog_callback(context, Connection::OnKeyLine);
  SSL_CTX_sess_set_new_cb(context, Connection::OnNewSession);
  if (settings->server) {
    ServeSessions(context, FlagField(options, "issuesSessions"), NumberField(options, "ticketLifetimeSeconds"));
    SSL_CTX_sess_set_get_cb(context, Connection::OnGetSession);
    SSL_CTX_set_allow_early_data_cb(context, Connection::OnEarlyData, nullptr);
    SSL_CTX_set_client_hello_cb(context, Connection::OnClientHello, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context, AcceptServerName);
    SSL_CTX_set_alpn_select_cb(context, SelectAlpn, settings.get());
    SSL_CTX_set_cert_cb(context, ShowIdentity, settings.get());
  } else {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    const auto& alpn = settings->alpn;
    if (SSL_CTX_set_alpn_protos(context, alpn.data(), static_cast<unsigned int>(alpn.size())) != 0 ||
        (!settings->identities.empty() && !settings->identities.front().ShowOn(context))) {
      Refuse(env);
      return;
    }
    // Offered only by who has something to show, so that a server that asks learns at once that it asks in vain.
    SSL_CTX_set_post_handshake_auth(context, settings->identities.empty() ? 0 : 1);
    SSL_CTX_set_verify(context, FlagField(options, "acceptAny") ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    if (!settings->pins.empty()) SSL_CTX_set_cert_verify_callback(context, VerifyPin, settings.get());
  }
  settings_ = settings;
  info.This().As<Napi::Object>().TypeTag(&kContextTag);
}

}  // namespace ftps_tls
