#include "events/delta/event_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/numbers.h"
#include "duck/parquet.h"
#include "events/columns.h"
#include "objects/open.h"

namespace bl::events::delta {
namespace {

constexpr std::uint64_t k_copy_part_bytes = 8u << 20;
constexpr std::int64_t k_row_group_rows = 131'072;
constexpr std::size_t k_piece_events = 16'384;

int number_of(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  if (found == properties.end()) return 0;
  const auto number = parse_int64(found->second);
  return number && *number >= 0 && *number < 1'000'000 ? static_cast<int>(*number) : 0;
}

/// The first field of `wanted` that the table has not, or has as another type; empty: none.
std::string missing_column(const columns::Schema& wanted, const columns::Schema& there) {
  for (const auto& field : wanted.fields()) {
    const auto at = there.find(field.name);
    if (!at) return field.name;
    const columns::Type& type = there.fields()[static_cast<std::size_t>(*at)].type;
    if (type.kind != field.type.kind) return field.name;
    for (const auto& child : field.type.children) {
      const bool has = std::any_of(
          type.children.begin(), type.children.end(),
          [&](const auto& one) { return one.name == child.name && one.type == child.type; });
      if (!has && field.type.kind == columns::Kind::structure) return field.name + "." + child.name;
    }
  }
  return {};
}

/// The version whose columns we read and write; those beyond are nobody's of ours.
int known_version(const lake::DeltaMetadata& table) {
  const bool has_columns = table.schema.find("seq") && table.schema.find("schema_version");
  return has_columns ? std::min(schema_version_of(table).version, k_schema_version_max) : 1;
}

/// `seq` is for writers that count their events themselves.
std::string select_of_events(int version) {
  if (version < 2) return "SELECT * FROM events";
  return fmt::format("SELECT *, NULL::BIGINT AS seq, {}::INTEGER AS schema_version FROM events",
                     version);
}

}  // namespace

columns::Schema table_schema(int version) {
  if (version < 2) return event_schema();
  std::vector<columns::Field> fields = event_schema().fields();
  fields.push_back({"seq", columns::Kind::int64, true});
  fields.push_back({"schema_version", columns::Kind::int32, true});
  return columns::Schema::make(std::move(fields)).value();
}

SchemaVersion schema_version_of(const lake::DeltaMetadata& table) {
  return {number_of(table.configuration, k_schema_version),
          number_of(table.configuration, k_min_reader_version)};
}

Result<std::unique_ptr<EventTable>> EventTable::open(TablePlace place, std::string own, Open how,
                                                     std::optional<std::int64_t> interval,
                                                     const LogWorld& world, objects::Wait wait) {
  std::unique_ptr<EventTable> table(new EventTable(std::move(place), std::move(own), world));
  const std::string& scratch = table->scratch_;
  BL_RETURN_IF_ERROR(world.disk.make_folder(scratch));
  BL_TRY(const auto names, world.disk.list(scratch));
  for (const auto& name : names) (void)world.disk.remove(scratch + "/" + name).ok();
  duck::DatabaseOptions options;
  options.limits.memory_bytes_max = 1ull << 30;
  options.limits.temp_folder = scratch + "/spill";
  options.counts_progress = false;
  BL_TRY(table->engine_, duck::Database::open(std::move(options)));
  BL_RETURN_IF_ERROR(table->open_log(how, interval, std::move(wait)));
  return table;
}

Result<void> EventTable::open_log(Open how, std::optional<std::int64_t> interval,
                                  objects::Wait wait) {
  const lake::DeltaWorld world{*place_.store,  world_.disk,  scratch_,
                               *engine_,       world_.clock, world_.random,
                               world_.metrics, world_.log,   std::move(wait)};
  auto opened = lake::DeltaLog::open(world, "");
  if (!opened.ok() && opened.error().code == Code::not_found && how == Open::or_create) {
    lake::DeltaTable table{table_schema(k_schema_version_new), {}, "build_events", {}};
    table.configuration = {{"delta.appendOnly", "true"},
                           {k_schema_version, std::to_string(k_schema_version_new)},
                           {k_min_reader_version, "1"}};
    if (interval) table.configuration["delta.checkpointInterval"] = std::to_string(*interval);
    opened = lake::DeltaLog::create(world, "", table);
    // Somebody made it at the same time, with other properties.
    if (!opened.ok() && opened.error().code == Code::conflict) {
      opened = lake::DeltaLog::open(world, "");
    }
  }
  if (!opened.ok()) {
    if (opened.error().code != Code::not_found) return std::move(opened).error();
    return Error{Code::not_found, "no Delta table is there: " + place_.shown};
  }
  log_ = *std::move(opened);
  return check(*log_->snapshot());
}

Result<void> EventTable::check(const lake::DeltaSnapshot& snapshot) const {
  const SchemaVersion there = schema_version_of(*snapshot.metadata);
  if (there.version > k_schema_version_max && there.reader_min > k_schema_version_max) {
    return Error{
        Code::unsupported,
        fmt::format("the event table is of schema version {} and wants a reader of version "
                    "{}, this program knows versions up to {}: {}",
                    there.version, there.reader_min, k_schema_version_max, place_.shown)};
  }
  if (there.version > k_schema_version_max && there.reader_min == 0) {
    return Error{
        Code::unsupported,
        fmt::format("the event table is of schema version {} and does not say who may read "
                    "it, this program knows versions up to {}: {}",
                    there.version, k_schema_version_max, place_.shown)};
  }
  if (!snapshot.metadata->partition_columns.empty()) {
    return Error{Code::conflict,
                 "no event table is there, but one with partitions: " + place_.shown};
  }
  const std::string missing = missing_column(event_schema(), snapshot.metadata->schema);
  if (missing.empty()) return {};
  return Error{Code::conflict,
               fmt::format("a Delta table without the column {} of events is there: "
                           "{}",
                           missing, place_.shown)};
}

std::string EventTable::read_only(const lake::DeltaSnapshot& snapshot) const {
  const int version = schema_version_of(*snapshot.metadata).version;
  if (version > k_schema_version_max) {
    return fmt::format("the table is of schema version {}, this program writes versions up to {}",
                       version, k_schema_version_max);
  }
  if (version == 0) {
    return fmt::format("the table does not say its schema version ({}): migrate it first",
                       k_schema_version);
  }
  return {};
}

Result<lake::DeltaFile> EventTable::write(std::span<const BuildEvent> events) {
  const auto table = log_->snapshot()->metadata;
  const std::string path = fmt::format("part-{}.parquet", ids_.next());
  const std::string local = scratch_ + "/" + path;
  BL_TRY(const auto connection, engine_->connect());
  std::vector<columns::Batch> batches;
  for (std::size_t at = 0; at < events.size(); at += k_piece_events) {
    batches.push_back(batch_of(events.subspan(at, std::min(k_piece_events, events.size() - at))));
  }
  BL_TRY(const auto offered, connection->offer("events", event_schema(), std::move(batches)));
  duck::ParquetOptions options{.row_group_rows = k_row_group_rows, .version = 1};
  BL_TRY(const duck::ParquetFile written,
         duck::write_parquet(*connection, world_.disk, select_of_events(known_version(*table)), {},
                             local, options));
  return publish(written, path, *table);
}

Result<lake::DeltaFile> EventTable::merge(const lake::DeltaSnapshot& snapshot,
                                          std::span<const PlacedFile> files) {
  const std::string path = fmt::format("part-{}.parquet", ids_.next());
  BL_TRY(const lake::DeltaRows rows, rows_of(snapshot, files));
  BL_TRY(const auto connection, engine_->connect());
  duck::ParquetOptions options{.row_group_rows = k_row_group_rows, .version = 1};
  BL_TRY(const duck::ParquetFile written,
         duck::write_parquet(*connection, world_.disk, rows.sql, rows.values, scratch_ + "/" + path,
                             options));
  const std::int64_t wanted = files.back().end() - files.front().place;
  if (written.rows != wanted) {
    (void)world_.disk.remove(written.path).ok();
    return Error{Code::corrupt,
                 fmt::format("files of {} rows, as the log says, gave {}", wanted, written.rows)};
  }
  BL_TRY(lake::DeltaFile file, publish(written, path, *snapshot.metadata));
  file.tags[k_place_tag] = std::to_string(files.front().place);
  return file;
}

// The name is ours alone: whatever stands under it is what we sent.
Result<lake::DeltaFile> EventTable::publish(const duck::ParquetFile& written,
                                            const std::string& path,
                                            const lake::DeltaMetadata& table) {
  auto put = place_.store->put_file_if_absent(path, written.path);
  (void)world_.disk.remove(written.path).ok();  // else the next start does
  if (!put.ok() && put.error().code == Code::outcome_unknown) {
    const auto there = place_.store->head(path);
    if (there.ok() && there->size == written.bytes) put = {};
  }
  if (!put.ok()) {
    discard(path);
    if (put.error().code != Code::outcome_unknown) return std::move(put).error();
    return Error{Code::unavailable, "the store lost the answer to a file, and the file: " + path};
  }
  {
    const std::lock_guard lock(mutex_);
    rows_[path] = written.rows;
  }
  return lake::delta_file(written, path, table, world_.clock.now());
}

void EventTable::discard(const std::string& path) {
  (void)place_.store->remove(path).ok();  // else vacuum does
}

Result<std::int64_t> EventTable::rows(const lake::DeltaFile& file) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = rows_.find(file.path);
    if (known != rows_.end()) return known->second;
  }
  std::optional<std::int64_t> rows = lake::delta_statistics(file).rows;
  if (!rows) {
    BL_TRY(const duck::ParquetFile written, footer(file));
    rows = written.rows;
  }
  if (file.deletions) *rows -= file.deletions->cardinality;
  const std::lock_guard lock(mutex_);
  rows_[file.path] = *rows;
  return *rows;
}

