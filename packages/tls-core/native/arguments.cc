// What JavaScript passes in, checked and without copies.
#include "arguments.h"

namespace ftps_tls {

bool ReadSpan(const Napi::Value& value, Span* span) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  const bool typed = value.IsTypedArray() && napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr,
                                                                       nullptr) == napi_ok;
  if (!typed || type != napi_uint8_array) {
    Napi::TypeError::New(value.Env(), "a Uint8Array is needed here").ThrowAsJavaScriptException();
    return false;
  }
  span->data = static_cast<uint8_t*>(data);
  span->size = length;
  return true;
}

bool ReadPart(const Napi::CallbackInfo& info, size_t first, Span* span) {
  Span whole;
  if (!ReadSpan(info[first], &whole)) return false;
  const int64_t from = info[first + 1].IsNumber() ? info[first + 1].As<Napi::Number>().Int64Value() : -1;
  const int64_t to = info[first + 2].IsNumber() ? info[first + 2].As<Napi::Number>().Int64Value() : -1;
  if (from < 0 || to < from || static_cast<uint64_t>(to) > whole.size) {
    Napi::RangeError::New(info.Env(), "these bounds are outside of the buffer").ThrowAsJavaScriptException();
    return false;
  }
  span->data = whole.size == 0 ? nullptr : whole.data + from;
  span->size = static_cast<size_t>(to - from);
  return true;
}

std::string TextField(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::vector<std::string> TextsField(const Napi::Object& options, const char* name) {
  std::vector<std::string> texts;
  const Napi::Value value = options.Get(name);
  if (!value.IsArray()) return texts;
  const auto list = value.As<Napi::Array>();
  for (uint32_t at = 0; at < list.Length(); ++at) {
    const Napi::Value item = list.Get(at);
    if (item.IsString()) texts.push_back(item.As<Napi::String>().Utf8Value());
  }
  return texts;
}

std::vector<uint8_t> BytesField(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  Span span;
  if (!value.IsTypedArray() || !ReadSpan(value, &span)) return {};
  return std::vector<uint8_t>(span.data, span.data + span.size);
}

uint32_t NumberField(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Uint32Value() : 0;
}

bool FlagField(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsBoolean() && value.As<Napi::Boolean>().Value();
}

Napi::Value CopyBytes(Napi::Env env, const uint8_t* data, size_t size) {
  return Napi::Buffer<uint8_t>::Copy(env, data, size);
}

}  // namespace ftps_tls
