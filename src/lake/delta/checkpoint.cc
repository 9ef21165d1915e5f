#include "lake/delta/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json.h"
#include "base/uri.h"
#include "columns/table.h"
#include "duck/parquet.h"
#include "lake/delta/paths.h"
#include "objects/key.h"

namespace bl::lake::delta {
namespace {

constexpr std::string_view k_sidecars = "_sidecars/";
constexpr std::uint64_t k_piece_bytes = 32u << 20;  // of an object on its way to the scratch folder

/// What from_json makes of a line; also the columns of the file. `stats` stays a text.
constexpr std::string_view k_structure = R"json({
"txn":{"appId":"VARCHAR","version":"BIGINT","lastUpdated":"BIGINT"},
"add":{"path":"VARCHAR","partitionValues":"MAP(VARCHAR,VARCHAR)","size":"BIGINT",
"modificationTime":"BIGINT","dataChange":"BOOLEAN","tags":"MAP(VARCHAR,VARCHAR)",
"deletionVector":{"storageType":"VARCHAR","pathOrInlineDv":"VARCHAR","offset":"INTEGER",
"sizeInBytes":"INTEGER","cardinality":"BIGINT"},"stats":"VARCHAR"},
"remove":{"path":"VARCHAR","deletionTimestamp":"BIGINT","dataChange":"BOOLEAN",
"extendedFileMetadata":"BOOLEAN","partitionValues":"MAP(VARCHAR,VARCHAR)","size":"BIGINT",
"deletionVector":{"storageType":"VARCHAR","pathOrInlineDv":"VARCHAR","offset":"INTEGER",
"sizeInBytes":"INTEGER","cardinality":"BIGINT"}},
"metaData":{"id":"VARCHAR","name":"VARCHAR","description":"VARCHAR",
"format":{"provider":"VARCHAR","options":"MAP(VARCHAR,VARCHAR)"},"schemaString":"VARCHAR",
"partitionColumns":["VARCHAR"],"configuration":"MAP(VARCHAR,VARCHAR)","createdTime":"BIGINT"},
"protocol":{"minReaderVersion":"INTEGER","minWriterVersion":"INTEGER",
"readerFeatures":["VARCHAR"],"writerFeatures":["VARCHAR"]},
"domainMetadata":{"domain":"VARCHAR","configuration":"VARCHAR","removed":"BOOLEAN"}})json";

/// Action by action: the column, and the member that is never null in it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_small{{
    {"protocol", "minReaderVersion"},
    {"metaData", "id"},
    {"txn", "appId"},
    {"domainMetadata", "domain"},
    {"remove", "path"},
    {"sidecar", "path"},
}};

/// A file that the engine can open: the object itself on a local disk, else a copy of it.
class LocalCopy {
 public:
  LocalCopy(LocalCopy&& from) noexcept
      : disk_(from.disk_), path_(std::move(from.path_)), ours_(std::exchange(from.ours_, false)) {}
  ~LocalCopy() {
    if (ours_) (void)disk_.remove(path_);
  }
  const std::string& path() const { return path_; }

  static Result<LocalCopy> of(const DeltaWorld& world, const std::string& key, std::uint64_t size) {
    if (world.store.kind() == "file") return LocalCopy(world.disk, world.store.address(key), false);
    const std::string path =
        fmt::format("{}/delta-{:016x}.parquet", world.scratch, world.random.next_u64());
    BL_TRY(auto file, world.disk.create(path, FileMode::normal));
    LocalCopy copy(world.disk, path, true);
    for (std::uint64_t at = 0; at < size; at += k_piece_bytes) {
      BL_TRY(const std::string piece, world.store.get_range(key, {at, k_piece_bytes}));
      BL_RETURN_IF_ERROR(file->append(piece));
      if (piece.empty()) break;
    }
    return copy;
  }

 private:
  LocalCopy(Disk& disk, std::string path, bool ours)
      : disk_(disk), path_(std::move(path)), ours_(ours) {}
  Disk& disk_;
  std::string path_;
  bool ours_;
};

/// The engine takes patterns where we mean names.
std::string without_patterns(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      out += '[';
      out += c;
      out += ']';
    } else {
      out += c;
    }
  }
  return out;
}

bool has_child(const columns::Field& field, std::string_view name) {
  const auto& children = field.type.children;
  return std::any_of(children.begin(), children.end(),
                     [&](const columns::Field& child) { return child.name == name; });
}

