#include "store/testing/wire_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

namespace bl::store::testing {
namespace {

// How libpq sends COMMIT: as the text of a Parse message.
constexpr std::string_view k_commit("\0commit\0", 8);

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void send_at_once(int socket_fd) {
  const int on = 1;
  setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

struct WireProxy::Wire {
  int client = -1;
  int server = -1;
  // Guarded by the proxy's mutex.
  bool is_ended = false;
  bool is_muted = false;  // the server's answers are read and dropped, then all is cut
  bool is_hung = false;   // swallows for itself
  bool has_lost_bytes = false;

  std::atomic<int> pumps{2};
  std::thread up, down;
};

WireProxy::WireProxy(int server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  BL_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BL_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  BL_CHECK(listen(listener_, 64) == 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

WireProxy::~WireProxy() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    for (auto& wire : wires_) end_locked(*wire);
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  close(listener_);
  for (auto& wire : wires_) {
    wire->up.join();
    wire->down.join();
    close(wire->client);
    close(wire->server);
  }
}

void WireProxy::set_mode(Mode mode, Plan plan) {
  const std::lock_guard lock(mutex_);
  mode_ = mode;
  plan_ = plan;
  pieces_ = 0;
  has_cut_ = false;
  for (auto& wire : wires_) {
    const bool is_broken = wire->has_lost_bytes && mode == Mode::forward;
    if (is_broken || mode == Mode::refuse) end_locked(*wire);
  }
}

void WireProxy::forward() {
  set_mode(Mode::forward, {});
}
void WireProxy::cut_at_piece(std::int64_t n, Where where) {
  set_mode(Mode::forward, {.piece = n, .where = where});
}
void WireProxy::cut_at_commit(Commit how, Then then) {
  set_mode(Mode::forward, {.commit = true, .how = how, .then = then});
}
void WireProxy::swallow() {
  set_mode(Mode::swallow, {});
}
void WireProxy::refuse() {
  set_mode(Mode::refuse, {});
}
void WireProxy::cut_all() {
  const std::lock_guard lock(mutex_);
  for (auto& wire : wires_) end_locked(*wire);
}

std::int64_t WireProxy::pieces() const {
  const std::lock_guard lock(mutex_);
  return pieces_;
}
bool WireProxy::has_cut() const {
  const std::lock_guard lock(mutex_);
  return has_cut_;
}

// Both pumps see the end; the sockets are closed when both are done.
void WireProxy::end_locked(Wire& wire) {
  if (wire.is_ended) return;
  wire.is_ended = true;
  shutdown(wire.client, SHUT_RDWR);
  shutdown(wire.server, SHUT_RDWR);
}

void WireProxy::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    std::erase_if(wires_, [](const auto& wire) {
      if (wire->pumps != 0) return false;
      wire->up.join();
      wire->down.join();
      close(wire->client);
      close(wire->server);
      return true;
    });
    if (is_over_) {
      if (client >= 0) close(client);
      return;
    }
    if (client < 0) continue;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(server_port_);
    if (mode_ == Mode::refuse ||
        connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(server);
      close(client);
      continue;
    }
    send_at_once(client);
    send_at_once(server);
    auto wire = std::make_unique<Wire>();
    wire->client = client;
    wire->server = server;
    Wire& made = *wire;
    wires_.push_back(std::move(wire));
    made.up = std::thread([this, &made] { pump_up(made); });
    made.down = std::thread([this, &made] { pump_down(made); });
  }
}

bool WireProxy::pass(Wire& wire, std::string_view bytes, std::size_t& passed) {
  const std::lock_guard lock(mutex_);
  passed = bytes.size();
  if (wire.is_hung || mode_ == Mode::swallow) {
    wire.has_lost_bytes = true;
    passed = 0;
    return true;
  }
  const std::int64_t piece = pieces_++;
  if (plan_.commit && bytes.find(k_commit) != std::string_view::npos) {
    plan_.commit = false;
    has_cut_ = true;
    if (plan_.then == Then::refuse) mode_ = Mode::refuse;
    wire.is_muted = plan_.how == Commit::kept;
    wire.is_hung = plan_.how == Commit::hung;
    wire.has_lost_bytes = true;
    if (plan_.how != Commit::kept) passed = 0;
    return plan_.how != Commit::lost;
  }
  if (piece != plan_.piece) return true;
  has_cut_ = true;
  if (plan_.where == Where::after) {
    wire.is_muted = true;
    return true;
  }
  passed = plan_.where == Where::half ? bytes.size() / 2 : 0;
  return false;
}

void WireProxy::pump_up(Wire& wire) {
  std::array<char, 64 << 10> bytes{};
  for (;;) {
    const ssize_t got = recv(wire.client, bytes.data(), bytes.size(), 0);
    if (got <= 0) break;
    std::size_t passed = 0;
    const bool goes_on =
        pass(wire, std::string_view(bytes.data(), static_cast<std::size_t>(got)), passed);
    if (!send_all(wire.server, std::string_view(bytes.data(), passed)) || !goes_on) break;
  }
  const std::lock_guard lock(mutex_);
  end_locked(wire);
  --wire.pumps;
}

void WireProxy::pump_down(Wire& wire) {
  std::array<char, 64 << 10> bytes{};
  for (;;) {
    const ssize_t got = recv(wire.server, bytes.data(), bytes.size(), 0);
    if (got <= 0) break;
    bool is_muted = false;
    bool is_swallowed = false;
    {
      const std::lock_guard lock(mutex_);
      is_muted = wire.is_muted;
      is_swallowed = wire.is_hung || mode_ == Mode::swallow;
      wire.has_lost_bytes = wire.has_lost_bytes || is_swallowed;
    }
    if (is_muted) break;
    if (is_swallowed) continue;
    if (!send_all(wire.client, std::string_view(bytes.data(), static_cast<std::size_t>(got)))) {
      break;
    }
  }
  const std::lock_guard lock(mutex_);
  // A hung connection stays so, whatever becomes of the server.
  if (!wire.is_hung) end_locked(wire);
  --wire.pumps;
}

}  // namespace bl::store::testing
