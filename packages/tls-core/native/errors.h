// OpenSSL's error queue as one value, named the way Node names such errors.
#ifndef FTPS_TLS_ERRORS_H_
#define FTPS_TLS_ERRORS_H_

#include <napi.h>

#include <string>

namespace ftps_tls {

struct Failure {
  // `ERR_SSL_…` or `ERR_OSSL_…`.
  std::string code;
  std::string text;
  // Where the peer's certificate was the reason: OpenSSL's name without X509_V_ERR_, and its words.
  std::string certificate_reason;
  std::string certificate_text;
};

// Takes the first error of this thread's queue, which is the cause of the others, and empties it.
Failure TakeFailure();

// Adds why a certificate was refused.
void ExplainCertificate(Failure* failure, long verify_result);

// An Error with `code`, and `certificateReason` where there is one.
Napi::Value ToError(Napi::Env env, const Failure& failure);

// Throws the failure into JavaScript.
void Throw(Napi::Env env, const Failure& failure);

}  // namespace ftps_tls

#endif  // FTPS_TLS_ERRORS_H_
