#include "net/tls_channel.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace gavel::net {
namespace {

// What one record carries at most.
constexpr std::size_t kRecordBytes = 16 * 1024;

// Bytes that are appended at the end and taken from the front.
class Queue {
 public:
  std::string_view view() const { return std::string_view(bytes_).substr(begin_); }
  std::size_t size() const { return bytes_.size() - begin_; }

  void append(std::string_view bytes) {
    if (begin_ > bytes_.size() / 2) {
      bytes_.erase(0, begin_);
      begin_ = 0;
    }
    bytes_ += bytes;
  }
  void drop(std::size_t size) {
    begin_ += size;
    if (begin_ < bytes_.size()) return;
    begin_ = 0;
    bytes_ = std::string();  // most of the time it is empty: an idle connection holds no memory
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace

struct TlsChannel::Impl {
  std::shared_ptr<const TlsContext> context;
  SSL* ssl = nullptr;
  State state = State::handshake;
  Queue in;
  Queue out;
  std::string_view fault;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { SSL_free(ssl); }

  void fail() {
    if (state == State::failed) return;
    state = State::failed;
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    fault = reason == nullptr ? "the connection broke off" : reason;
  }

  // The ends of OpenSSL: it takes from `in` and puts into `out`.
  static int take(BIO* bio, char* data, int size) {
    auto* const self = static_cast<Impl*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::string_view bytes = self->in.view();
    if (bytes.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(bytes.size(), static_cast<std::size_t>(size));
    std::memcpy(data, bytes.data(), taken);
    self->in.drop(taken);
    return static_cast<int>(taken);
  }
  static int put(BIO* bio, const char* data, int size) {
    auto* const self = static_cast<Impl*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (self->out.size() > 2 * kOutBytesMax) return -1;  // no retry: the channel fails
    self->out.append({data, static_cast<std::size_t>(size)});
    return size;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* const it = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "gavel");
      if (it == nullptr) std::abort();
      BIO_meth_set_read(it, take);
      BIO_meth_set_write(it, put);
      BIO_meth_set_ctrl(it, control);
      BIO_meth_set_create(it, create);
      return it;
    }();
    return made;
  }
};

TlsChannel::TlsChannel(std::shared_ptr<const TlsContext> context, const std::string& server_name)
    : impl_(std::make_unique<Impl>()) {
  impl_->context = std::move(context);
  impl_->ssl = SSL_new(impl_->context->handle());
  BIO* const bio = BIO_new(Impl::method());
  if (impl_->ssl == nullptr || bio == nullptr) std::abort();  // out of memory
  BIO_set_data(bio, impl_.get());
  SSL_set_bio(impl_->ssl, bio, bio);
  if (impl_->context->role() == TlsContext::Role::server) {
    SSL_set_accept_state(impl_->ssl);
    return;
  }
  SSL_set_connect_state(impl_->ssl);
  if (server_name.empty()) return;
  // An address is no name for SNI, and is looked for elsewhere in a certificate.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(impl_->ssl), server_name.c_str()) != 1) {
    SSL_set_tlsext_host_name(impl_->ssl, server_name.c_str());
    SSL_set1_host(impl_->ssl, server_name.c_str());
  }
  ERR_clear_error();
}

TlsChannel::TlsChannel(TlsChannel&&) noexcept = default;
TlsChannel& TlsChannel::operator=(TlsChannel&&) noexcept = default;
TlsChannel::~TlsChannel() = default;

TlsChannel::State TlsChannel::state() const { return impl_->state; }
void TlsChannel::feed(std::string_view cipher) { impl_->in.append(cipher); }

TlsChannel::Read TlsChannel::read(char* out, std::size_t size) {
  Read result;
  ReadStatus end = ReadStatus::need_input;
  while (result.bytes < size) {
    if (impl_->state == State::failed) {
      end = ReadStatus::failed;
      break;
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int good = SSL_read_ex(impl_->ssl, out + result.bytes, size - result.bytes, &got);
    if (impl_->state == State::handshake && SSL_is_init_finished(impl_->ssl) == 1) {
      impl_->state = State::open;
    }
    if (good == 1) {
      result.bytes += got;
      continue;
    }
    const int error = SSL_get_error(impl_->ssl, good);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      impl_->state = State::closed;
      end = ReadStatus::closed;
      break;
    }
    impl_->fail();
  }
  // What came before an end is handed out first; the next call tells of the end.
  result.status = result.bytes > 0 ? ReadStatus::ok : end;
  result.more = result.bytes > 0 && (result.bytes == size || end != ReadStatus::need_input);
  ERR_clear_error();
  return result;
}

std::size_t TlsChannel::write(const iovec* parts, int count) {
  std::size_t written = 0;
  char gathered[kRecordBytes];
  std::size_t offset = 0;  // in the first of `parts`
  while (count > 0 && impl_->out.size() < kOutBytesMax) {
    if (impl_->state != State::open && impl_->state != State::closed) break;
    // A record of one piece where a part is large enough, else of as many parts as fill one.
    const char* record = static_cast<const char*>(parts->iov_base) + offset;
    std::size_t size = std::min(parts->iov_len - offset, kRecordBytes);
    const bool alone = size == kRecordBytes || count == 1;
    if (!alone) size = 0;
    while (!alone && count > 0 && size < kRecordBytes) {
      const std::size_t more = std::min(parts->iov_len - offset, kRecordBytes - size);
      if (more != 0) {
        std::memcpy(gathered + size, static_cast<const char*>(parts->iov_base) + offset, more);
      }
      size += more;
      offset += more;
      if (offset < parts->iov_len) break;
      ++parts;
      --count;
      offset = 0;
    }
    if (alone) {
      offset += size;
      if (offset == parts->iov_len) {
        ++parts;
        --count;
        offset = 0;
      }
    } else {
      record = gathered;
    }
    if (size == 0) continue;  // an empty record would only make work
    ERR_clear_error();
    std::size_t taken = 0;
    if (SSL_write_ex(impl_->ssl, record, size, &taken) != 1) {
      impl_->fail();
      ERR_clear_error();
      break;
    }
    written += taken;
  }
  return written;
}

void TlsChannel::shutdown() {
  if (impl_->state != State::open && impl_->state != State::closed) return;
  ERR_clear_error();
  SSL_shutdown(impl_->ssl);
  ERR_clear_error();
}

std::string_view TlsChannel::output() const { return impl_->out.view(); }
void TlsChannel::sent(std::size_t bytes) { impl_->out.drop(bytes); }

std::string_view TlsChannel::version() const { return SSL_get_version(impl_->ssl); }
std::string_view TlsChannel::fault() const { return impl_->fault; }

}  // namespace gavel::net
