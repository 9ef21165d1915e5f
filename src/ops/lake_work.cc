#include "ops/lake_work.h"

#include <array>
#include <set>

#include "base/check.h"
#include "base/json.h"
#include "lake/layout.h"
#include "objects/listing.h"

namespace bl::ops {
namespace {

constexpr LakeWorkLimits k_limits;

using Tables = std::vector<std::shared_ptr<lake::Table>>;

Result<Tables> tables_of(lake::Lake& lake, const LakeCall& call) {
  if (call.table.empty()) return lake.tables();
  BL_TRY(auto table, lake.table(call.table));
  return Tables{std::move(table)};
}

Error cancelled(const std::string& before) {
  return Error{Code::cancelled, "ended before the table: " + before};
}

// Status -------------------------------------------------------------------------------------

void write_members(json::Writer& writer, const lake::TableStatus& status) {
  writer.member("name", status.name)
      .member("snapshot", status.snapshot)
      .member("files", status.files)
      .member("rows", status.rows)
      .member("bytes", status.bytes)
      .member("tail_rows", status.tail_rows)
      .member("tail_bytes", status.tail_bytes)
      .member("journal_first", status.journal_first)
      .member("journal_next", status.journal_next)
      .member("flushed_before", status.flushed_before)
      .member("lag_seconds", status.lag_seconds)
      .member("fenced", status.fenced.empty() ? std::nullopt : std::optional(status.fenced));
}

struct Unlisted {
  std::int64_t files = 0;
  std::uint64_t bytes = 0;
};

/// Left by commits that failed, or waiting for the retention of the Delta log.
Result<Unlisted> unlisted_by(lake::Lake& lake, const std::string& table) {
  // Listed before the catalog is asked: a commit between the two makes its files known.
  std::vector<objects::ObjectInfo> there;
  const auto note = [&](const objects::ObjectInfo& object) -> Result<void> {
    there.push_back(object);
    return {};
  };
  BL_RETURN_IF_ERROR(objects::for_each_object(lake.store(), lake::data_folder(table), note));
  BL_TRY(const auto keys, lake.catalog().listed_files(table));
  const std::set<std::string_view> listed(keys.begin(), keys.end());
  Unlisted unlisted;
  for (const objects::ObjectInfo& object : there) {
    if (listed.contains(object.key)) continue;
    unlisted.files += 1;
    unlisted.bytes += object.size;
  }
  return unlisted;
}

void write_columns(json::Writer& writer, const columns::Schema& schema) {
  writer.key("columns").begin_array();
  for (const columns::Field& field : schema.fields()) {
    writer.begin_object()
        .member("name", field.name)
        .member("type", field.type.text())
        .member("nullable", field.nullable)
        .end_object();
  }
  writer.end_array();
}

void write_snapshots(json::Writer& writer, const std::vector<lake::SnapshotInfo>& snapshots) {
  writer.key("snapshots").begin_array();
  for (const lake::SnapshotInfo& snapshot : snapshots) {
    writer.begin_object()
        .member("id", snapshot.id)
        .member("at", to_rfc3339(snapshot.at))
        .member("what", snapshot.what)
        .member("files", snapshot.files)
        .member("rows", snapshot.rows)
        .end_object();
  }
  writer.end_array();
}

// Actions ------------------------------------------------------------------------------------

Result<std::string> verify(lake::Lake& lake, const LakeCall& call, const Progress& progress) {
  BL_TRY(const Tables tables, tables_of(lake, call));
  std::size_t files = 0, found = 0;
  std::string listed;
  json::Writer writer(listed);
  writer.begin_array();
  for (const auto& table : tables) {
    if (!progress(table->name(), 0, 0)) return cancelled(table->name());
    std::size_t all = 0;
    BL_TRY(const auto findings, table->verify([&](std::size_t done, std::size_t of) {
      all = of;
      return progress(table->name(), done, of);
    }));
    files += all;
    for (const lake::Finding& finding : findings) {
      if (found++ >= k_limits.findings_max) continue;
      writer.begin_object()
          .member("table", table->name())
          .member("key", finding.key)
          .member("what", finding.what)
          .end_object();
    }
  }
  writer.end_array();
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("tables", static_cast<std::uint64_t>(tables.size()))
      .member("files", static_cast<std::uint64_t>(files))
      .member("found", static_cast<std::uint64_t>(found))
      .key("findings")
      .raw(listed)
      .end_object();
  return text;
}

Result<std::string> compact(lake::Lake& lake, const LakeCall& call, const Progress& progress) {
  BL_TRY(const Tables tables, tables_of(lake, call));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("tables").begin_array();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string& name = tables[i]->name();
    if (!progress("tables", i, tables.size())) return cancelled(name);
    auto done = tables[i]->compact();
    if (!done.ok()) return std::move(done).error().with_context("table " + name);
    writer.begin_object()
        .member("name", name)
        .member("commits", done->commits)
        .member("files_before", done->files_before)
        .member("files_after", done->files_after)
        .member("rows", done->rows)
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<std::string> expire(lake::Lake& lake, const LakeCall&, const Progress&) {
  BL_TRY(const lake::Expired expired, lake.expire());
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("files", expired.files)
      .member("kept", expired.kept)
      .end_object();
  return text;
}

Result<std::string> sweep(lake::Lake& lake, const LakeCall&, const Progress&) {
  BL_TRY(const std::int64_t removed, lake.sweep());
  std::string text;
  json::Writer(text).begin_object().member("removed", removed).end_object();
  return text;
}

Result<std::string> roll_back(lake::Lake& lake, const LakeCall& call, const Progress&) {
  BL_TRY(const auto table, lake.table(call.table));
  BL_TRY(const std::int64_t made, table->roll_back(call.snapshot));
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("table", call.table)
      .member("to", call.snapshot)
      .member("snapshot", made)
      .end_object();
  return text;
}

constexpr std::array<LakeAction, 5> k_actions{{
    {"verify", LakeAction::Wants::maybe_table, verify},
    {"compact", LakeAction::Wants::maybe_table, compact},
    {"expire", LakeAction::Wants::nothing, expire},
    {"sweep", LakeAction::Wants::nothing, sweep},
    {"rollback", LakeAction::Wants::table_and_snapshot, roll_back},
}};

}  // namespace

Result<std::string> lake_status(lake::Lake& lake, const lake::LakeOptions& options,
                                const std::string& replica_json) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("objects", options.objects)
      .member("catalog", lake.catalog().address())
      .member("journal", options.journal == lake::JournalKind::file ? "file" : "object")
      .member("delta", options.delta);
  if (!replica_json.empty()) writer.key("replica").raw(replica_json);
  writer.key("tables").begin_array();
  for (const auto& table : lake.tables()) {
    writer.begin_object();
    write_members(writer, table->status());
    writer.end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<std::string> lake_table_status(lake::Lake& lake, const std::string& name,
                                      std::size_t snapshots) {
  BL_TRY(const auto table, lake.table(name));
  BL_TRY(const Unlisted unlisted, unlisted_by(lake, name));
  BL_TRY(const auto history,
         lake.catalog().history(name, std::min(snapshots, k_limits.snapshots_max)));
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  write_members(writer, table->status());
  writer.member("dead_files", unlisted.files).member("dead_bytes", unlisted.bytes);
  write_columns(writer, table->schema());
  write_snapshots(writer, history);
  writer.end_object();
  return text;
}

std::span<const LakeAction> lake_actions() {
  return k_actions;
}

const LakeAction& lake_action(std::string_view name) {
  for (const LakeAction& action : k_actions) {
    if (action.name == name) return action;
  }
  BL_CHECK(false);
}

}  // namespace bl::ops
