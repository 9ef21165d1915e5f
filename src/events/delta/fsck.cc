#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/numbers.h"
#include "events/delta/admin_table.h"
#include "lake/delta_rows.h"

namespace bl::events {
namespace delta {
namespace {

constexpr std::size_t k_findings_max = 1'000;

/// `00000000000000000012.json` -> 12
std::optional<std::int64_t> number_of(std::string_view name) {
  if (name.size() != 25 || !name.ends_with(".json")) return std::nullopt;
  const std::string_view digits = name.substr(0, 20);
  const auto first = digits.find_first_not_of('0');
  return parse_int64(first == digits.npos ? "0" : digits.substr(first));
}

class Check {
 public:
  Check(EventTable& table, const AdminProgress& progress)
      : table_(table), progress_(progress), snapshot_(table.log().snapshot()) {}

  Result<Fsck> run() {
    out_.version = snapshot_->version;
    BL_RETURN_IF_ERROR(look_at_log());
    BL_RETURN_IF_ERROR(look_at_folder());
    BL_TRY(places_, table_.places(*snapshot_));
    for (std::size_t i = 0; i < places_.files.size(); ++i) {
      BL_RETURN_IF_ERROR(tell(progress_, "reading files", static_cast<std::int64_t>(i),
                              static_cast<std::int64_t>(places_.files.size())));
      BL_RETURN_IF_ERROR(look_at_file(places_.files[i]));
    }
    BL_RETURN_IF_ERROR(tell(progress_, "comparing ids", 0, 1));
    if (!has_lost_file_) BL_RETURN_IF_ERROR(look_at_ids());
    return std::move(out_);
  }

 private:
  void find(const std::string& where, const std::string& what) {
    ++out_.findings_all;
    if (out_.findings.size() < k_findings_max) out_.findings.push_back({where, what});
  }

  /// Versions without gaps, from the oldest that is kept.
  Result<void> look_at_log() {
    std::set<std::int64_t> commits;
    BL_RETURN_IF_ERROR(for_each_object(
        table_.store(), "_delta_log/", [&](const objects::ObjectInfo& object) -> Result<void> {
          out_.log_bytes += object.size;
          const std::string name = object.key.substr(std::string_view("_delta_log/").size());
          const auto version = number_of(name);
          if (!version) return {};
          commits.insert(*version);
          if (object.size == 0) find(object.key, "the commit is empty");
          return {};
        }));
    out_.commits = static_cast<std::int64_t>(commits.size());
    std::int64_t before = -1;
    for (const std::int64_t version : commits) {
      if (before >= 0 && version != before + 1) {
        find(fmt::format("version {}", before + 1), "the commit is missing");
      }
      before = version;
    }
    return {};
  }

  Result<void> look_at_folder() {
    std::set<std::string> listed;
    for (const auto& file : snapshot_->files) listed.insert(file->path);
    for (const auto& removed : table_.log().tombstones()) listed.insert(removed.path);
    std::set<std::string> journals;
    return for_each_object(
        table_.store(), "", [&](const objects::ObjectInfo& object) -> Result<void> {
          constexpr std::string_view k_journals = "_bel/wal/";
          if (object.key.starts_with(k_journals)) {
            out_.journal_bytes += object.size;
            journals.insert(object.key.substr(0, object.key.find('/', k_journals.size())));
            out_.journals = static_cast<std::int64_t>(journals.size());
          }
          const bool is_data = !is_hidden(object.key) && object.key.ends_with(".parquet");
          if (is_data && !listed.contains(object.key)) ++out_.unlisted_files;
          return {};
        });
  }

  Result<void> look_at_file(const PlacedFile& placed) {
    const lake::DeltaFile& file = *placed.file;
    ++out_.files;
    out_.bytes += file.size;
    const auto info = table_.store().head(file.path);
    if (!info.ok() && info.error().code != Code::not_found) return info.error();
    if (!info.ok()) {
      has_lost_file_ = true;
      find(file.path, "the file is not there");
      return {};
    }
    if (info->size != file.size) {
      find(file.path, fmt::format("the file has {} bytes, the log says {}", info->size, file.size));
    }
    const auto footer = table_.footer(file);
    if (!footer.ok()) {
      has_lost_file_ = true;
      find(file.path, footer.error().message);
      return {};
    }
    out_.rows += footer->rows;
    const lake::DeltaStatistics statistics = lake::delta_statistics(file);
    if (statistics.rows && *statistics.rows != footer->rows) {
      find(file.path,
           fmt::format("the file has {} rows, the log says {}", footer->rows, *statistics.rows));
    }
    const auto read = table_.read(*snapshot_, placed, 0, [&](std::span<const BuildEvent> events) {
      out_.events += static_cast<std::int64_t>(events.size());
      return Result<void>{};
    });
    if (!read.ok()) {
      if (read.error().code != Code::corrupt) return read;
      find(file.path, read.error().message);
    }
    return look_at_bounds(placed, statistics);
  }

