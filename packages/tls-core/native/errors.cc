// OpenSSL's error queue as one value, named the way Node names such errors.
#include "errors.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cctype>

namespace ftps_tls {

namespace {

std::string UpperCaseName(const char* text) {
  std::string name;
  for (const char* at = text; *at != '\0'; ++at) {
    auto byte = static_cast<unsigned char>(*at);
    name.push_back(std::isalnum(byte) ? static_cast<char>(std::toupper(byte)) : '_');
  }
  return name;
}

const char* VerifyName(long result) {
#define FTPS_NAME(name) \
  case X509_V_ERR_##name: \
    return #name;
  switch (result) {
    FTPS_NAME(UNABLE_TO_GET_ISSUER_CERT)
    FTPS_NAME(UNABLE_TO_GET_CRL)
    FTPS_NAME(UNABLE_TO_DECRYPT_CERT_SIGNATURE)
    FTPS_NAME(UNABLE_TO_DECRYPT_CRL_SIGNATURE)
    FTPS_NAME(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY)
    FTPS_NAME(CERT_SIGNATURE_FAILURE)
    FTPS_NAME(CRL_SIGNATURE_FAILURE)
    FTPS_NAME(CERT_NOT_YET_VALID)
    FTPS_NAME(CERT_HAS_EXPIRED)
    FTPS_NAME(CRL_NOT_YET_VALID)
    FTPS_NAME(CRL_HAS_EXPIRED)
    FTPS_NAME(ERROR_IN_CERT_NOT_BEFORE_FIELD)
    FTPS_NAME(ERROR_IN_CERT_NOT_AFTER_FIELD)
    FTPS_NAME(ERROR_IN_CRL_LAST_UPDATE_FIELD)
    FTPS_NAME(ERROR_IN_CRL_NEXT_UPDATE_FIELD)
    FTPS_NAME(OUT_OF_MEM)
    FTPS_NAME(DEPTH_ZERO_SELF_SIGNED_CERT)
    FTPS_NAME(SELF_SIGNED_CERT_IN_CHAIN)
    FTPS_NAME(UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
    FTPS_NAME(UNABLE_TO_VERIFY_LEAF_SIGNATURE)
    FTPS_NAME(CERT_CHAIN_TOO_LONG)
    FTPS_NAME(CERT_REVOKED)
    FTPS_NAME(PATH_LENGTH_EXCEEDED)
    FTPS_NAME(INVALID_PURPOSE)
    FTPS_NAME(CERT_UNTRUSTED)
    FTPS_NAME(CERT_REJECTED)
    FTPS_NAME(INVALID_CA)
    FTPS_NAME(EE_KEY_TOO_SMALL)
    FTPS_NAME(CA_KEY_TOO_SMALL)
    FTPS_NAME(CA_MD_TOO_WEAK)
    // Node's name for both, so that one check serves both engines.
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "ERR_TLS_CERT_ALTNAME_INVALID";
    // The only check of ours that is not OpenSSL's.
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return "PIN_MISMATCH";
    default:
      return nullptr;
  }
#undef FTPS_NAME
}

}  // namespace

Failure TakeFailure() {
  Failure failure;
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) {
    failure.code = "ERR_SSL_UNKNOWN";
    failure.text = "OpenSSL failed without saying why";
    return failure;
  }
  const char* reason = ERR_reason_error_string(error);
  const std::string prefix = ERR_GET_LIB(error) == ERR_LIB_SSL ? "ERR_SSL_" : "ERR_OSSL_";
  if (reason != nullptr) {
    failure.code = prefix + UpperCaseName(reason);
    failure.text = reason;
  } else if (ERR_GET_REASON(error) == SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL) {
    // OpenSSL 3.0 has no text for this alert of RFC 7301 §3.2.
    failure.code = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";
    failure.text = "tlsv1 alert no application protocol";
  } else {
    failure.code = prefix + "REASON_" + std::to_string(ERR_GET_REASON(error));
    failure.text = "OpenSSL reason " + std::to_string(ERR_GET_REASON(error));
  }
  return failure;
}

void ExplainCertificate(Failure* failure, long verify_result) {
  const char* name = VerifyName(verify_result);
  failure->certificate_text = X509_verify_cert_error_string(verify_result);
  failure->certificate_reason = name != nullptr ? name : UpperCaseName(failure->certificate_text.c_str());
}

Napi::Value ToError(Napi::Env env, const Failure& failure) {
  Napi::Object error = Napi::Error::New(env, failure.text).Value();
  error.Set("code", failure.code);
  if (!failure.certificate_reason.empty()) {
    error.Set("certificateReason", failure.certificate_reason);
    error.Set("certificateText", failure.certificate_text);
  }
  return error;
}

void Throw(Napi::Env env, const Failure& failure) {
  napi_throw(env, ToError(env, failure));
}

}  // namespace ftps_tls
