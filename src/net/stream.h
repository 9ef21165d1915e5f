#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/server.h"

/// The bytes under a connection: TCP, or TLS on it, with the type erased so that the heavy
/// templates are compiled once (stream.cc). Private to the server; I/O thread only.
namespace bl::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> k_task{};

/// One operation at a time. Nothing throws: a failure stands in `ec`.
class Stream {
 public:
  virtual ~Stream() = default;
  /// TLS: the handshake.
  virtual Task<void> start(boost::system::error_code& ec) = 0;
  /// At least one byte; 0 and asio::error::eof at the end of what the client sends.
  virtual Task<std::size_t> read(char* to, std::size_t bytes_max,
                                 boost::system::error_code& ec) = 0;
  /// All of `bytes`.
  virtual Task<void> write(std::string_view bytes, boost::system::error_code& ec) = 0;
  /// Says that nothing follows (TLS: close_notify, then FIN).
  virtual Task<void> finish(boost::system::error_code& ec) = 0;
  /// The operation under way ends with operation_aborted.
  virtual void cancel() = 0;
  /// False when the other side has closed, or is gone.
  virtual bool is_peer_there() = 0;
  /// Closes the socket; `reset` makes the client see an error.
  virtual void close(bool reset) = 0;
};

/// Certificate and key, read once.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// Errors: invalid, with the file.
  static Result<std::unique_ptr<TlsContext>> load(const TlsOptions& options);
  virtual const CertificateFacts& facts() const = 0;
};

/// `tls` may be null: plain TCP. A stream keeps what it needs of it.
std::unique_ptr<Stream> make_stream(Socket socket, TlsContext* tls);

}  // namespace bl::net
