// The calls that move a connection on: each lends memory to OpenSSL, and says at its end what was used and made.
#include <openssl/err.h>

#include "connection.h"

namespace ftps_tls {

namespace {

constexpr uint32_t kSessionsCame = 1;
constexpr uint32_t kKeyLinesCame = 2;
constexpr uint32_t kCertificateAnswered = 4;

// A client that was asked after the handshake may show a certificate that is refused, and the connection goes on:
// the refusal is told to who asked.
int TolerateForNow(int, X509_STORE_CTX*) { return 1; }

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

}  // namespace ftps_tls
