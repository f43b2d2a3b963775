// The wire as OpenSSL sees it: a BIO over memory that the caller lends for the time of one call.
#ifndef FTPS_TLS_WIRE_H_
#define FTPS_TLS_WIRE_H_

#include <openssl/bio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ftps_tls {

// Ciphertext that came is read where it lies. Ciphertext to send goes into the lent buffer, and what does not fit
// there is kept until the next call: a write never blocks, so OpenSSL never stops in the middle of one.
class Wire {
 public:
  // Both stay the caller's; `GiveBack` must come before they may move.
  void Lend(const uint8_t* in, size_t in_bytes, uint8_t* out, size_t out_bytes);
  void GiveBack();

  size_t consumed() const { return in_at_; }
  size_t produced() const { return out_at_; }
  size_t kept() const { return kept_.size() - kept_at_; }

  // A new BIO over this wire, which must outlive it.
  BIO* NewBio();

 private:
  static BIO_METHOD* Method();
  static int ReadBio(BIO* bio, char* into, size_t bytes, size_t* read);
  static int WriteBio(BIO* bio, const char* from, size_t bytes, size_t* written);
  static long ControlBio(BIO* bio, int command, long number, void* pointer);

  void Append(const uint8_t* from, size_t bytes);

  const uint8_t* in_ = nullptr;
  size_t in_bytes_ = 0;
  size_t in_at_ = 0;
  uint8_t* out_ = nullptr;
  size_t out_bytes_ = 0;
  size_t out_at_ = 0;
  std::vector<uint8_t> kept_;
  size_t kept_at_ = 0;
};

}  // namespace ftps_tls

#endif  // FTPS_TLS_WIRE_H_