Result<Places> EventTable::places(const lake::DeltaSnapshot& snapshot) {
  return places_of(snapshot.files, [&](const lake::DeltaFile& file) { return rows(file); });
}

Result<std::string> EventTable::local_path(const lake::DeltaFile& file) {
  if (!place_.folder.empty()) return place_.store->address(file.path);
  std::string name = file.path;
  std::replace(name.begin(), name.end(), '/', '!');
  const std::string path = fmt::format("{}/copy-{}", scratch_, name);
  const std::lock_guard copying(copying_);
  BL_TRY(const bool is_there, world_.disk.exists(path));
  if (is_there) return path;
  (void)world_.disk.remove(path + ".part").ok();
  BL_TRY(const auto copy, world_.disk.create(path + ".part", FileMode::normal));
  for (std::uint64_t at = 0;;) {
    BL_TRY(const std::string part,
           place_.store->get_range(file.path, {.offset = at, .size = k_copy_part_bytes}));
    BL_RETURN_IF_ERROR(copy->append(part));
    at += part.size();
    if (part.size() < k_copy_part_bytes) break;
  }
  BL_RETURN_IF_ERROR(world_.disk.rename(path + ".part", path));
  return path;
}

Result<lake::DeltaRows> EventTable::rows_of(const lake::DeltaSnapshot& snapshot,
                                            std::span<const PlacedFile> files) {
  lake::DeltaSnapshot part = snapshot;
  part.files.clear();
  std::unordered_map<std::string, std::string> paths;
  for (const PlacedFile& file : files) {
    part.files.push_back(file.file);
    BL_TRY(paths[file.file->path], local_path(*file.file));
  }
  const lake::DeltaPlace place{[&](const std::string& path) { return paths[path]; },
                               [&](const std::string& path) { return place_.store->get(path); }};
  return lake::delta_rows(part, place);
}

