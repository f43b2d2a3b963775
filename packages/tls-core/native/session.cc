// TLS sessions as bytes: what a store keeps of a ticket, and how a session comes back from it.
#include "session.h"

#include <openssl/err.h>

namespace ftps_tls {

bool DescribeSession(SSL* ssl, SSL_SESSION* session, SessionEvent* event) {
  if (SSL_SESSION_is_resumable(session) != 1) return false;
  unsigned int name_bytes = 0;
  const unsigned char* name = SSL_SESSION_get_id(session, &name_bytes);
  event->name.assign(name, name + name_bytes);
  const int bytes = i2d_SSL_SESSION(session, nullptr);
  if (bytes <= 0) return false;
  event->session.resize(static_cast<size_t>(bytes));
  unsigned char* at = event->session.data();
  i2d_SSL_SESSION(session, &at);
  event->tls13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;
  event->lifetime_seconds = static_cast<uint32_t>(SSL_SESSION_get_ticket_lifetime_hint(session));
  event->max_early_data = SSL_SESSION_get_max_early_data(session);
  event->names_peer = SSL_is_server(ssl) == 1 && SSL_SESSION_get0_peer(session) != nullptr;
  // RFC 8446 §4.6.1: a lifetime of zero means that the ticket is to be discarded at once.
  return SSL_is_server(ssl) == 1 || !event->tls13 || event->lifetime_seconds > 0;
}

SessionOwner ReviveSession(const Span& bytes) {
  const unsigned char* at = bytes.data;
  SessionOwner session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(bytes.size)));
  // The caller's own error is told better than ASN.1's.
  if (session == nullptr) ERR_clear_error();
  return session;
}

Napi::Value ToObject(Napi::Env env, const SessionEvent& event) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", CopyBytes(env, event.name.data(), event.name.size()));
  object.Set("session", CopyBytes(env, event.session.data(), event.session.size()));
  object.Set("lifetimeSeconds", event.lifetime_seconds);
  object.Set("maxEarlyDataBytes", event.max_early_data);
  object.Set("tls13", event.tls13);
  object.Set("namesPeer", event.names_peer);
  return object;
}

}  // namespace ftps_tls
