#pragma once

#include <duckdb.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "columns/batch.h"
#include "duck/connection.h"
#include "duck/engine/handles.h"

/// The table function `bl_batches(number)`: reads batches of ours without copying their buffers.
/// Private to this folder.
namespace bl::duck {

/// Batches that SQL may read while this lives.
struct Offer {
  columns::Schema schema;
  std::vector<columns::Batch> batches;
  RowOrder order = RowOrder::kept;
  duckdb_connection connection = nullptr;
  std::vector<LogicalTypeHandle> types;  ///< of the columns
};

/// What a database offers now, by number. Threads: any.
class Offers {
 public:
  std::uint64_t add(std::shared_ptr<const Offer> offer);
  void remove(std::uint64_t number);
  std::shared_ptr<const Offer> find(std::uint64_t number);

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<const Offer>> offers_;  // guarded by mutex_
  std::uint64_t next_ = 1;                                        // guarded by mutex_
};

/// Makes the function known to a database. Keep `offers` longer than the database.
Result<void> register_batch_scan(duckdb_connection connection, Offers& offers);
/// The engine's types for the columns. Errors: unsupported (a type that it does not know).
Result<std::vector<LogicalTypeHandle>> engine_types(duckdb_connection connection,
                                                    const columns::Schema& schema);

}  // namespace bl::duck
