#include "results/store/dimensions.h"

#include <map>

#include "base/hash.h"
#include "base/json.h"
#include "results/store/derived.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"
#include "store/row_set.h"

namespace bl::results {
namespace {

using store::Blob;
using store::Null;
using store::Param;
using store::param_of;
using store::ParamRows;
using Kind = DimensionKey::Kind;

DimensionKey key_of(Kind kind, std::string_view identity) {
  return {kind, sha256(identity)};
}

std::string case_identity(const Case& benchmark_case) {
  // The length keeps a name from running into the tags.
  return std::to_string(benchmark_case.name.size()) + ":" + benchmark_case.name +
         json::to_canonical(benchmark_case.tags);
}

std::string names_text(const std::optional<std::vector<std::string>>& names) {
  if (!names) return {};
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const std::string& name : *names) writer.value(name);
  writer.end_array();
  return text;
}

Param or_null(const std::string& text) {
  return text.empty() ? Param(Null{}) : Param(std::string_view(text));
}

Blob blob_of(const DimensionKey& key) {
  return {{reinterpret_cast<const char*>(key.sha256.data()), key.sha256.size()}};
}

// A row that some submissions share. In the order of their keys.
struct Wanted {
  const PreparedDimensions* from = nullptr;
  std::string id;    // empty until it is found or made
  std::string hash;  // of hardware, with its id
};
using WantedRows = std::map<DimensionKey, Wanted>;
using Missing = std::vector<WantedRows::value_type*>;

Missing missing_of(WantedRows& rows, std::optional<Kind> kind = std::nullopt) {
  Missing missing;
  for (auto& row : rows) {
    if (row.second.id.empty() && (!kind || row.first.kind == *kind)) missing.push_back(&row);
  }
  return missing;
}

// Kinds as in DimensionKey.
#define BL_DIMENSION_IS_THERE                                                    \
  "case d.kind when 1 then exists (select 1 from \"case\" t where t.id = d.id) " \
  "when 2 then exists (select 1 from context t where t.id = d.id) "              \
  "when 3 then exists (select 1 from info t where t.id = d.id) "                 \
  "else exists (select 1 from hardware t where t.id = d.id) end"

#define BL_HARDWARE_HASH \
  "case when d.kind = 4 then (select h.hash from hardware h where h.id = d.id) end"

Result<void> find_by_key(store::Connection& connection, const Missing& rows) {
  static const store::Sql k_find(
      "select d.id, " BL_HARDWARE_HASH
      " from bl_dimension_key d where d.kind = $1 and "
      "d.sha256 = $2",
      // Another program may have deleted the row that a key names.
      "select d.id, " BL_HARDWARE_HASH
      ", p.place "
      "from unnest($1::integer[], $2::bytea[]) with ordinality as p(kind, sha256, place) "
      "cross join lateral (select id, kind from benchlake.dimension_key "
      "where kind = p.kind and sha256 = p.sha256 limit 1) d where " BL_DIMENSION_IS_THERE);
  ParamRows keys(2);
  for (const auto* row : rows) {
    keys.add({static_cast<std::int64_t>(row->first.kind), blob_of(row->first)});
  }
  return store::query_rows(connection, k_find, 3, keys, [&](std::size_t i, const store::Row& row) {
    rows[i]->second.id = row.text(0);
    rows[i]->second.hash = row.text(1);
  });
}

// Each kind of document: how to find a row of it without a key, and how to insert one.

std::array<Param, 2> case_identity_params(const PreparedDimensions& from) {
  return {std::string_view(from.result.benchmark_case.name), std::string_view(from.case_tags)};
}

// The 16 values of a machine.
std::array<Param, 16> machine_params(const PreparedDimensions& from) {
  const Hardware& machine = from.result.hardware;
  return {std::string_view(machine.name),
          param_of(machine.architecture_name),
          param_of(machine.kernel_name),
          param_of(machine.os_name),
          param_of(machine.os_version),
          param_of(machine.cpu_model_name),
          param_of(machine.cpu_l1d_cache_bytes),
          param_of(machine.cpu_l1i_cache_bytes),
          param_of(machine.cpu_l2_cache_bytes),
          param_of(machine.cpu_l3_cache_bytes),
          param_of(machine.cpu_core_count),
          param_of(machine.cpu_thread_count),
          param_of(machine.cpu_frequency_max_hz),
          param_of(machine.memory_bytes),
          param_of(machine.gpu_count),
          or_null(from.gpu_product_names)};
}

bool is_cluster(const PreparedDimensions& from) {
  return from.result.hardware.type == Hardware::Type::cluster;
}

// The statement gives an id, and a hash of hardware.
Result<void> find_by_value(store::Connection& connection, const store::Sql& sql,
                           const ParamRows& params, const Missing& rows) {
  if (params.empty()) return {};
  return connection.query_many(sql, params, [&](std::size_t i, const store::Row& row) {
    if (!rows[i]->second.id.empty()) return;
    rows[i]->second.id = row.text(0);
    rows[i]->second.hash = row.text(1);
  });
}

Result<void> find_hardware_by_value(store::Connection& connection, const Missing& rows) {
  Missing machines;
  Missing clusters;
  ParamRows machine_rows(16);
  ParamRows cluster_rows(3);
  for (auto* row : rows) {
    const PreparedDimensions& from = *row->second.from;
    if (is_cluster(from)) {
      clusters.push_back(row);
      cluster_rows.add({std::string_view(from.result.hardware.name), or_null(from.hardware_info),
                        or_null(from.hardware_optional_info)});
    } else {
      machines.push_back(row);
      machine_rows.add(machine_params(from));
    }
  }
  BL_RETURN_IF_ERROR(find_by_value(
      connection,
      store::both_dialects<
          "select id, hash from hardware where type = 'machine' and name = $1 and "
          "(architecture_name, kernel_name, os_name, os_version, cpu_model_name, "
          "cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, cpu_l2_cache_bytes, cpu_l3_cache_bytes, "
          "cpu_core_count, cpu_thread_count, cpu_frequency_max_hz, memory_bytes, gpu_count, "
          "gpu_product_names) is not distinct from ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
          "$12, $13, $14, $15, @textarray{$16}) order by id">(),
      machine_rows, machines));
  return find_by_value(
      connection,
      store::both_dialects<"select id, hash from hardware where type = 'cluster' and "
                           "name = $1 and info = @jsonb{$2} and "
                           "optional_info is not distinct from @jsonb{$3} order by id">(),
      cluster_rows, clusters);
}

// A restored Conbench database has rows that no key names yet: they are found by equality once.
// Its info table has no index to find an old row by, and may hold duplicates: a document without a
// key gets a row of its own. On SQLite every row was made with a key.
Result<void> find_without_key(store::Connection& connection, Kind kind, const Missing& rows) {
  if (connection.dialect() == store::Dialect::sqlite || rows.empty()) return {};
  switch (kind) {
    case Kind::case_: {
      ParamRows params(2);
      for (const auto* row : rows) params.add(case_identity_params(*row->second.from));
      return find_by_value(connection,
                           store::both_dialects<"select id, '' from \"case\" where name = $1 and "
                                                "tags = @jsonb{$2}">(),
                           params, rows);
    }
    case Kind::context: {
      ParamRows params(1);
      for (const auto* row : rows) params.add({std::string_view(row->second.from->context)});
      return find_by_value(
          connection, store::both_dialects<"select id, '' from context where tags = @jsonb{$1}">(),
          params, rows);
    }
    case Kind::hardware:
      return find_hardware_by_value(connection, rows);
    case Kind::info:
      break;
  }
  return {};
}

Result<std::vector<std::int64_t>> insert_hardware(store::Connection& connection,
                                                  const Missing& rows) {
  ParamRows params(21);
  for (const auto* row : rows) {
    const PreparedDimensions& from = *row->second.from;
    std::array<Param, 21> values;
    const auto machine = machine_params(from);
    values[0] = std::string_view(row->second.id);
    std::copy(machine.begin(), machine.end(), values.begin() + 1);
    values[17] = std::string_view(is_cluster(from) ? "cluster" : "machine");
    values[18] = or_null(from.hardware_info);
    values[19] = or_null(from.hardware_optional_info);
    values[20] = std::string_view(from.hardware_hash);
    params.add(values);
  }
  return connection.execute_many(
      store::both_dialects<
          "insert into hardware (id, name, architecture_name, kernel_name, os_name, "
          "os_version, cpu_model_name, cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, "
          "cpu_l2_cache_bytes, cpu_l3_cache_bytes, cpu_core_count, cpu_thread_count, "
          "cpu_frequency_max_hz, memory_bytes, gpu_count, gpu_product_names, type, info, "
          "optional_info, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
          "$13, $14, $15, $16, @textarray{$17}, $18, @jsonb{$19}, @jsonb{$20}, $21) "
          "on conflict do nothing">(),
      params);
}

Result<std::vector<std::int64_t>> insert_cases(store::Connection& connection, const Missing& rows) {
  static const store::Sql k_insert(
      "insert into \"case\" (id, name, tags) values ($1, $2, $3) on conflict do nothing",
      "with p as (select * from unnest($1::text[], $2::text[], $3::jsonb[]) with ordinality "
      "as p(id, name, tags, place)), "
      "added as (insert into \"case\" (id, name, tags) select id, name, tags from p "
      "on conflict do nothing returning id) select p.place from added join p using (id)");
  ParamRows params(3);
  for (const auto* row : rows) {
    const auto identity = case_identity_params(*row->second.from);
    params.add({std::string_view(row->second.id), identity[0], identity[1]});
  }
  return store::insert_rows(connection, k_insert, params);
}

Result<std::vector<std::int64_t>> insert_documents(store::Connection& connection, Kind kind,
                                                   const Missing& rows) {
  if (kind == Kind::hardware) return insert_hardware(connection, rows);
  if (kind == Kind::case_) return insert_cases(connection, rows);
  ParamRows params(2);
  for (const auto* row : rows) {
    const PreparedDimensions& from = *row->second.from;
    params.add({std::string_view(row->second.id),
                std::string_view(kind == Kind::context ? from.context : from.info)});
  }
  if (kind == Kind::info) {
    return connection.execute_many(
        store::both_dialects<"insert into info (id, tags) values ($1, @jsonb{$2})">(), params);
  }
  return connection.execute_many(store::both_dialects<"insert into context (id, tags) values "
                                                      "($1, @jsonb{$2}) on conflict do nothing">(),
                                 params);
}

// What an index holds of a row, before PostgreSQL compresses it.
std::size_t indexed_bytes(Kind kind, const PreparedDimensions& from) {
  const BenchmarkResult& result = from.result;
  if (kind == Kind::case_) return result.benchmark_case.name.size() + from.case_tags.size();
  return kind == Kind::hardware ? result.hardware.identity().size() : from.context.size();
}

// Conbench's unique indexes over whole documents take 2,704 bytes a row on PostgreSQL. In the words
// of a submission; of several, the writer then asks for each alone.
Error too_large_for_index(Kind kind, const Missing& rows) {
  std::size_t bytes = 0;
  for (const auto* row : rows) bytes = std::max(bytes, indexed_bytes(kind, *row->second.from));
  const auto [path, what] = kind == Kind::case_
                                ? std::pair("/tags", "the benchmark's name and tags are")
                            : kind == Kind::hardware ? std::pair("/machine_info", "the machine is")
                                                     : std::pair("/context", "the context is");
  std::string message(what);
  message.append(" too large for an index of PostgreSQL, which takes 2704 bytes");
  const std::string value = std::to_string(bytes);
  return {Code::too_large, message + ": " + value, {{path, message, value}}};
}

Result<void> insert_missing(store::Connection& connection, IdSource& ids, Kind kind,
                            const Missing& rows) {
  if (rows.empty()) return {};
  for (auto* row : rows) {
    row->second.id = ids.next();
    row->second.hash = row->second.from->hardware_hash;
  }
  auto inserted_rows = insert_documents(connection, kind, rows);
  if (!inserted_rows.ok()) {
    const bool is_too_large = inserted_rows.error().code == Code::too_large;
    return is_too_large ? too_large_for_index(kind, rows) : std::move(inserted_rows).error();
  }
  const std::vector<std::int64_t>& inserted = *inserted_rows;
  // Another transaction may have made the same row since we looked: then its id counts.
  Missing lost;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (inserted[i] == 1) continue;
    rows[i]->second.id.clear();
    lost.push_back(rows[i]);
  }
  return find_without_key(connection, kind, lost);
}

