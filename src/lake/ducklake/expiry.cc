// What may be forgotten: snapshots by their age, then the files that none of those left lists.
#include <fmt/format.h>

#include "lake/ducklake/checks.h"
#include "lake/ducklake/ducklake_catalog.h"

namespace bl::lake {
namespace {

constexpr std::size_t k_snapshots_at_once = 500;

std::string list_of(std::span<const std::int64_t> numbers) {
  std::string out;
  for (const std::int64_t number : numbers)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", number);
  return out;
}

struct SnapshotRow {
  std::int64_t id = 0;
  Timestamp at;
  std::string table;  // empty: of no table
};

}  // namespace

Result<std::vector<std::int64_t>> DuckLakeCatalog::expirable(Timestamp older_than,
                                                             std::span<const std::int64_t> keep) {
  BL_TRY(
      const Rows rows,
      changing_->look(fmt::format("SELECT s.snapshot_id AS id, s.snapshot_time AS made, c.author "
                                  "AS author, c.commit_message AS message FROM {} s LEFT JOIN "
                                  "{} c ON c.snapshot_id = s.snapshot_id ORDER BY s.snapshot_id",
                                  place_.table("snapshot"), place_.table("snapshot_changes")),
                      "id::VARCHAR, epoch_us(made::TIMESTAMPTZ)::VARCHAR, author::VARCHAR, "
                      "message::VARCHAR"));
  std::vector<SnapshotRow> all;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    SnapshotRow one{rows.number(i, 0).value_or(0), Timestamp{rows.number(i, 1).value_or(0)}, {}};
    const std::string_view message = rows.text(i, 3).value_or("");
    const auto colon = message.find(": ");
    if (rows.text(i, 2) == "benchlake" && colon != std::string_view::npos) {
      one.table = message.substr(0, colon);
    }
    all.push_back(std::move(one));
  }
  // A snapshot that stays shows every table as its newest change up to there left it.
  std::set<std::int64_t> wanted(keep.begin(), keep.end());
  std::set<std::int64_t> staying;
  std::map<std::string, std::int64_t> newest;
  bool all_stay = false;
  for (const SnapshotRow& one : all) {
    if (!one.table.empty()) newest[one.table] = one.id;
    const bool first_young = !all_stay && one.at >= older_than;
    if (first_young) all_stay = true;
    if (all_stay) staying.insert(one.id);
    // Who holds one holds files of its own table: what it says of the others is not looked at.
    if (wanted.contains(one.id)) staying.insert(one.id);
    if (first_young || one.id == all.back().id) {
      staying.insert(one.id);
      for (const auto& [table, id] : newest) staying.insert(id);
    }
  }
  std::vector<std::int64_t> out;
  for (const SnapshotRow& one : all) {
    if (!staying.contains(one.id)) out.push_back(one.id);
  }
  return out;
}

Result<std::set<std::string>> DuckLakeCatalog::scheduled(CatalogSession& session) {
  BL_TRY(const Rows rows, session.look(fmt::format("SELECT x.path, x.path_is_relative FROM {} x",
                                                   place_.table("files_scheduled_for_deletion"))));
  std::set<std::string> keys;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto path = rows.text(i, 0);
    if (!path) continue;
    if (rows.flag(i, 1)) keys.emplace(*path);
    if (!rows.flag(i, 1) && path->starts_with(data_path_)) {
      keys.emplace(path->substr(data_path_.size()));
    }
  }
  return keys;
}

Result<std::set<std::string>> DuckLakeCatalog::listed_anywhere(CatalogSession& session,
                                                               const std::string& table) {
  std::string sql = fmt::format(
      "SELECT DISTINCT s.path AS a, x.path AS b, f.path AS c, f.path_is_relative AS d FROM {} f "
      "JOIN {} x ON x.table_id = f.table_id JOIN {} s ON s.schema_id = x.schema_id",
      place_.table("data_file"), place_.table("table"), place_.table("schema"));
  if (!table.empty()) sql += fmt::format(" WHERE x.table_name = '{}'", table);
  BL_TRY(const Rows rows, session.look(sql));
  std::set<std::string> keys;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    std::string key(rows.text(i, 2).value_or(""));
    if (rows.flag(i, 3)) {
      key = std::string(rows.text(i, 0).value_or("")) + std::string(rows.text(i, 1).value_or("")) +
            key;
    } else if (key.starts_with(data_path_)) {
      key.erase(0, data_path_.size());
    }
    keys.insert(std::move(key));
  }
  return keys;
}

