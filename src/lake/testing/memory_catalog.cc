#include "lake/testing/memory_catalog.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::lake::testing {
namespace {

Error unavailable() {
  return {Code::unavailable, "the catalog is away, by the test's plan"};
}
Error unknown() {
  return {Code::outcome_unknown, "the catalog's answer is lost, by the test's plan"};
}

}  // namespace

void MemoryCatalog::set_plan(CatalogFaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
  calls_ = 0;
}

std::uint64_t MemoryCatalog::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

CatalogFault MemoryCatalog::strike(bool writes) {
  const CatalogFault fault = plan_ ? plan_(++calls_, writes) : CatalogFault::none;
  return !writes && fault != CatalogFault::none ? CatalogFault::fails : fault;
}

Result<MemoryCatalog::TableState*> MemoryCatalog::find(const std::string& table) {
  const auto found = state_.find(table);
  if (found == state_.end()) return Error{Code::not_found, "no table of the lake: " + table};
  return &found->second;
}

Result<MemoryCatalog::TableState*> MemoryCatalog::find(const PublisherToken& token) {
  BL_TRY(TableState * table, find(token.table));
  if (table->token != token.number) {
    return Error{Code::conflict,
                 fmt::format("another process publishes to the table {}: its token is {}, ours {}",
                             token.table, table->token, token.number)};
  }
  return table;
}

void MemoryCatalog::add_version(TableState& table, CatalogSnapshot next, std::string commit_id,
                                std::string what) {
  next.id = ++last_id_;
  next.at = clock_.now();
  table.versions.push_back({std::move(next), std::move(commit_id), std::move(what)});
}

Result<void> MemoryCatalog::create_table(const TableDefinition& definition) {
  const std::lock_guard lock(mutex_);
  const CatalogFault fault = strike(true);
  if (fault == CatalogFault::fails) return unavailable();
  if (fault == CatalogFault::lost_undone) return unknown();
  if (state_.contains(definition.name)) {
    return Error{Code::conflict, "the lake has that table: " + definition.name};
  }
  CatalogSnapshot first;
  first.schema = definition.schema;
  first.properties = definition.properties;
  add_version(state_[definition.name], std::move(first), "", "created");
  if (fault == CatalogFault::lost_done) return unknown();
  return {};
}

Result<void> MemoryCatalog::alter_table(const PublisherToken& token,
                                        std::vector<columns::Field> added,
                                        const std::map<std::string, std::string>& properties) {
  const std::lock_guard lock(mutex_);
  const CatalogFault fault = strike(true);
  if (fault == CatalogFault::fails) return unavailable();
  if (fault == CatalogFault::lost_undone) return unknown();
  BL_TRY(TableState * table, find(token));
  CatalogSnapshot next = table->versions.back().snapshot;
  std::vector<columns::Field> fields = next.schema.fields();
  for (auto& field : added) {
    if (!field.nullable) {
      return Error{Code::invalid, "a column that is added may be null: " + field.name};
    }
    fields.push_back(std::move(field));
  }
  BL_TRY(next.schema, columns::Schema::make(std::move(fields)));
  for (const auto& [name, text] : properties) next.properties[name] = text;
  add_version(*table, std::move(next), "", "altered");
  if (fault == CatalogFault::lost_done) return unknown();
  return {};
}

Result<void> MemoryCatalog::drop_table(const PublisherToken& token) {
  const std::lock_guard lock(mutex_);
  if (strike(true) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * table, find(token));
  for (const Version& version : table->versions) {
    for (const DataFile& file : version.snapshot.files) expired_.insert(file.key);
  }
  state_.erase(token.table);
  return {};
}

Result<std::vector<std::string>> MemoryCatalog::tables() {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  std::vector<std::string> names;
  for (const auto& [name, table] : state_) names.push_back(name);
  return names;
}

Result<PublisherToken> MemoryCatalog::take(const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * state, find(table));
  return PublisherToken{table, ++state->token};
}