// Of keys that are there already: the row that they name, or, where another program deleted it, now
// ours. They are locked by a statement of its own, so that the next one sees what it must.
Result<void> share_keys(store::Connection& connection, const Missing& rows) {
  ParamRows keys(2);
  ParamRows params(3);
  for (const auto* row : rows) {
    const auto kind = static_cast<std::int64_t>(row->first.kind);
    keys.add({kind, blob_of(row->first)});
    params.add({kind, blob_of(row->first), std::string_view(row->second.id)});
  }
  if (connection.dialect() == store::Dialect::postgres) {
    BL_RETURN_IF_ERROR(connection.query_many(
        "select 1 from benchlake.dimension_key where kind = $1 and sha256 = $2 for update", keys,
        [](std::size_t, const store::Row&) {}));
    BL_TRY([[maybe_unused]] const auto taken,
           connection.execute_many("update benchlake.dimension_key d set id = $3 where "
                                   "d.kind = $1 and d.sha256 = $2 and not " BL_DIMENSION_IS_THERE,
                                   params));
  }
  return find_by_key(connection, rows);
}

// The same for the key: the first transaction that claims it says which row it means.
Result<void> claim_keys(store::Connection& connection, const Missing& rows) {
  static const store::Sql k_claim(
      "insert into bl_dimension_key (kind, sha256, id) values ($1, $2, $3) on conflict do nothing",
      "with p as (select * from unnest($1::integer[], $2::bytea[], $3::text[]) with ordinality "
      "as p(kind, sha256, id, place)), "
      "added as (insert into benchlake.dimension_key (kind, sha256, id) select kind, sha256, id "
      "from p on conflict do nothing returning kind, sha256) "
      "select p.place from added join p using (kind, sha256)");
  if (rows.empty()) return {};
  ParamRows params(3);
  for (const auto* row : rows) {
    if (row->second.id.empty()) {
      return Error{Code::internal, "a document is neither new nor there, of kind: " +
                                       std::to_string(static_cast<int>(row->first.kind))};
    }
    params.add({static_cast<std::int64_t>(row->first.kind), blob_of(row->first),
                std::string_view(row->second.id)});
  }
  BL_TRY(const auto claimed, store::insert_rows(connection, k_claim, params));
  Missing lost;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (claimed[i] != 1) lost.push_back(rows[i]);
  }
  return lost.empty() ? Result<void>() : share_keys(connection, lost);
}