std::string add_columns(const columns::Field& add) {
  const auto member = [&](std::string_view name) {
    return has_child(add, name) ? fmt::format("\"add\".\"{}\"", name) : std::string("NULL");
  };
  const auto as_json = [&](std::string_view name) {
    return has_child(add, name) ? fmt::format("to_json(\"add\".\"{}\")::VARCHAR", name)
                                : std::string("NULL::VARCHAR");
  };
  // Most files have neither partition nor tags: no JSON is made for those.
  const auto map_json = [&](std::string_view name) {
    if (!has_child(add, name)) return std::string("NULL::VARCHAR");
    return fmt::format("CASE WHEN cardinality(\"add\".\"{0}\") = 0 THEN NULL ELSE {1} END", name,
                       as_json(name));
  };
  const std::string parsed = as_json("stats_parsed");
  return fmt::format("{}::VARCHAR, {}::BIGINT, {}::BIGINT, coalesce({}::VARCHAR, {}), {}, {}, {}",
                     member("path"), member("size"), member("modificationTime"), member("stats"),
                     parsed, map_json("partitionValues"), map_json("tags"),
                     as_json("deletionVector"));
}

/// A reader of the rows of one or more Parquet files of a checkpoint.
class ParquetRows {
 public:
  ParquetRows(duck::Connection& connection, const ParseContext& context, State& state)
      : connection_(connection), context_(context), state_(state) {}

  /// Gives the sidecars that the rows name.
  Result<std::vector<std::string>> read(const std::vector<std::string>& paths) {
    BL_TRY(const columns::Schema schema, schema_of(paths));
    std::vector<std::string> sidecars;
    BL_RETURN_IF_ERROR(read_small(paths, schema, sidecars));
    if (const auto at = schema.find("add")) {
      BL_RETURN_IF_ERROR(read_adds(paths, schema.fields()[static_cast<std::size_t>(*at)]));
    }
    return sidecars;
  }

 private:
  Result<columns::Schema> schema_of(const std::vector<std::string>& paths) {
    BL_TRY(
        const duck::Answer answer,
        connection_.query("SELECT * FROM read_parquet($1, union_by_name = true) LIMIT 0", {paths}));
    return answer.schema();
  }

  /// All but files, in one scan: a row is one action.
  Result<void> read_small(const std::vector<std::string>& paths, const columns::Schema& schema,
                          std::vector<std::string>& sidecars) {
    std::string cases;
    for (const auto& [column, needed] : k_small) {
      const auto at = schema.find(column);
      if (!at || !has_child(schema.fields()[static_cast<std::size_t>(*at)], needed)) continue;
      cases +=
          fmt::format(" WHEN \"{0}\".\"{1}\" IS NOT NULL THEN to_json({{'{0}': \"{0}\"}})::VARCHAR",
                      column, needed);
    }
    if (cases.empty()) return {};
    const std::string sql = fmt::format(
        "SELECT line FROM (SELECT CASE{} END AS line FROM read_parquet($1, union_by_name = true)) "
        "WHERE line IS NOT NULL",
        cases);
    BL_TRY(duck::Answer answer, connection_.query(sql, {paths}));
    while (true) {
      BL_TRY(const auto batch, answer.next());
      if (!batch) return {};
      BL_TRY(const auto lines, batch->column(0).as<std::string_view>());
      for (std::int64_t i = 0; i < batch->rows(); ++i) {
        BL_TRY(auto action, parse_action(lines[i], context_));
        if (!action) continue;
        if (const auto* sidecar = std::get_if<Sidecar>(&*action)) {
          sidecars.push_back(sidecar->path);
        } else {
          BL_RETURN_IF_ERROR(state_.add_from_checkpoint(*std::move(action)));
        }
      }
    }
  }

  Result<void> read_adds(const std::vector<std::string>& paths, const columns::Field& add) {
    if (!has_child(add, "path")) return {};
    const std::string sql = fmt::format(
        "SELECT {} FROM read_parquet($1, union_by_name = true) "
        "WHERE \"add\".\"path\" IS NOT NULL",
        add_columns(add));
    BL_TRY(duck::Answer answer, connection_.query(sql, {paths}));
    while (true) {
      BL_TRY(const auto batch, answer.next());
      if (!batch) return {};
      BL_RETURN_IF_ERROR(take_adds(*batch));
    }
  }