Result<std::vector<std::string>> DuckLakeCatalog::listed_files(const std::string& table) {
  BL_RETURN_IF_ERROR(check_name(table));
  return read<std::vector<std::string>>([&](Listing& listing) -> Result<std::vector<std::string>> {
    BL_TRY(const auto keys, listed_anywhere(*reading_, table));
    if (keys.empty()) {  // is there such a table?
      BL_TRY(const std::int64_t head, listing.head());
      BL_TRY(const TableRow row, listing.table(table, head));
    }
    return std::vector<std::string>(keys.begin(), keys.end());
  });
}

Result<std::vector<std::string>> DuckLakeCatalog::expire(Timestamp older_than,
                                                         std::span<const std::int64_t> keep) {
  {
    BL_TRY(const Lane held, lane(changing_mutex_));
    BL_TRY(const auto file, lock_file(deadline()));
    const auto done = attempts<bool>(changing_, [&]() -> Result<bool> {
      changing_->begin();
      // Changes of other processes that began before may still be under way.
      const Timestamp young = world_.clock.now() - options_.limits.expire_age_min;
      BL_TRY(const auto ids, expirable(std::min(older_than, young), keep));
      for (std::size_t from = 0; from < ids.size(); from += k_snapshots_at_once) {
        const auto some =
            std::span(ids).subspan(from, std::min(k_snapshots_at_once, ids.size() - from));
        BL_RETURN_IF_ERROR(run(fmt::format(
            "CALL ducklake_expire_snapshots('lake', versions => [{}])", list_of(some))));
      }
      // A file that was ended and added again is scheduled by its first life.
      BL_TRY(const auto ended, scheduled(*changing_));
      if (ended.empty()) return true;
      BL_TRY(const auto listed, listed_anywhere(*changing_));
      std::set<std::string> living;
      for (const std::string& key : ended) {
        if (listed.contains(key)) living.insert(key);
      }
      BL_RETURN_IF_ERROR(forget(living));
      return true;
    });
    if (!done.ok()) return done.error();
  }
  return expired_files();
}

Result<std::vector<std::string>> DuckLakeCatalog::expired_files() {
  return read<std::vector<std::string>>([&](Listing&) -> Result<std::vector<std::string>> {
    BL_TRY(const auto ended, scheduled(*reading_));
    if (ended.empty()) return std::vector<std::string>();
    BL_TRY(const auto listed, listed_anywhere(*reading_));
    std::vector<std::string> out;
    for (const std::string& key : ended) {
      if (!listed.contains(key)) out.push_back(key);
    }
    return out;
  });
}

Result<void> DuckLakeCatalog::forget(const std::set<std::string>& keys) {
  if (keys.empty()) return {};
  std::vector<std::string> paths(keys.begin(), keys.end());
  for (const std::string& key : keys) paths.push_back(data_path_ + key);
  auto done = changing_->run(fmt::format("DELETE FROM {} WHERE path IN (SELECT unnest($1))",
                                         place_.attached_table("files_scheduled_for_deletion")),
                             {paths});
  if (!done.ok()) return std::move(done).error();
  return {};
}

Result<void> DuckLakeCatalog::forget_files(std::span<const std::string> keys) {
  BL_TRY(const Lane held, lane(changing_mutex_));
  BL_TRY(const auto file, lock_file(deadline()));
  const auto done = attempts<bool>(changing_, [&]() -> Result<bool> {
    changing_->begin();
    BL_RETURN_IF_ERROR(forget(std::set<std::string>(keys.begin(), keys.end())));
    return true;
  });
  if (!done.ok()) return done.error();
  return {};
}

}  // namespace bl::lake