Result<std::int64_t> MemoryCatalog::publish(const PublisherToken& token, const Commit& commit) {
  const std::lock_guard lock(mutex_);
  const CatalogFault fault = strike(true);
  if (fault == CatalogFault::fails) return unavailable();
  if (fault == CatalogFault::lost_undone) return unknown();
  BL_TRY(TableState * table, find(token));
  CatalogSnapshot next = table->versions.back().snapshot;
  for (const std::string& key : commit.removed) {
    const auto erased =
        std::erase_if(next.files, [&](const DataFile& file) { return file.key == key; });
    if (erased == 0) return Error{Code::not_found, "no file of the newest snapshot: " + key};
  }
  next.files.insert(next.files.end(), commit.added.begin(), commit.added.end());
  std::sort(next.files.begin(), next.files.end(),
            [](const DataFile& a, const DataFile& b) { return a.key < b.key; });
  for (const auto& [journal, to] : commit.watermarks) next.watermarks[journal] = to;
  if (!commit.note.empty()) next.note = commit.note;
  for (const DataFile& file : commit.added) expired_.erase(file.key);
  add_version(*table, std::move(next), commit.id, commit.what);
  if (fault == CatalogFault::lost_done) return unknown();
  return last_id_;
}

Result<std::optional<std::int64_t>> MemoryCatalog::committed(const PublisherToken& token,
                                                             std::string_view commit_id) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * table, find(token));
  for (const Version& version : table->versions) {
    if (version.commit_id == commit_id) return std::optional(version.snapshot.id);
  }
  return std::optional<std::int64_t>();
}

Result<std::int64_t> MemoryCatalog::newest(const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * state, find(table));
  return state->versions.back().snapshot.id;
}

Result<CatalogSnapshot> MemoryCatalog::snapshot(const std::string& table,
                                                std::optional<std::int64_t> at) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * state, find(table));
  if (!at) return state->versions.back().snapshot;
  for (auto version = state->versions.rbegin(); version != state->versions.rend(); ++version) {
    if (version->snapshot.id <= *at) return version->snapshot;
  }
  return Error{Code::not_found, fmt::format("no such snapshot of the table {}: {}", table, *at)};
}

Result<std::vector<SnapshotInfo>> MemoryCatalog::history(const std::string& table,
                                                         std::size_t count_max) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * state, find(table));
  std::vector<SnapshotInfo> out;
  for (auto version = state->versions.rbegin();
       version != state->versions.rend() && out.size() < count_max; ++version) {
    const CatalogSnapshot& one = version->snapshot;
    out.push_back({one.id, one.at, version->what, std::ssize(one.files), 0});
    for (const DataFile& file : one.files) out.back().rows += file.rows;
  }
  return out;
}

Result<std::vector<std::string>> MemoryCatalog::listed_files(const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  BL_TRY(TableState * state, find(table));
  std::set<std::string> keys;
  for (const Version& version : state->versions) {
    for (const DataFile& file : version.snapshot.files) keys.insert(file.key);
  }
  return std::vector<std::string>(keys.begin(), keys.end());
}

Result<std::vector<std::string>> MemoryCatalog::expire(Timestamp older_than,
                                                       std::span<const std::int64_t> keep) {
  const std::lock_guard lock(mutex_);
  if (strike(true) != CatalogFault::none) return unavailable();
  std::set<std::string> before, after;
  for (auto& [name, table] : state_) {
    for (const Version& version : table.versions) {
      for (const DataFile& file : version.snapshot.files) before.insert(file.key);
    }
    const Version newest = table.versions.back();
    std::erase_if(table.versions, [&](const Version& version) {
      const std::int64_t id = version.snapshot.id;
      return id != newest.snapshot.id && version.snapshot.at < older_than &&
             std::find(keep.begin(), keep.end(), id) == keep.end();
    });
    for (const Version& version : table.versions) {
      for (const DataFile& file : version.snapshot.files) after.insert(file.key);
    }
  }
  std::vector<std::string> gone;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  expired_.insert(gone.begin(), gone.end());
  return gone;
}

Result<std::vector<std::string>> MemoryCatalog::expired_files() {
  const std::lock_guard lock(mutex_);
  if (strike(false) != CatalogFault::none) return unavailable();
  return std::vector<std::string>(expired_.begin(), expired_.end());
}

Result<void> MemoryCatalog::forget_files(std::span<const std::string> keys) {
  const std::lock_guard lock(mutex_);
  if (strike(true) != CatalogFault::none) return unavailable();
  for (const std::string& key : keys) expired_.erase(key);
  return {};
}

}  // namespace bl::lake::testing