Result<void> create_missing(store::Connection& connection, IdSource& ids, WantedRows& rows) {
  const Missing missing = missing_of(rows);
  if (missing.empty()) return {};
  for (const Kind kind : {Kind::case_, Kind::context, Kind::info, Kind::hardware}) {
    BL_RETURN_IF_ERROR(find_without_key(connection, kind, missing_of(rows, kind)));
    BL_RETURN_IF_ERROR(insert_missing(connection, ids, kind, missing_of(rows, kind)));
  }
  return claim_keys(connection, missing);
}

// Commits ------------------------------------------------------------------------------------

Param micros_of(const std::optional<Timestamp>& time) {
  return time ? Param(time->micros) : Param(Null{});
}

}  // namespace

Result<void> CommitRows::find_later(store::Connection& connection, const Missing& rows) {
  ParamRows params(2);
  for (const auto* row : rows) params.add({row->first.second, row->first.first});
  // PostgreSQL: what is found unknown stays so until our results are in; who makes it known
  // (store/commits.cc) waits, and sees them.
  return connection.query_many_later(
      store::both_dialects<"select " BL_COMMIT_COLUMNS
                           " from \"commit\" c where c.sha = $1 and c.repository = $2 "
                           "@postgres{for key share}">(),
      params,
      [rows](std::size_t i, const store::Row& row) { rows[i]->second.found = commit_of(row, 0); });
}

