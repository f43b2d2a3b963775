// The addon's exports. It has no state of its own, so that every thread of JavaScript may load it.
#include <napi.h>
#include <openssl/crypto.h>

#include "connection.h"
#include "context.h"
#include "identity.h"
#include "send-queue.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Context", ftps_tls::Context::Define(env));
  exports.Set("Connection", ftps_tls::Connection::Define(env));
  exports.Set("readPfx", Napi::Function::New(env, ftps_tls::ReadPfx, "readPfx"));
  exports.Set("unacknowledgedBytes",
              Napi::Function::New(env, ftps_tls::UnacknowledgedBytes, "unacknowledgedBytes"));
  exports.Set("opensslMajor", static_cast<double>(OPENSSL_version_major()));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