  /// Readers skip by the bounds: rows beyond them are rows that nobody finds.
  Result<void> look_at_bounds(const PlacedFile& placed, const lake::DeltaStatistics& statistics) {
    BL_TRY(const lake::DeltaRows rows, table_.rows_of(*snapshot_, {&placed, 1}));
    std::string list;
    std::vector<const lake::DeltaColumnStatistics*> asked;
    const auto ask = [&](const std::string& sql, const lake::DeltaColumnStatistics& column) {
      list += fmt::format("{}CAST({} AS VARCHAR)", list.empty() ? "" : ", ", sql);
      asked.push_back(&column);
    };
    for (const auto& column : statistics.columns) {
      if (!column.min || !column.max) continue;
      std::string name;
      for (const auto& part : column.path)
        name += (name.empty() ? "" : ".") + duck::quoted_name(part);
      BL_TRY(const std::string low, sql_of(*column.min));
      BL_TRY(const std::string high, sql_of(*column.max));
      ask(fmt::format("count(*) FILTER (WHERE {0} < {1} OR {0} > {2})", name, low, high), column);
    }
    if (list.empty()) return {};
    BL_TRY(const auto connection, table_.connect());
    BL_TRY(duck::Answer answer,
           connection->query(fmt::format("SELECT {} FROM ({})", list, rows.sql), rows.values));
    BL_TRY(const columns::Batch batch, answer.all());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      BL_TRY(const auto count, batch.column(static_cast<int>(i)).as<std::string_view>());
      if (count[0] == "0") continue;
      find(placed.file->path,
           fmt::format("{} rows are outside of the bounds that the log gives for {}", count[0],
                       fmt::join(asked[i]->path, ".")));
    }
    return {};
  }

  /// A JSON value of the log as SQL.
  static Result<std::string> sql_of(const std::string& text) {
    BL_TRY(const json::Value value, json::parse(text));
    if (value.is_string()) return duck::quoted_text(value.as_string());
    return text;
  }

  Result<void> look_at_ids() {
    if (places_.files.empty()) return {};
    BL_TRY(const lake::DeltaRows rows, table_.rows_of(*snapshot_, places_.files));
    BL_TRY(const auto connection, table_.connect());
    BL_TRY(duck::Answer answer,
           connection->query(
               fmt::format("SELECT event_id, count(*), count(DISTINCT md5(CAST(e AS VARCHAR))) "
                           "FROM ({}) AS e GROUP BY event_id HAVING count(*) > 1 ORDER BY event_id",
                           rows.sql),
               rows.values));
    for (;;) {
      BL_TRY(const auto batch, answer.next());
      if (!batch) return {};
      BL_TRY(const auto ids, batch->column(0).as<std::string_view>());
      BL_TRY(const auto counts, batch->column(1).as<std::int64_t>());
      BL_TRY(const auto contents, batch->column(2).as<std::int64_t>());
      for (std::int64_t i = 0; i < batch->rows(); ++i) {
        out_.repeated += counts[i] - 1;
        if (contents[i] == 1) continue;
        find(std::string(ids[i]),
             fmt::format("{} events have this id, the first one counts", counts[i]));
      }
    }
  }

  EventTable& table_;
  const AdminProgress& progress_;
  const std::shared_ptr<const lake::DeltaSnapshot> snapshot_;
  Places places_;
  Fsck out_;
  bool has_lost_file_ = false;
};

}  // namespace
}  // namespace delta

Result<Fsck> fsck(const LogUri& uri, const LogWorld& world, const AdminProgress& progress) {
  LogUri read = uri;
  read.mode = LogUri::Mode::read;
  BL_TRY(const delta::AdminTable admin, delta::open_for_admin(read, world));
  return delta::Check(*admin.table, progress).run();
}

}  // namespace bl::events
