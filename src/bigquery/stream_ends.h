#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "lake/key_keeper.h"
#include "store/database.h"

namespace bl::bigquery {

/// Keeps in the store how far write streams are in their tables, when the journals let that go:
/// the lake is opened with it (lake::LakeWorld::keeper). Threads: any.
class StreamEnds final : public lake::KeyKeeper {
 public:
  /// The database is migrated with stream_migrations(), and outlives this.
  StreamEnds(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  bool wants(std::string_view key) const override;
  Result<void> keep(std::string_view table, std::span<const std::string> keys) override;

 private:
  store::Database& database_;
  const Clock& clock_;
};

/// Number 21: `bl_bq_streams`.
std::span<const store::Migration> stream_migrations();

}  // namespace bl::bigquery
