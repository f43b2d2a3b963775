// The wire as OpenSSL sees it: a BIO over memory that the caller lends for the time of one call.
#include "wire.h"

#include <algorithm>
#include <cstring>

namespace ftps_tls {

void Wire::Lend(const uint8_t* in, size_t in_bytes, uint8_t* out, size_t out_bytes) {
  in_ = in;
  in_bytes_ = in_bytes;
  in_at_ = 0;
  out_ = out;
  out_bytes_ = out_bytes;
  out_at_ = std::min(kept(), out_bytes);
  if (out_at_ == 0) return;
  std::memcpy(out_, kept_.data() + kept_at_, out_at_);
  kept_at_ += out_at_;
  if (kept_at_ < kept_.size()) return;
  kept_.clear();
  kept_.shrink_to_fit();
  kept_at_ = 0;
}

void Wire::GiveBack() {
  in_ = nullptr;
  in_bytes_ = 0;
  out_ = nullptr;
  out_bytes_ = 0;
}

BIO* Wire::NewBio() {
  BIO* bio = BIO_new(Method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

BIO_METHOD* Wire::Method() {
  // One for the process: it has no state, and static initialisation is safe among threads.
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ftps-kit wire");
    BIO_meth_set_read_ex(made, ReadBio);
    BIO_meth_set_write_ex(made, WriteBio);
    BIO_meth_set_ctrl(made, ControlBio);
    return made;
  }();
  return method;
}

int Wire::ReadBio(BIO* bio, char* into, size_t bytes, size_t* read) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *read = std::min(bytes, wire->in_bytes_ - std::min(wire->in_at_, wire->in_bytes_));
  if (*read == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, wire->in_ + wire->in_at_, *read);
  wire->in_at_ += *read;
  return 1;
}

int Wire::WriteBio(BIO* bio, const char* from, size_t bytes, size_t* written) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  wire->Append(reinterpret_cast<const uint8_t*>(from), bytes);
  *written = bytes;
  return 1;
}

long Wire::ControlBio(BIO*, int command, long, void*) {
  // OpenSSL flushes before it goes on; there is nothing below to flush. Everything else is unknown, which is 0.
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void Wire::Append(const uint8_t* from, size_t bytes) {
  // What is kept goes first: nothing may overtake it.
  size_t fits = kept() > 0 ? 0 : std::min(bytes, out_bytes_ - std::min(out_at_, out_bytes_));
  if (fits > 0) {
    std::memcpy(out_ + out_at_, from, fits);
    out_at_ += fits;
  }
  kept_.insert(kept_.end(), from + fits, from + bytes);
}

}  // namespace ftps_tls
