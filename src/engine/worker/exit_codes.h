#pragma once

/// How a worker says why it ends where it can say nothing else. Private to this folder.
namespace bl::engine {

inline constexpr int k_exit_done = 0;
inline constexpr int k_exit_torn = 70;    ///< the server is gone, or breaks the protocol
inline constexpr int k_exit_memory = 71;  ///< an allocation failed

}  // namespace bl::engine