  Result<void> take_adds(const columns::Batch& batch) {
    BL_TRY(const auto path, batch.column(0).as<std::string_view>());
    BL_TRY(const auto size, batch.column(1).as<std::int64_t>());
    BL_TRY(const auto modified, batch.column(2).as<std::int64_t>());
    BL_TRY(const auto stats, batch.column(3).as<std::string_view>());
    BL_TRY(const auto partition, batch.column(4).as<std::string_view>());
    BL_TRY(const auto tags, batch.column(5).as<std::string_view>());
    BL_TRY(const auto deletions, batch.column(6).as<std::string_view>());
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      if (size.is_null(i) || modified.is_null(i) || size[i] < 0) {
        return Error{Code::corrupt, "a file lacks its size or time: " + objects::quoted(path[i])};
      }
      AddFile add;
      if (partition.is_null(i) && tags.is_null(i) && deletions.is_null(i)) {
        BL_TRY(add.file.path, canonical_path(path[i], context_.table));
        add.file.written_path = std::string(path[i]);
      } else {
        BL_TRY(add, rare_add(path[i], partition.get(i), tags.get(i), deletions.get(i)));
      }
      add.file.size = static_cast<std::uint64_t>(size[i]);
      add.file.modified = Timestamp::from_millis(modified[i]);
      if (!stats.is_null(i)) add.file.statistics = std::string(stats[i]);
      BL_RETURN_IF_ERROR(state_.add_from_checkpoint(std::move(add)));
    }
    return {};
  }

  /// With a partition, tags or deletions: read as a commit's line is.
  Result<AddFile> rare_add(std::string_view path, std::optional<std::string_view> partition,
                           std::optional<std::string_view> tags,
                           std::optional<std::string_view> deletions) {
    std::string line;
    json::Writer writer(line);
    writer.begin_object().key("add").begin_object().member("path", path);
    writer.key("partitionValues").raw(partition.value_or("{}"));
    writer.member("size", 0).member("modificationTime", 0).member("dataChange", false);
    writer.key("tags").raw(tags.value_or("null"));
    writer.key("deletionVector").raw(deletions.value_or("null"));
    writer.end_object().end_object();
    BL_TRY(auto action, parse_action(line, context_));
    auto* add = action ? std::get_if<AddFile>(&*action) : nullptr;
    BL_CHECK(add != nullptr);
    return std::move(*add);
  }

  duck::Connection& connection_;
  const ParseContext& context_;
  State& state_;
};

Result<std::vector<std::string>> read_json(LogFolder& folder, const LogEntry& entry,
                                           const DeltaLimits& limits, const ParseContext& context,
                                           State& state) {
  BL_TRY(const std::string bytes,
         folder.store().get_range(entry.key, {0, limits.commit_bytes_max}));
  if (bytes.size() < entry.size) {
    return Error{Code::too_large, "a checkpoint of JSON is too large: " + entry.key};
  }
  BL_TRY(auto actions, parse_commit(bytes, context));
  std::vector<std::string> sidecars;
  for (auto& action : actions) {
    if (const auto* sidecar = std::get_if<Sidecar>(&action)) {
      sidecars.push_back(sidecar->path);
    } else {
      BL_RETURN_IF_ERROR(state.add_from_checkpoint(std::move(action)));
    }
  }
  return sidecars;
}

/// Sidecars lie in their folder, by name.
Result<std::string> sidecar_key(const LogFolder& folder, const std::string& written) {
  auto name = percent_decode(written);
  if (!name.ok() || !objects::is_segment(*name)) {
    return Error{Code::unsupported,
                 "a sidecar outside its folder is not read: " + objects::quoted(written)};
  }
  return folder.key(std::string(k_sidecars) + *name);
}

Result<std::vector<LocalCopy>> copies_of(const DeltaWorld& world, const DeltaLimits& limits,
                                         const std::vector<LogEntry>& files) {
  if (files.size() > limits.checkpoint_parts_max) {
    return Error{Code::too_large, fmt::format("a checkpoint has too many files, at most {}",
                                              limits.checkpoint_parts_max)};
  }
  std::uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.size;
  if (bytes > limits.checkpoint_bytes_max) {
    return Error{Code::too_large, fmt::format("a checkpoint has more than {} bytes: {}",
                                              limits.checkpoint_bytes_max, bytes)};
  }
  std::vector<LocalCopy> copies;
  for (const auto& file : files) {
    BL_TRY(auto copy, LocalCopy::of(world, file.key, file.size));
    copies.push_back(std::move(copy));
  }
  return copies;
}

std::vector<std::string> paths_of(const std::vector<LocalCopy>& copies) {
  std::vector<std::string> paths;
  for (const auto& copy : copies) paths.push_back(without_patterns(copy.path()));
  return paths;
}

Result<void> read_sidecars(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
                           const std::vector<std::string>& names, ParquetRows& rows) {
  std::vector<LogEntry> files;
  for (const auto& name : names) {
    LogEntry entry;
    BL_TRY(entry.key, sidecar_key(folder, name));
    BL_TRY(const auto info, world.store.head(entry.key));
    entry.size = info.size;
    files.push_back(std::move(entry));
  }
  BL_TRY(const auto copies, copies_of(world, limits, files));
  if (copies.empty()) return {};
  BL_TRY(const auto deeper, rows.read(paths_of(copies)));
  if (!deeper.empty()) return Error{Code::corrupt, "a sidecar names sidecars: " + deeper[0]};
  return {};
}

using Lines = columns::Table<columns::Is<"action", std::string_view>>;

