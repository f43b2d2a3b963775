// What JavaScript passes in, checked and without copies.
#ifndef FTPS_TLS_ARGUMENTS_H_
#define FTPS_TLS_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ftps_tls {

// Bytes that JavaScript owns; valid until JavaScript runs again.
struct Span {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// Reads a Uint8Array (a Buffer is one). Throws a TypeError and gives false for anything else.
bool ReadSpan(const Napi::Value& value, Span* span);

// The part [from, to) of a Uint8Array, from three arguments. Throws a RangeError and gives false outside of it.
bool ReadPart(const Napi::CallbackInfo& info, size_t first, Span* span);

// Fields of an options object; missing ones are empty, 0 or false.
std::string TextField(const Napi::Object& options, const char* name);
std::vector<std::string> TextsField(const Napi::Object& options, const char* name);
std::vector<uint8_t> BytesField(const Napi::Object& options, const char* name);
uint32_t NumberField(const Napi::Object& options, const char* name);
bool FlagField(const Napi::Object& options, const char* name);

// A copy for JavaScript to keep.
Napi::Value CopyBytes(Napi::Env env, const uint8_t* data, size_t size);

}  // namespace ftps_tls

#endif  // FTPS_TLS_ARGUMENTS_H_
