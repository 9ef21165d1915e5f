#include "app/open_files.h"

#include <sys/resource.h>

namespace bl::app {
namespace {

// The writer's files, logs, listening sockets, connections that are being turned away, and room for
// files that are open for a moment.
constexpr std::size_t k_files_of_server = 160;
constexpr std::size_t k_files_of_reader = 3;  // SQLite: the database, its WAL, its shared memory

}  // namespace

void fit_open_files(Settings& settings, Log& log) {
  std::size_t& connections_max = settings.http.limits.connections_max;
  const std::size_t beside = k_files_of_server + k_files_of_reader * settings.store_limits.readers;
  const std::size_t wanted = beside + connections_max;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  const rlimit raised{std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  if (limit.rlim_cur >= wanted) return;
  const auto files_max = static_cast<std::size_t>(limit.rlim_cur);
  connections_max =
      files_max > 2 * beside ? files_max - beside : std::max<std::size_t>(files_max / 2, 1);
  log.warning("http_connections_lowered",
              {{"connections_max", connections_max}, {"open_files_max", files_max}});
}

}  // namespace bl::app
