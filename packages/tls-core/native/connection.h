// One TLS connection without any I/O: ciphertext in and out by memory, one small status a call.
#ifndef FTPS_TLS_CONNECTION_H_
#define FTPS_TLS_CONNECTION_H_

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "context.h"
#include "errors.h"
#include "owned.h"
#include "session.h"
#include "wire.h"

namespace ftps_tls {

// What a call came to; native-binding.ts has the same numbers.
enum class Status : int {
  kDone = 0,
  // All ciphertext is used up and more is needed.
  kWantInput = 1,
  // The peer sent close_notify.
  kClosed = 2,
  // The connection is over; `takeError` says why.
  kFailed = 3,
  // No early data comes, or no more of it.
  kEarlyDataOver = 4,
  // Not possible now; the connection goes on, and `takeError` says why.
  kRefused = 5,
};

// JavaScript's `Connection`. Each method hands in the memory it may use; nothing of it is kept after the call. What
// OpenSSL tells by callbacks is collected and fetched by `takeEvents`; only the answer to "may this ticket resume?"
// is asked for in the middle of a call, and whoever answers cannot call into this connection meanwhile.
class Connection : public Napi::ObjectWrap<Connection> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Connection(const Napi::CallbackInfo& info);

  static void OnKeyLine(const SSL* ssl, const char* line);
  static void OnPinMismatch(const SSL* ssl, const Fingerprint& shown);
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);
  static SSL_SESSION* OnGetSession(SSL* ssl, const unsigned char* name, int bytes, int* copy);
  static int OnEarlyData(SSL* ssl, void*);
  static int OnClientHello(SSL* ssl, int* alert, void*);

 private:
  class Call;

  // Where `state` has what; native-binding.ts has the same order.
  enum StateField { kConsumed, kProduced, kToSend, kKept, kEvents, kStateFields };

  bool Configure(const Napi::Object& options);

  // (input, from, to, redeem?) -> Status
  Napi::Value Handshake(const Napi::CallbackInfo& info);
  // (input, from, to, into) -> Status
  Napi::Value Read(const Napi::CallbackInfo& info);
  // (input, from, to) -> Status
  Napi::Value Peek(const Napi::CallbackInfo& info);
  // (plaintext, from, to, out) -> Status
  Napi::Value Write(const Napi::CallbackInfo& info);
  // (input, from, to, into, redeem) -> Status
  Napi::Value ReadEarlyData(const Napi::CallbackInfo& info);
  // (plaintext, from, to) -> Status
  Napi::Value WriteEarlyData(const Napi::CallbackInfo& info);
  // (out) -> Status
  Napi::Value Drain(const Napi::CallbackInfo& info);
  // () -> Status
  Napi::Value Shutdown(const Napi::CallbackInfo& info);
  Napi::Value IssueTicket(const Napi::CallbackInfo& info);
  Napi::Value RequestCertificate(const Napi::CallbackInfo& info);
  Napi::Value UpdateKeys(const Napi::CallbackInfo& info);

  Napi::Value TakeEvents(const Napi::CallbackInfo& info);
  Napi::Value TakeError(const Napi::CallbackInfo& info);
  Napi::Value Summary(const Napi::CallbackInfo& info);
  // () -> DER certificates, leaf first, as the peer showed them
  Napi::Value PeerChain(const Napi::CallbackInfo& info);
  // () -> { chain: DER certificates, reason?: string, text?: string } of what a client showed after the handshake
  Napi::Value VerifiedPeer(const Napi::CallbackInfo& info);
  // (length, label, context) -> bytes
  Napi::Value ExportKeyingMaterial(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  static Connection* Of(const SSL* ssl);
  static void OnMessage(int write, int version, int type, const void* data, size_t bytes, SSL* ssl, void*);

  // Whether a call may go into OpenSSL now; throws where not.
  bool MayEnter(Napi::Env env) const;
  bool IsTls13() const { return SSL_version(ssl_.get()) == TLS1_3_VERSION; }
  // The status for what an OpenSSL function returned.
  Status Judge(int result);
  Status Fail();
  Status Refuse();
  SSL_SESSION* Redeem(const unsigned char* name, int bytes);

  // Before `ssl_`, which refers to both while it is freed.
  std::shared_ptr<const Settings> settings_;
  Wire wire_;
  SslOwner ssl_;
  // Shared with JavaScript: consumed, produced, to send, still kept, events.
  Napi::Reference<Napi::Uint32Array> state_;
  uint32_t* state_data_ = nullptr;
  bool busy_ = false;
  bool failed_ = false;
  Failure failure_;
  // Of a server whose certificate is not the pinned one.
  std::string refused_fingerprint_;
  std::vector<SessionEvent> sessions_;
  std::vector<std::string> key_lines_;
  // Only during a call.
  const Napi::Function* redeem_ = nullptr;
  bool may_take_early_data_ = false;
  bool client_offers_tls13_ = false;
  bool lacks_extended_master_secret_ = false;
  bool certificate_answered_ = false;
};

}  // namespace ftps_tls

#endif  // FTPS_TLS_CONNECTION_H_
