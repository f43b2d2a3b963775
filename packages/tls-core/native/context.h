// What the connections of one side have in common: an SSL_CTX and the settings its callbacks read.
#ifndef FTPS_TLS_CONTEXT_H_
#define FTPS_TLS_CONTEXT_H_

#include <napi.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "errors.h"
#include "identity.h"
#include "owned.h"

namespace ftps_tls {

using Fingerprint = std::array<uint8_t, 32>;

// Shared by a context and its connections, so that it lives as long as the last of them; never changed after it is made.
struct Settings {
  bool server = false;
  // RFC 7301 §3.1: names with their lengths before them.
  std::vector<unsigned char> alpn;
  std::vector<Fingerprint> pins;
  std::vector<Identity> identities;
  ContextOwner ssl_context;
};

// JavaScript's `Context`; its constructor takes the options named in native-binding.ts.
class Context : public Napi::ObjectWrap<Context> {
 public:
  static Napi::Function Define(Napi::Env env);
  // The settings of `value`, or nothing where it is no Context.
  static std::shared_ptr<const Settings> SettingsOf(const Napi::Value& value);

  explicit Context(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace ftps_tls

#endif  // FTPS_TLS_CONTEXT_H_