Result<void> EventTable::read(
    const lake::DeltaSnapshot& snapshot, const PlacedFile& file, std::int64_t from,
    const std::function<Result<void>(std::span<const BuildEvent>)>& each) {
  BL_TRY(const lake::DeltaRows rows, rows_of(snapshot, {&file, 1}));
  BL_TRY(const auto connection, engine_->connect());
  BL_TRY(duck::Answer answer, connection->query(rows.sql, rows.values));
  std::int64_t at = 0;
  std::vector<BuildEvent> piece;
  for (;;) {
    BL_TRY(const std::optional<columns::Batch> batch, answer.next());
    if (!batch) break;
    const std::int64_t skipped = std::clamp<std::int64_t>(from - at, 0, batch->rows());
    at += batch->rows();
    if (skipped == batch->rows()) continue;
    auto events = events_of(batch->slice(skipped, batch->rows() - skipped));
    if (!events.ok()) return std::move(events).error().with_context(file.file->path);
    std::move(events->begin(), events->end(), std::back_inserter(piece));
    if (piece.size() < k_piece_events) continue;
    BL_RETURN_IF_ERROR(each(piece));
    piece.clear();
  }
  if (at != file.rows) {
    return Error{Code::corrupt,
                 fmt::format("a file of {} rows has {}: {}", file.rows, at, file.file->path)};
  }
  return piece.empty() ? Result<void>{} : each(piece);
}

