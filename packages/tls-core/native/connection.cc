// One TLS connection without any I/O: ciphertext in and out by memory, one small status a call.
#include "connection.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace ftps_tls {

namespace {

enum StateField { kConsumed, kProduced, kToSend, kKept, kEvents, kStateFields };
constexpr uint32_t kSessionsCame = 1;
constexpr uint32_t kKeyLinesCame = 2;
constexpr uint32_t kCertificateAnswered = 4;

int SslIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// A client that was asked after the handshake may show a certificate that is refused, and the connection goes on:
// the refusal is told to who asked.
int TolerateForNow(int, X509_STORE_CTX*) { return 1; }

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

// One entry into OpenSSL: lends the memory, empties the error queue, keeps others out, and says at the end what was used.
class Connection::Call {
 public:
  Call(Connection* connection, const Span& in, const Span& out, const Napi::Value& redeem = Napi::Value())
      : connection_(connection), redeem_(redeem.IsFunction() ? redeem.As<Napi::Function>() : Napi::Function()) {
    connection_->busy_ = true;
    connection_->redeem_ = redeem_.IsEmpty() ? nullptr : &redeem_;
    connection_->wire_.Lend(in.data, in.size, out.data, out.size);
    connection_->state_data_[kProduced] = 0;
    ERR_clear_error();
  }

  ~Call() {
    uint32_t* state = connection_->state_data_;
    Wire& wire = connection_->wire_;
    state[kConsumed] = static_cast<uint32_t>(wire.consumed());
    state[kToSend] = static_cast<uint32_t>(wire.produced());
    state[kKept] = static_cast<uint32_t>(wire.kept());
    state[kEvents] = (connection_->sessions_.empty() ? 0U : kSessionsCame) |
                     (connection_->key_lines_.empty() ? 0U : kKeyLinesCame) |
                     (connection_->certificate_answered_ ? kCertificateAnswered : 0U);
    wire.GiveBack();
    connection_->redeem_ = nullptr;
    connection_->busy_ = false;
  }

  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void Produced(size_t bytes) { connection_->state_data_[kProduced] = static_cast<uint32_t>(bytes); }

