#include "results/replica/removal.h"

#include <algorithm>

#include "lake/maintenance.h"
#include "results/replica/lake_rows.h"
#include "results/replica/store_rows.h"

namespace bl::results::replica {
namespace {

Result<std::vector<std::string>> data_files(lake::Lake& lake, std::string_view table) {
  std::vector<std::string> keys;
  objects::ListRequest request{.prefix = data_folder(table)};
  for (;;) {
    BL_TRY(const objects::Listing page, lake.store().list(request));
    for (const objects::ObjectInfo& object : page.objects) keys.push_back(object.key);
    if (!page.next) return keys;
    request.after = *page.next;
  }
}

}  // namespace

Result<void> demand_deleted(store::Database& database, const std::vector<std::string>& ids) {
  std::string there;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    for (const std::string& id : ids) {
      BL_RETURN_IF_ERROR(connection.query("select id from benchmark_result where id = $1",
                                          {std::string_view(id)}, [&](const store::Row& row) {
                                            there = row.text(0);
                                            return true;
                                          }));
    }
    return {};
  }));
  if (there.empty()) return {};
  return Error{Code::conflict, "the store still has the result: delete it there first: " + there};
}

Result<RemovalProof> prove_removed(lake::Lake& lake, Timestamp now,
                                   const std::vector<std::string>& ids) {
  RemovalProof proof;
  const auto tables = lake.tables();
  // The catalog's snapshots are of all tables at once: the newest of a table that stood still keeps
  // what the others listed then, and so do those that were newest at that time. Commits without a
  // change make each table's newest a new one; the second time, those before are new ones too.
  for (int time = 0; time < 2; ++time) {
    for (const auto& table : tables) {
      lake::Change change;
      change.what = "touch";
      change.select = "";
      BL_TRY([[maybe_unused]] const auto snapshot, table->replace(change));
    }
  }
  BL_TRY(const lake::Expired expired, lake.expire(now));
  proof.files_removed = expired.files;
  // Texts that are none of the ids: an empty list is no parameter.
  std::vector<std::int64_t> high, low;
  std::vector<std::string> odd;
  for (const std::string& id : ids) {
    const auto bits = bits_of(id);
    high.push_back(bits ? bits->high : 0);
    low.push_back(bits ? bits->low : 0);
    odd.push_back(bits ? "" : id);
  }
  BL_TRY(const auto keys, data_files(lake, "results"));
  BL_TRY(const auto results, lake.table("results"));
  const lake::Snapshot now_read = results->snapshot();
  BL_TRY(const auto connection, lake.engine().connect());
  for (const std::string& key : keys) {
    BL_TRY(duck::Answer answer,
           connection->query("SELECT count(*) FROM read_parquet([$1], hive_partitioning = false) "
                             "WHERE (id_high, id_low) IN (SELECT (h, l) FROM (SELECT unnest($2) AS "
                             "h, unnest($3) AS l)) OR id_text IN (SELECT unnest($4))",
                             {duck::Value(lake.store().address(key)), duck::Value(high),
                              duck::Value(low), duck::Value(odd)}));
    BL_TRY(const columns::Batch batch, answer.all());
    BL_TRY(const auto count, batch.column(0).as<std::int64_t>());
    ++proof.files;
    if (count[0] == 0) continue;
    proof.held.push_back(key);
    if (now_read.files().find(key) != nullptr) proof.read.push_back(key);
  }
  // Old samples have no id to look for: no file may be there but those of the newest snapshots.
  for (const char* name : {"results", "result_samples"}) {
    BL_TRY(const auto table, lake.table(name));
    const lake::Snapshot snapshot = table->snapshot();
    BL_TRY(const auto there, data_files(lake, name));
    for (const std::string& key : there) {
      const bool is_known = std::ranges::find(proof.held, key) != proof.held.end();
      if (snapshot.files().find(key) == nullptr && !is_known) proof.held.push_back(key);
    }
  }
  return proof;
}

}  // namespace bl::results::replica