Result<void> CommitRows::create(store::Connection& connection, IdSource& ids, const Missing& rows) {
  if (rows.empty()) return {};
  ParamRows params(11);
  for (auto* row : rows) {
    const Commit& commit = *row->second.from;
    row->second.place.id = ids.next();
    params.add({std::string_view(row->second.place.id), std::string_view(commit.sha),
                std::string_view(commit.repository), param_of(commit.parent),
                micros_of(commit.timestamp), std::string_view(commit.message),
                std::string_view(commit.author_name), param_of(commit.author_login),
                param_of(commit.author_avatar), param_of(commit.branch),
                param_of(commit.fork_point_sha)});
  }
  BL_TRY(
      const auto inserted,
      connection.execute_many(
          store::both_dialects<"insert into \"commit\" (id, sha, repository, parent, timestamp, "
                               "message, author_name, author_login, author_avatar, branch, "
                               "fork_point_sha) values ($1, $2, $3, $4, @time{$5}, $6, $7, $8, $9, "
                               "$10, $11) on conflict do nothing">(),
          params));
  Missing lost;  // another transaction made them since we looked
  std::int64_t created = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (inserted[i] == 1) {
      rows[i]->second.place.stored = *rows[i]->second.from;
      ++created;
    } else {
      lost.push_back(rows[i]);
    }
  }
  BL_RETURN_IF_ERROR(find_later(connection, lost));
  BL_RETURN_IF_ERROR(connection.wait());
  for (const auto* row : lost) {
    if (row->second.found) continue;
    return Error{Code::internal,
                 "a commit is neither new nor there: " + std::string(row->first.second)};
  }
  return created == 0 ? Result<void>() : count(connection, "commits", created);
}