 private:
  Connection* connection_;
  Napi::Function redeem_;
};

Napi::Function Connection::Define(Napi::Env env) {
  return DefineClass(env, "Connection",
                     {
                         InstanceMethod<&Connection::Handshake>("handshake"),
                         InstanceMethod<&Connection::Read>("read"),
                         InstanceMethod<&Connection::Peek>("peek"),
                         InstanceMethod<&Connection::Write>("write"),
                         InstanceMethod<&Connection::ReadEarlyData>("readEarlyData"),
                         InstanceMethod<&Connection::WriteEarlyData>("writeEarlyData"),
                         InstanceMethod<&Connection::Drain>("drain"),
                         InstanceMethod<&Connection::Shutdown>("shutdown"),
                         InstanceMethod<&Connection::IssueTicket>("issueTicket"),
                         InstanceMethod<&Connection::RequestCertificate>("requestCertificate"),
                         InstanceMethod<&Connection::UpdateKeys>("updateKeys"),
                         InstanceMethod<&Connection::TakeEvents>("takeEvents"),
                         InstanceMethod<&Connection::TakeError>("takeError"),
                         InstanceMethod<&Connection::Summary>("summary"),
                         InstanceMethod<&Connection::PeerChain>("peerChain"),
                         InstanceMethod<&Connection::VerifiedPeer>("verifiedPeer"),
                         InstanceMethod<&Connection::ExportKeyingMaterial>("exportKeyingMaterial"),
                         InstanceMethod<&Connection::Close>("close"),
                     });
}

Connection::Connection(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Connection>(info) {
  const Napi::Env env = info.Env();
  settings_ = Context::SettingsOf(info[0]);
  if (settings_ == nullptr || !info[1].IsObject()) {
    Napi::TypeError::New(env, "a Context and options are needed here").ThrowAsJavaScriptException();
    return;
  }
  Napi::Uint32Array state = Napi::Uint32Array::New(env, kStateFields);
  state_data_ = state.Data();
  state_ = Napi::Persistent(state);
  info.This().As<Napi::Object>().Set("state", state);
  ERR_clear_error();
  ssl_.reset(SSL_new(settings_->ssl_context.get()));
  BIO* bio = ssl_ == nullptr ? nullptr : wire_.NewBio();
  if (bio == nullptr) {
    Throw(env, TakeFailure());
    return;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_ex_data(ssl_.get(), SslIndex(), this);
  if (!Configure(info[1].As<Napi::Object>())) {
    ssl_.reset();
    Throw(env, TakeFailure());
  }
}

bool Connection::Configure(const Napi::Object& options) {
  SSL* ssl = ssl_.get();
  // An idle control connection then holds no record buffers, and there may be ten thousand.
  if (FlagField(options, "releaseBuffers")) SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  if (settings_->server) {
    SSL_set_accept_state(ssl);
    SSL_set_num_tickets(ssl, NumberField(options, "tickets"));
    const uint32_t early = NumberField(options, "maxEarlyDataBytes");
    SSL_set_max_early_data(ssl, early);
    SSL_set_recv_max_early_data(ssl, std::max<uint32_t>(early, SSL3_RT_MAX_PLAIN_LENGTH));
    const std::string certificates = TextField(options, "clientCertificates");
    if (certificates == "optional") SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    if (certificates == "required") SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return true;
  }
  SSL_set_connect_state(ssl);
  const std::string server_name = TextField(options, "serverName");
  if (!server_name.empty() && SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1) return false;
  X509_VERIFY_PARAM* checks = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const std::string host = TextField(options, "verifyHost");
  if (!host.empty() && X509_VERIFY_PARAM_set1_host(checks, host.c_str(), host.size()) != 1) return false;
  const std::string address = TextField(options, "verifyAddress");
  if (!address.empty() && X509_VERIFY_PARAM_set1_ip_asc(checks, address.c_str()) != 1) return false;
  std::vector<uint8_t> bytes = BytesField(options, "session");
  if (bytes.empty()) return true;
  const SessionOwner session = ReviveSession({bytes.data(), bytes.size()});
  return session == nullptr || SSL_set_session(ssl, session.get()) == 1;
}

Napi::Value Connection::Handshake(const Napi::CallbackInfo& info) {
  Span in;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &in)) return info.Env().Undefined();
  Call call(this, in, {}, info[3]);
  const Status status = failed_ ? Status::kFailed : Judge(SSL_do_handshake(ssl_.get()));
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::Read(const Napi::CallbackInfo& info) {
  Span in;
  Span into;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &in) || !ReadSpan(info[3], &into)) return info.Env().Undefined();
  Call call(this, in, {});
  size_t total = 0;
  Status status = failed_ ? Status::kFailed : Status::kDone;
  // Many records a call: as long as there is ciphertext, and room for what is in it.
  while (status == Status::kDone && total < into.size) {
    size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data + total, into.size - total, &bytes);
    total += bytes;
    if (result != 1) status = Judge(result);
  }
  call.Produced(total);
  // What came before the end is given first; the end shows at the next call.
  if (total > 0) status = Status::kDone;
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::Peek(const Napi::CallbackInfo& info) {
  Span in;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &in)) return info.Env().Undefined();
  Call call(this, in, {});
  uint8_t first = 0;
  size_t bytes = 0;
  const Status status = failed_ ? Status::kFailed : Judge(SSL_peek_ex(ssl_.get(), &first, 1, &bytes));
  call.Produced(bytes);
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::Write(const Napi::CallbackInfo& info) {
  Span plaintext;
  Span out;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &plaintext) || !ReadSpan(info[3], &out)) return info.Env().Undefined();
  Call call(this, {}, out);
  size_t bytes = 0;
  Status status = failed_ ? Status::kFailed : Status::kDone;
  if (status == Status::kDone && plaintext.size > 0) {
    status = Judge(SSL_write_ex(ssl_.get(), plaintext.data, plaintext.size, &bytes));
  }
  call.Produced(bytes);
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::ReadEarlyData(const Napi::CallbackInfo& info) {
  Span in;
  Span into;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &in) || !ReadSpan(info[3], &into)) return info.Env().Undefined();
  Call call(this, in, {}, info[4]);
  size_t total = 0;
  Status status = failed_ ? Status::kFailed : Status::kDone;
  while (status == Status::kDone && total < into.size) {
    size_t bytes = 0;
    const int result = SSL_read_early_data(ssl_.get(), into.data + total, into.size - total, &bytes);
    total += bytes;
    if (result == SSL_READ_EARLY_DATA_FINISH) status = Status::kEarlyDataOver;
    if (result == SSL_READ_EARLY_DATA_ERROR) status = Judge(0);
  }
  call.Produced(total);
  if (total > 0 && status != Status::kEarlyDataOver) status = Status::kDone;
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::WriteEarlyData(const Napi::CallbackInfo& info) {
  Span plaintext;
  if (!MayEnter(info.Env()) || !ReadPart(info, 0, &plaintext)) return info.Env().Undefined();
  Call call(this, {}, {});
  size_t bytes = 0;
  const Status status =
      failed_ ? Status::kFailed : Judge(SSL_write_early_data(ssl_.get(), plaintext.data, plaintext.size, &bytes));
  call.Produced(bytes);
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::Drain(const Napi::CallbackInfo& info) {
  Span out;
  if (!MayEnter(info.Env()) || !ReadSpan(info[0], &out)) return info.Env().Undefined();
  Call call(this, {}, out);
  return Napi::Number::New(info.Env(), static_cast<int>(Status::kDone));
}

Napi::Value Connection::Shutdown(const Napi::CallbackInfo& info) {
  if (!MayEnter(info.Env())) return info.Env().Undefined();
  Call call(this, {}, {});
  // RFC 8446 §6.1: close_notify ends this side's direction only; 0 means that the peer's is still open.
  const int result = failed_ ? 1 : SSL_shutdown(ssl_.get());
  const Status status = failed_ ? Status::kFailed : result >= 0 ? Status::kDone : Judge(result);
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::IssueTicket(const Napi::CallbackInfo& info) {
  if (!MayEnter(info.Env())) return info.Env().Undefined();
  Call call(this, {}, {});
  Status status = failed_ ? Status::kFailed : Status::kDone;
  if (status == Status::kDone) {
    status = SSL_new_session_ticket(ssl_.get()) == 1 ? Judge(SSL_do_handshake(ssl_.get())) : Refuse();
  }
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::RequestCertificate(const Napi::CallbackInfo& info) {
  if (!MayEnter(info.Env())) return info.Env().Undefined();
  Call call(this, {}, {});
  Status status = failed_ ? Status::kFailed : Status::kDone;
  if (status == Status::kDone) {
    certificate_answered_ = false;
    SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, TolerateForNow);
    SSL_set_msg_callback(ssl_.get(), OnMessage);
    status = SSL_verify_client_post_handshake(ssl_.get()) == 1 ? Judge(SSL_do_handshake(ssl_.get())) : Refuse();
  }
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Napi::Value Connection::UpdateKeys(const Napi::CallbackInfo& info) {
  if (!MayEnter(info.Env())) return info.Env().Undefined();
  Call call(this, {}, {});
  Status status = failed_ ? Status::kFailed : Status::kDone;
  if (status == Status::kDone) {
    const bool begun = SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1;
    status = begun ? Judge(SSL_do_handshake(ssl_.get())) : Refuse();
  }
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

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

Napi::Value Connection::Close(const Napi::CallbackInfo& info) {
  if (busy_) {
    MayEnter(info.Env());
    return info.Env().Undefined();
  }
  ssl_.reset();
  return info.Env().Undefined();
}

Connection* Connection::Of(const SSL* ssl) { return static_cast<Connection*>(SSL_get_ex_data(ssl, SslIndex())); }

bool Connection::MayEnter(Napi::Env env) const {
  if (ssl_ != nullptr && !busy_) return true;
  const char* why = busy_ ? "this TLS connection is in the middle of a call" : "this TLS connection is closed";
  Napi::Error::New(env, why).ThrowAsJavaScriptException();
  return false;
}

Status Connection::Judge(int result) {
  if (result > 0) return Status::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Status::kWantInput;
    case SSL_ERROR_ZERO_RETURN:
      return Status::kClosed;
    default:
      return Fail();
  }
}

Status Connection::Fail() {
  failed_ = true;
  failure_ = TakeFailure();
  const long verify_result = SSL_get_verify_result(ssl_.get());
  if (failure_.code == "ERR_SSL_CERTIFICATE_VERIFY_FAILED" && verify_result != X509_V_OK) {
    ExplainCertificate(&failure_, verify_result);
    if (!refused_fingerprint_.empty()) {
      failure_.certificate_text = "it has the fingerprint " + refused_fingerprint_ + ", which is not the pinned one";
    }
  }
  return Status::kFailed;
}

Status Connection::Refuse() {
  failure_ = TakeFailure();
  return Status::kRefused;
}

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

int Connection::OnClientHello(SSL* ssl, int*, void*) {
  const unsigned char* versions = nullptr;
  size_t bytes = 0;
  bool offered = false;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &versions, &bytes) == 1) {
    // RFC 8446 §4.2.1: one byte of length, then two bytes a version.
    for (size_t at = 1; at + 1 < bytes; at += 2) offered = offered || (versions[at] == 3 && versions[at + 1] == 4);
  }
  Of(ssl)->client_offers_tls13_ = offered;
  return SSL_CLIENT_HELLO_SUCCESS;
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
