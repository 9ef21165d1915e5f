#include "net/stream.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace bl::net {
namespace {

using boost::system::error_code;

class Context final : public TlsContext {
 public:
  const CertificateFacts& facts() const override { return read; }
  asio::ssl::context context{asio::ssl::context::tls_server};
  CertificateFacts read;
};

void close_socket(Socket& socket, bool reset) {
  error_code ignored;
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// Sees the end also behind bytes that nobody has read.
bool is_open_at_peer(Socket& socket) {
  pollfd waits{socket.native_handle(), POLLRDHUP, 0};
  return poll(&waits, 1, 0) <= 0 || (waits.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  Task<void> start(error_code& ec) override {
    ec = {};
    co_return;
  }
  Task<std::size_t> read(char* to, std::size_t bytes_max, error_code& ec) override {
    return socket_.async_read_some(asio::buffer(to, bytes_max), asio::redirect_error(k_task, ec));
  }
  Task<void> write(std::string_view bytes, error_code& ec) override {
    // Most answers fit into the kernel's buffer: only what does not is waited for.
    while (!bytes.empty()) {
      const std::size_t sent = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
      bytes.remove_prefix(sent);
      if (ec == asio::error::would_block) break;
      if (ec) co_return;
    }
    if (bytes.empty()) co_return;
    co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(k_task, ec));
  }
  Task<void> finish(error_code& ec) override {
    socket_.shutdown(Socket::shutdown_send, ec);
    co_return;
  }
  void cancel() override {
    error_code ignored;
    socket_.cancel(ignored);
  }
  bool is_peer_there() override { return is_open_at_peer(socket_); }
  void close(bool reset) override { close_socket(socket_, reset); }

 private:
  Socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  Task<void> start(error_code& ec) override {
    return stream_.async_handshake(asio::ssl::stream_base::server,
                                   asio::redirect_error(k_task, ec));
  }
  Task<std::size_t> read(char* to, std::size_t bytes_max, error_code& ec) override {
    std::size_t bytes = co_await stream_.async_read_some(asio::buffer(to, bytes_max),
                                                         asio::redirect_error(k_task, ec));
    // A client that ends without close_notify has ended.
    if (ec == asio::ssl::error::stream_truncated) ec = asio::error::eof;
    co_return bytes;
  }
  Task<void> write(std::string_view bytes, error_code& ec) override {
    co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(k_task, ec));
  }
  Task<void> finish(error_code& ec) override {
    co_await stream_.async_shutdown(asio::redirect_error(k_task, ec));
    stream_.next_layer().shutdown(Socket::shutdown_send, ec);
  }
  void cancel() override {
    error_code ignored;
    stream_.next_layer().cancel(ignored);
  }
  bool is_peer_there() override { return is_open_at_peer(stream_.next_layer()); }
  void close(bool reset) override { close_socket(stream_.next_layer(), reset); }

 private:
  asio::ssl::stream<Socket> stream_;
};

// We speak HTTP/1.1 only; a client that offers other protocols beside it must pick that.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes,
                    const unsigned char* in, unsigned int in_bytes, void*) {
  static constexpr unsigned char k_http11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  int found =
      SSL_select_next_proto(&chosen, out_bytes, k_http11, sizeof k_http11 - 1, in, in_bytes);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Timestamp timestamp_of(const ASN1_TIME* time) {
  std::tm parts{};
  BL_CHECK(ASN1_TIME_to_tm(time, &parts) == 1);  // parsed with the certificate
  return Timestamp::from_seconds(timegm(&parts));
}

std::string public_key_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int der_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  BL_CHECK(der_bytes > 0);
  unsigned char digest[32];
  BL_CHECK(EVP_Digest(der, static_cast<std::size_t>(der_bytes), digest, nullptr, EVP_sha256(),
                      nullptr) == 1);
  OPENSSL_free(der);
  unsigned char base64[45];  // 44 characters and a NUL
  const int written = EVP_EncodeBlock(base64, digest, sizeof digest);
  return {reinterpret_cast<const char*>(base64), static_cast<std::size_t>(written)};
}

CertificateFacts facts_of(SSL_CTX* context) {
  X509* certificate = SSL_CTX_get0_certificate(context);
  return {timestamp_of(X509_get0_notBefore(certificate)),
          timestamp_of(X509_get0_notAfter(certificate)), public_key_sha256(certificate)};
}

}  // namespace

Result<CertificateFacts> read_certificate(const TlsOptions& options) {
  BL_TRY(const std::unique_ptr<TlsContext> context, TlsContext::load(options));
  return context->facts();
}

Result<std::unique_ptr<TlsContext>> TlsContext::load(const TlsOptions& options) {
  auto loaded = std::make_unique<Context>();
  asio::ssl::context& context = loaded->context;
  error_code ec;
  context.use_certificate_chain_file(options.certificate_file, ec);
  if (ec) {
    return Error(Code::invalid, "the TLS certificate cannot be read (" + ec.message() +
                                    "): " + options.certificate_file);
  }
  context.use_private_key_file(options.key_file, asio::ssl::context::pem, ec);
  if (ec) {
    return Error(Code::invalid,
                 "the TLS key cannot be read (" + ec.message() + "): " + options.key_file);
  }
  SSL_CTX* handle = context.native_handle();
  if (SSL_CTX_check_private_key(handle) != 1) {
    return Error(Code::invalid, "the TLS key is not the certificate's: " + options.key_file);
  }
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(handle, select_protocol, nullptr);
  loaded->read = facts_of(handle);
  return std::unique_ptr<TlsContext>(std::move(loaded));
}

std::unique_ptr<Stream> make_stream(Socket socket, TlsContext* tls) {
  if (!tls) return std::make_unique<PlainStream>(std::move(socket));
  return std::make_unique<TlsStream>(std::move(socket), static_cast<Context*>(tls)->context);
}

}  // namespace bl::net
