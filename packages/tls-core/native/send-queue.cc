// Asks the kernel for its send queue: Linux and macOS tell of it, each in a way of its own.
#include "send-queue.h"

#if defined(__linux__)
#include <linux/sockios.h>
#include <sys/ioctl.h>
#elif defined(__APPLE__)
#include <sys/socket.h>
#endif

namespace ftps_tls {

Napi::Value UnacknowledgedBytes(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(env, "a descriptor is a number").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  int bytes = 0;
#if defined(__linux__)
  // tcp(7), SIOCOUTQ: "Returns the amount of unsent data in the socket send queue", what is not acknowledged included.
  if (ioctl(info[0].As<Napi::Number>().Int32Value(), SIOCOUTQ, &bytes) != 0) bytes = 0;
#elif defined(__APPLE__)
  socklen_t size = sizeof(bytes);
  if (getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_NWRITE, &bytes, &size) != 0) bytes = 0;
#endif
  return Napi::Number::New(env, bytes);
}

}  // namespace ftps_tls