Result<void> CommitRows::repair(store::Connection& connection, const Missing& rows) {
  if (rows.empty()) return {};
  ParamRows ids(1);
  ParamRows params(9);
  for (auto* row : rows) {
    const Commit& commit = *row->second.from;
    ids.add({std::string_view(row->second.found->id)});
    params.add({std::string_view(row->second.found->id), param_of(commit.parent),
                std::string_view(commit.message), std::string_view(commit.author_name),
                param_of(commit.author_login), param_of(commit.author_avatar),
                micros_of(commit.timestamp), param_of(commit.branch),
                param_of(commit.fork_point_sha)});
  }
  // PostgreSQL: waits for those who found it unknown; then their results are there to be seen.
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<"select id from \"commit\" where id = $1 @postgres{for update}">(), ids,
      [](std::size_t, const store::Row&) {}));
  BL_TRY(
      const auto updated,
      connection.execute_many(
          store::both_dialects<"update \"commit\" set parent = $2, message = $3, author_name = $4, "
                               "author_login = $5, author_avatar = $6, timestamp = @time{$7}, "
                               "branch = $8, fork_point_sha = $9 where id = $1 and "
                               "timestamp is null">(),
          params));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Wanted& wanted = rows[i]->second;
    wanted.place = {wanted.found->id, *wanted.from, updated[i] == 1};
    if (updated[i] == 1) BL_RETURN_IF_ERROR(log_known_commit(connection, wanted.found->id));
  }
  return {};
}

Result<void> log_known_commit(store::Connection& connection, std::string_view commit_id) {
  auto logged = connection.execute(
      store::both_dialects<"insert into @change_log (op, result_id, result_timestamp, at) values "
                           "('commit', $1, 0, coalesce((select at from @change_log order by seq "
                           "desc limit 1), 0))">(),
      {commit_id});
  if (!logged.ok()) return std::move(logged).error();
  return {};
}

