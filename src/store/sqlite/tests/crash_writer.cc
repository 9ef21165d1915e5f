// A process to be killed: writes batches from several threads and prints the number of each that
// was acknowledged. Arguments: database, first batch.
#include <unistd.h>

#include <cstdlib>

#include "store/sqlite/tests/batch_store.h"

using namespace bl::store::testing;  // NOLINT: a main of thirty lines

int main(int count, char** arguments) {
  if (count != 3) return 2;
  QuietLog quiet;
  bl::Metrics metrics;
  bl::store::DatabaseLimits limits;
  limits.checkpoint_wal_bytes = 100 << 10;
  auto opened = bl::store::open_sqlite(arguments[1], limits, quiet.log, metrics);
  if (!opened.ok()) return 2;
  bl::store::Database& database = *opened.value();
  if (!database.migrate(std::span(&k_batch_schema, 1)).ok()) return 2;
  const std::int64_t first = std::atoll(arguments[2]);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0;; ++i) {
        const std::int64_t batch = first + i * 8 + t;
        if (!add_batch(database, batch).ok()) std::abort();
        // One write of a few bytes to a pipe is never torn.
        const std::string line = std::to_string(batch) + "\n";
        if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
}
