#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lake/catalog.h"

namespace bl::lake::testing {

/// What happens to one call of a catalog.
enum class CatalogFault : unsigned char {
  none,
  fails,        ///< nothing is done; `unavailable`
  lost_done,    ///< a commit is done, and the answer lost: `outcome_unknown`
  lost_undone,  ///< the same words, but nothing is done
};
/// Called with the number of the call, from 1, and whether it writes.
using CatalogFaultPlan = std::function<CatalogFault(std::uint64_t, bool)>;

/// A catalog in memory, with the rules of the real one: for simulations, which make thousands of
/// commits. Threads: any. Keep the clock longer.
class MemoryCatalog final : public Catalog {
 public:
  explicit MemoryCatalog(const Clock& clock) : clock_(clock) {}

  /// From the next call on, counted from 1 again.
  void set_plan(CatalogFaultPlan plan);
  std::uint64_t calls() const;

  Result<void> create_table(const TableDefinition& definition) override;
  Result<void> alter_table(const PublisherToken& token, std::vector<columns::Field> added,
                           const std::map<std::string, std::string>& properties) override;
  Result<void> drop_table(const PublisherToken& token) override;
  Result<std::vector<std::string>> tables() override;
  Result<PublisherToken> take(const std::string& table) override;
  Result<std::int64_t> publish(const PublisherToken& token, const Commit& commit) override;
  Result<std::optional<std::int64_t>> committed(const PublisherToken& token,
                                                std::string_view commit_id) override;
  Result<std::int64_t> newest(const std::string& table) override;
  Result<CatalogSnapshot> snapshot(const std::string& table,
                                   std::optional<std::int64_t> at) override;
  Result<std::vector<SnapshotInfo>> history(const std::string& table,
                                            std::size_t count_max) override;
  Result<std::vector<std::string>> listed_files(const std::string& table) override;
  Result<std::vector<std::string>> expire(Timestamp older_than,
                                          std::span<const std::int64_t> keep) override;
  Result<std::vector<std::string>> expired_files() override;
  Result<void> forget_files(std::span<const std::string> keys) override;
  std::string number() const override { return "memory"; }
  std::string address() const override { return "memory"; }

 private:
  struct Version {
    CatalogSnapshot snapshot;
    std::string commit_id, what;
  };
  struct TableState {
    std::int64_t token = 0;
    std::vector<Version> versions;  // oldest first
  };
  // With the mutex.
  CatalogFault strike(bool writes);
  Result<TableState*> find(const std::string& table);
  Result<TableState*> find(const PublisherToken& token);
  void add_version(TableState& table, CatalogSnapshot next, std::string commit_id,
                   std::string what);

  const Clock& clock_;
  mutable std::mutex mutex_;
  CatalogFaultPlan plan_;                    // guarded by mutex_
  std::uint64_t calls_ = 0;                  // guarded by mutex_
  std::int64_t last_id_ = 0;                 // guarded by mutex_
  std::map<std::string, TableState> state_;  // guarded by mutex_
  std::set<std::string> expired_;            // guarded by mutex_
};

}  // namespace bl::lake::testing