Result<std::vector<columns::Batch>> batches_of(const std::vector<std::string>& lines) {
  std::vector<columns::Batch> out;
  Lines::Builder builder;
  for (const auto& line : lines) {
    if (builder.append(line)) continue;
    BL_TRY(auto batch, builder.finish());
    out.push_back(std::move(batch));
    if (!builder.append(line)) {
      return Error{Code::too_large,
                   fmt::format("an action is too large for a checkpoint: {} bytes", line.size())};
    }
  }
  BL_TRY(auto batch, builder.finish());
  out.push_back(std::move(batch));
  return out;
}

Result<duck::ParquetFile> write_file(const DeltaWorld& world, const std::string& path,
                                     const std::vector<std::string>& lines) {
  BL_TRY(const auto connection, world.engine.connect());
  BL_TRY(auto batches, batches_of(lines));
  BL_TRY(const auto offered,
         connection->offer("delta_actions", Lines::schema(), std::move(batches)));
  const std::string select = fmt::format(
      "SELECT a.txn AS txn, a.\"add\" AS \"add\", a.remove AS remove, a.\"metaData\" AS "
      "\"metaData\", a.protocol AS protocol, a.\"domainMetadata\" AS \"domainMetadata\" FROM "
      "(SELECT from_json(action, '{}') AS a FROM delta_actions)",
      k_structure);
  return duck::write_parquet(*connection, world.disk, select, {}, path, {.version = 1});
}

Result<void> point_to(LogFolder& folder, DeltaVersion version, std::size_t actions,
                      std::uint64_t bytes, std::size_t files) {
  BL_TRY(const auto hint, folder.hint());
  if (hint && *hint > version) return {};  // somebody was faster
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("version", version);
  writer.member("size", static_cast<std::uint64_t>(actions)).member("sizeInBytes", bytes);
  writer.member("numOfAddFiles", static_cast<std::uint64_t>(files)).end_object();
  return folder.store().replace(folder.key(k_last_checkpoint), text);
}

}  // namespace

std::vector<Checkpoint> complete_checkpoints(const std::vector<LogEntry>& entries,
                                             DeltaVersion newest) {
  std::vector<Checkpoint> out;
  std::map<std::pair<DeltaVersion, std::uint32_t>, std::vector<LogEntry>> parts;
  for (const auto& entry : entries) {
    if (entry.name.version > newest) continue;
    switch (entry.name.kind) {
      case NameKind::checkpoint:
      case NameKind::uuid_parquet:
      case NameKind::uuid_json:
        out.push_back({entry.name.version, {entry}});
        break;
      case NameKind::part:
        parts[{entry.name.version, entry.name.parts}].push_back(entry);
        break;
      default:
        break;
    }
  }
  for (auto& [key, files] : parts) {
    if (files.size() == key.second) out.push_back({key.first, std::move(files)});
  }
  std::sort(out.begin(), out.end(), [](const Checkpoint& a, const Checkpoint& b) {
    if (a.version != b.version) return a.version > b.version;
    if (a.files.size() != b.files.size()) return a.files.size() < b.files.size();
    return a.files[0].key < b.files[0].key;
  });
  return out;
}

Result<void> read_checkpoint(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
                             const Checkpoint& checkpoint, State& state) {
  const ParseContext context{folder.table(), limits.text_bytes_max};
  BL_TRY(const auto connection, world.engine.connect());
  ParquetRows rows(*connection, context, state);
  std::vector<std::string> sidecars;
  if (checkpoint.files[0].name.kind == NameKind::uuid_json) {
    BL_TRY(sidecars, read_json(folder, checkpoint.files[0], limits, context, state));
  } else {
    BL_TRY(const auto copies, copies_of(world, limits, checkpoint.files));
    BL_TRY(sidecars, rows.read(paths_of(copies)));
  }
  BL_RETURN_IF_ERROR(read_sidecars(world, limits, folder, sidecars, rows));
  state.set_version(checkpoint.version);
  return {};
}

Result<void> write_checkpoint(const DeltaWorld& world, LogFolder& folder, DeltaVersion version,
                              const std::vector<std::string>& lines, std::size_t files) {
  BL_RETURN_IF_ERROR(world.disk.make_folder(world.scratch));
  const std::string path =
      fmt::format("{}/delta-{:016x}.parquet", world.scratch, world.random.next_u64());
  BL_TRY(const auto written, write_file(world, path, lines));
  const auto put = world.store.put_file_if_absent(folder.key(checkpoint_name(version)), path);
  (void)world.disk.remove(path);
  // Of the same version there is only one state: the one that is there is as good.
  if (!put.ok() && put.error().code != Code::conflict) return put.error();
  return point_to(folder, version, lines.size(), written.bytes, files);
}

}  // namespace bl::lake::delta