PreparedDimensions::PreparedDimensions(const BenchmarkResult& of, const HardwareKeys& keys)
    : result(of),
      case_key(key_of(Kind::case_, case_identity(of.benchmark_case))),
      context_key(key_of(Kind::context, json::to_canonical(of.context))),
      info_key(key_of(Kind::info, json::to_canonical(of.info))),
      hardware_key(key_of(Kind::hardware, of.hardware.identity())),
      case_tags(json::to_stored_text(of.benchmark_case.tags)),
      context(json::to_stored_text(of.context)),
      info(json::to_stored_text(of.info)),
      gpu_product_names(names_text(of.hardware.gpu_product_names)),
      hardware_hash(keys.hash_of(of.hardware)) {
  if (!of.hardware.info.is_null()) hardware_info = json::to_stored_text(of.hardware.info);
  if (!of.hardware.optional_info.is_null()) {
    hardware_optional_info = json::to_stored_text(of.hardware.optional_info);
  }
}

DimensionRows rows_of(std::span<const PreparedDimensions* const> prepared) {
  DimensionRows rows;
  for (const PreparedDimensions* one : prepared) {
    for (const auto& key : {one->case_key, one->context_key, one->info_key, one->hardware_key}) {
      rows.try_emplace(key);
    }
  }
  return rows;
}

Result<std::vector<DimensionIds>> find_or_create_dimensions(
    store::Connection& connection, IdSource& ids,
    std::span<const PreparedDimensions* const> prepared, DimensionRows& rows) {
  WantedRows wanted;
  for (const PreparedDimensions* one : prepared) {
    for (const auto& key : {one->case_key, one->context_key, one->info_key, one->hardware_key}) {
      if (rows.at(key).id.empty()) wanted.try_emplace(key, Wanted{one, {}, {}});
    }
  }
  if (!wanted.empty()) {
    BL_RETURN_IF_ERROR(find_by_key(connection, missing_of(wanted)));
    BL_RETURN_IF_ERROR(create_missing(connection, ids, wanted));
  }
  for (auto& [key, row] : wanted) rows.at(key) = {std::move(row.id), std::move(row.hash)};
  std::vector<DimensionIds> found;
  found.reserve(prepared.size());
  for (const PreparedDimensions* one : prepared) {
    const DimensionRow& hardware = rows.at(one->hardware_key);
    found.push_back({rows.at(one->case_key).id, rows.at(one->context_key).id,
                     rows.at(one->info_key).id, hardware.id, hardware.hash});
  }
  return found;
}

CommitRows::CommitRows(std::span<const Commit* const> commits)
    : commits_(commits.begin(), commits.end()) {
  for (const Commit* commit : commits) {
    Wanted& wanted = rows_[Name(commit->repository, commit->sha)];
    if (wanted.from == nullptr || (!wanted.from->timestamp && commit->timestamp)) {
      wanted.from = commit;
    }
  }
}

Result<void> CommitRows::find_later(store::Connection& connection) {
  Missing all;
  for (auto& row : rows_) all.push_back(&row);
  return find_later(connection, all);
}

Result<std::vector<CommitPlace>> CommitRows::place(store::Connection& connection, IdSource& ids) {
  Missing missing;
  for (auto& row : rows_) {
    if (!row.second.found) missing.push_back(&row);
  }
  BL_RETURN_IF_ERROR(create(connection, ids, missing));
  Missing unknown;
  for (auto& row : rows_) {
    Wanted& wanted = row.second;
    if (!wanted.found) continue;
    if (!wanted.found->timestamp && wanted.from->timestamp) {
      unknown.push_back(&row);
    } else {
      wanted.place = {wanted.found->id, *wanted.found, false};
    }
  }
  BL_RETURN_IF_ERROR(repair(connection, unknown));
  std::vector<CommitPlace> places;
  places.reserve(commits_.size());
  for (const Commit* commit : commits_) {
    CommitPlace& place = rows_.at(Name(commit->repository, commit->sha)).place;
    places.push_back(place);
    place.repaired = false;
  }
  return places;
}

Result<CommitPlace> find_or_create_commit(store::Connection& connection, IdSource& ids,
                                          const Commit& commit) {
  const Commit* const one = &commit;
  CommitRows rows(std::span(&one, 1));
  BL_RETURN_IF_ERROR(rows.find_later(connection));
  BL_RETURN_IF_ERROR(connection.wait());
  BL_TRY(auto places, rows.place(connection, ids));
  return std::move(places.front());
}

}  // namespace bl::results
