#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

/// A TCP proxy on 127.0.0.1 between the PostgreSQL driver and a real server, which breaks
/// connections at chosen moments.
namespace bl::store::testing {

class WireProxy {
 public:
  explicit WireProxy(int server_port);
  ~WireProxy();
  WireProxy(const WireProxy&) = delete;
  WireProxy& operator=(const WireProxy&) = delete;

  int port() const { return port_; }

  /// Everything passes, from now on. Connections that lost bytes are closed.
  void forward();
  /// Where a connection is cut, of what its client has just sent.
  enum class Where : unsigned char {
    before,  ///< none of it reaches the server
    half,    ///< its first half does
    after,   ///< all of it does; nothing of the answer reaches the client
  };
  /// Cuts the connection that sends the n-th piece from here on, 0 the next. A piece is what one
  /// read of the client's bytes gives.
  void cut_at_piece(std::int64_t n, Where where);
  enum class Commit : unsigned char {
    lost,  ///< COMMIT does not reach the server
    kept,  ///< the server has answered it; the client is not told
    hung,  ///< COMMIT does not reach the server, and neither side is told
  };
  enum class Then : unsigned char { forward, refuse };
  /// Cuts the connection that sends the next COMMIT; `refuse`: and makes no new ones after that.
  void cut_at_commit(Commit how, Then then = Then::forward);
  /// Swallows what either side sends, and connects nobody. Connections stay open.
  void swallow();
  /// Closes all connections, and new ones at once.
  void refuse();
  /// Closes the connections that there are.
  void cut_all();

  /// Pieces since the last cut_at_piece() or forward().
  std::int64_t pieces() const;
  /// Whether a planned cut came to pass since it was planned.
  bool has_cut() const;

 private:
  struct Wire;
  enum class Mode : unsigned char { forward, swallow, refuse };
  struct Plan {
    std::int64_t piece = -1;  // none
    Where where = Where::before;
    bool commit = false;
    Commit how = Commit::lost;
    Then then = Then::forward;
  };

  void accept_all();
  void pump_up(Wire& wire);
  void pump_down(Wire& wire);
  /// What of these bytes goes on; false: the connection is to be cut after it.
  bool pass(Wire& wire, std::string_view bytes, std::size_t& passed);
  void end_locked(Wire& wire);
  void set_mode(Mode mode, Plan plan);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  Mode mode_ = Mode::forward;
  Plan plan_;
  std::int64_t pieces_ = 0;
  bool has_cut_ = false;
  bool is_over_ = false;
  std::vector<std::unique_ptr<Wire>> wires_;

  std::thread accepting_;
};

}  // namespace bl::store::testing
