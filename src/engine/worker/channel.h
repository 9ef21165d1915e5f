#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "engine/worker/protocol.h"

/// Frames over a socket. Private to this folder.
namespace bl::engine {

/// Asked while there is nothing to send or to read, about twenty times a second; an error ends the
/// wait with it.
using Patience = std::function<Result<void>()>;

/// Owns its socket. One thread reads; any thread sends.
class Channel {
 public:
  Channel(int socket, FrameLimits limits);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Errors: io (the other end is gone), and those of `patience`; after one the stream is torn.
  Result<void> send(FrameKind kind, std::string_view payload, const Patience& patience = {});
  /// nullopt: the other end is gone. Errors: those of FrameParser and of `patience`.
  Result<std::optional<Frame>> receive(const Patience& patience = {});

 private:
  Result<void> wait(short events, const Patience& patience);
  Result<void> send_all(std::string_view bytes, const Patience& patience);

  const int socket_;
  std::mutex sending_;
  FrameParser parser_;
};

}  // namespace bl::engine