Result<duck::ParquetFile> EventTable::footer(const lake::DeltaFile& file) {
  BL_TRY(const std::string path, local_path(file));
  BL_TRY(const auto connection, engine_->connect());
  return duck::read_footer(*connection, path);
}

Result<columns::Batch> EventTable::rows_for_sql(const lake::DeltaSnapshot& snapshot,
                                                std::span<const BuildEvent> events) {
  const int version = known_version(*snapshot.metadata);
  if (version < 2) return batch_of(events);
  BL_TRY(const auto connection, engine_->connect());
  BL_TRY(const auto offered, connection->offer("events", event_schema(), {batch_of(events)}));
  BL_TRY(duck::Answer answer, connection->query(select_of_events(version)));
  BL_TRY(const columns::Batch batch, answer.all());
  return batch.with_schema(table_schema(version));
}

Result<std::shared_ptr<const lake::FileSet>> EventTable::file_set(
    const lake::DeltaSnapshot& snapshot) {
  lake::CatalogSnapshot out;
  out.id = snapshot.version;
  out.at = world_.clock.now();
  out.schema = table_schema(known_version(*snapshot.metadata));
  for (const auto& file : snapshot.files) {
    if (file->deletions) {
      return Error{Code::unsupported,
                   "not supported: SQL over a file with deleted rows: " + file->path};
    }
    std::optional<duck::ParquetFile> written;
    {
      const std::lock_guard lock(mutex_);
      const auto known = footers_.find(file->path);
      if (known != footers_.end()) written = known->second;
    }
    if (!written) {
      BL_TRY(written, footer(*file));
      const std::lock_guard lock(mutex_);
      footers_[file->path] = *written;
    }
    BL_TRY(const std::string path, local_path(*file));
    out.files.push_back({path.substr(1), written->rows, written->bytes, written->footer_bytes,
                         std::move(written->columns)});
  }
  std::sort(out.files.begin(), out.files.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return std::make_shared<const lake::FileSet>(std::move(out));
}

void EventTable::sweep_copies(const lake::DeltaSnapshot& snapshot) {
  std::set<std::string_view> live;
  for (const auto& file : snapshot.files) live.insert(file->path);
  const std::lock_guard lock(mutex_);
  std::erase_if(rows_, [&](const auto& one) { return !live.contains(one.first); });
  std::erase_if(footers_, [&](const auto& one) { return !live.contains(one.first); });
}

}  // namespace bl::events::delta
