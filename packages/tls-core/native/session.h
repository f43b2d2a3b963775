// TLS sessions as bytes: what a store keeps of a ticket, and how a session comes back from it.
#ifndef FTPS_TLS_SESSION_H_
#define FTPS_TLS_SESSION_H_

#include <napi.h>

#include <cstdint>
#include <vector>

#include "arguments.h"
#include "owned.h"

namespace ftps_tls {

// A session that may be resumed: one that a server issued, or one that came to a client.
struct SessionEvent {
  // What the ticket (TLS 1.2: the session id) carries; a server's key into its store.
  std::vector<uint8_t> name;
  std::vector<uint8_t> session;
  // As the server announced it; 0 where it did not (TLS 1.2).
  uint32_t lifetime_seconds = 0;
  uint32_t max_early_data = 0;
  bool tls13 = false;
  // Whether the client showed a certificate in it (server).
  bool names_peer = false;
};

// Serialises a session. False where there is nothing to resume in it.
bool DescribeSession(SSL* ssl, SSL_SESSION* session, SessionEvent* event);

// The session that these bytes are, or nothing where they are none.
SessionOwner ReviveSession(const Span& bytes);

Napi::Value ToObject(Napi::Env env, const SessionEvent& event);

}  // namespace ftps_tls

#endif  // FTPS_TLS_SESSION_H_
