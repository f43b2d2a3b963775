// What the kernel still holds of what was sent on a socket.
#ifndef FTPS_TLS_SEND_QUEUE_H_
#define FTPS_TLS_SEND_QUEUE_H_

#include <napi.h>

namespace ftps_tls {

// (descriptor: number) -> bytes that the peer has not acknowledged; 0 where this system does not tell.
Napi::Value UnacknowledgedBytes(const Napi::CallbackInfo& info);

}  // namespace ftps_tls

#endif  // FTPS_TLS_SEND_QUEUE_H_
