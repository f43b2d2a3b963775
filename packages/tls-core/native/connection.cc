// One TLS connection without any I/O: how it is made, and how what OpenSSL says becomes a status.
#include "connection.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace ftps_tls {

namespace {

int SslIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

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
  if (lacks_extended_master_secret_) failure_.code = "ERR_SSL_NO_EXTENDED_MASTER_SECRET";
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

}  // namespace ftps_tls
