#pragma once

#include <optional>

/// The other side of worker_engine.h, in the same program: `main` asks it first.
namespace bl::engine {

/// The word by which the server starts its own program as a query's worker.
inline constexpr const char* k_worker_word = "--query-worker";

/// Serves one query over the socket that is file 3, and gives the exit code; nullopt: the program
/// was called for something else. No thread may be running.
std::optional<int> worker_main(int argc, char** argv);

}  // namespace bl::engine
