#include "engine/worker/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace bl::engine {
namespace {
constexpr int k_look_ms = 50;
constexpr std::size_t k_piece_bytes = 256u << 10;
}  // namespace

Channel::Channel(int socket, FrameLimits limits) : socket_(socket), parser_(limits) {
  fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

Channel::~Channel() {
  close(socket_);
}

Result<void> Channel::wait(short events, const Patience& patience) {
  pollfd waits{socket_, events, 0};
  const int ready = poll(&waits, 1, patience ? k_look_ms : -1);
  if (ready == 0 && patience) return patience();
  return {};
}

Result<void> Channel::send_all(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      BL_RETURN_IF_ERROR(wait(POLLOUT, patience));
    } else if (errno != EINTR) {
      return Error{Code::io, "the other end of a query is gone"};
    }
  }
  return {};
}

Result<void> Channel::send(FrameKind kind, std::string_view payload, const Patience& patience) {
  const std::lock_guard lock(sending_);
  BL_RETURN_IF_ERROR(send_all(frame_head(kind, payload.size()), patience));
  return send_all(payload, patience);
}

Result<std::optional<Frame>> Channel::receive(const Patience& patience) {
  std::string piece(k_piece_bytes, '\0');
  while (true) {
    BL_TRY(std::optional<Frame> frame, parser_.next());
    if (frame) return frame;
    // recv, not read: the kernel counts what is read of files (Statistics::bytes_read).
    const ssize_t got = recv(socket_, piece.data(), piece.size(), 0);
    if (got > 0) {
      parser_.feed({piece.data(), static_cast<std::size_t>(got)});
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      BL_RETURN_IF_ERROR(wait(POLLIN, patience));
    } else if (got == 0 || errno != EINTR) {
      return std::optional<Frame>();
    }
  }
}

}  // namespace bl::engine
