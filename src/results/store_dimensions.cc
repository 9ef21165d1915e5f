#include "results/store_dimensions.h"

#include "base/hash.h"
#include "base/json.h"
#include "results/store_derived.h"
#include "results/store_rows.h"
#include "results/store_sql.h"

namespace bl::results {
namespace {

using store::Blob;
using store::Null;
using store::Param;
using store::param_of;

DimensionKey key_of(DimensionKey::Kind kind, std::string_view identity) {
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

Result<std::optional<std::string>> find_key(store::Connection& connection,
                                            const DimensionKey& key) {
  std::optional<std::string> id;
  const Blob sha{{reinterpret_cast<const char*>(key.sha256.data()), key.sha256.size()}};
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select id from @dimension_key where kind = $1 and sha256 = $2">(),
      {static_cast<std::int64_t>(key.kind), sha}, [&](const store::Row& row) {
        id = row.text(0);
        return true;
      }));
  return id;
}

// A restored Conbench database has rows that no key names yet: they are found by equality once.
Result<std::optional<std::string>> find_without_key(store::Connection& connection,
                                                    const store::Sql& sql,
                                                    std::span<const Param> params) {
  std::optional<std::string> id;
  if (connection.dialect() == store::Dialect::sqlite) return id;  // every row was made with a key
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    id = row.text(0);
    return false;
  }));
  return id;
}

// Another transaction may have made the same row since we looked: then its id counts, and the row
// that we made is dropped with the error or, where nothing failed, is never referenced.
Result<std::string> claim_key(store::Connection& connection, const DimensionKey& key,
                              std::string id) {
  const Blob sha{{reinterpret_cast<const char*>(key.sha256.data()), key.sha256.size()}};
  BL_TRY(const auto claimed,
         connection.execute(both_dialects<"insert into @dimension_key (kind, sha256, id) "
                                          "values ($1, $2, $3) on conflict do nothing">(),
                            {static_cast<std::int64_t>(key.kind), sha, std::string_view(id)}));
  if (claimed == 1) return id;
  BL_TRY(auto winner, find_key(connection, key));
  if (!winner) return Error{Code::internal, "a dimension key is neither new nor there: " + id};
  return *winner;
}

Result<std::string> find_or_create_case(store::Connection& connection, IdSource& ids,
                                        const Case& benchmark_case,
                                        const PreparedDimensions& prepared) {
  BL_TRY(auto found, find_key(connection, prepared.case_key));
  if (found) return *found;
  const std::array<Param, 2> identity{std::string_view(benchmark_case.name),
                                      std::string_view(prepared.case_tags)};
  BL_TRY(found, find_without_key(connection,
                                 both_dialects<"select id from \"case\" where name = $1 and "
                                               "tags = @jsonb{$2}">(),
                                 identity));
  if (found) return claim_key(connection, prepared.case_key, *found);
  std::string id = ids.next();
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(both_dialects<"insert into \"case\" (id, name, tags) "
                                          "values ($1, $2, @jsonb{$3})">(),
                            {std::string_view(id), identity[0], identity[1]}));
  return claim_key(connection, prepared.case_key, std::move(id));
}

Result<std::string> find_or_create_context(store::Connection& connection, IdSource& ids,
                                           const PreparedDimensions& prepared) {
  BL_TRY(auto found, find_key(connection, prepared.context_key));
  if (found) return *found;
  const std::array<Param, 1> identity{std::string_view(prepared.context)};
  BL_TRY(found, find_without_key(connection,
                                 both_dialects<"select id from context where tags = @jsonb{$1}">(),
                                 identity));
  if (found) return claim_key(connection, prepared.context_key, *found);
  std::string id = ids.next();
  BL_TRY(
      [[maybe_unused]] auto inserted,
      connection.execute(both_dialects<"insert into context (id, tags) values ($1, @jsonb{$2})">(),
                         {std::string_view(id), identity[0]}));
  return claim_key(connection, prepared.context_key, std::move(id));
}

// Conbench's info table has no index to find an old row by, and may hold duplicates: a document
// without a key gets a row of its own.
Result<std::string> find_or_create_info(store::Connection& connection, IdSource& ids,
                                        const PreparedDimensions& prepared) {
  BL_TRY(auto found, find_key(connection, prepared.info_key));
  if (found) return *found;
  std::string id = ids.next();
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(both_dialects<"insert into info (id, tags) values ($1, @jsonb{$2})">(),
                            {std::string_view(id), std::string_view(prepared.info)}));
  return claim_key(connection, prepared.info_key, std::move(id));
}

Result<std::optional<std::string>> find_hardware_without_key(store::Connection& connection,
                                                             const Hardware& hardware,
                                                             const PreparedDimensions& prepared) {
  if (hardware.type == Hardware::Type::cluster) {
    const std::array<Param, 3> identity{std::string_view(hardware.name),
                                        or_null(prepared.hardware_info),
                                        or_null(prepared.hardware_optional_info)};
    return find_without_key(connection,
                            both_dialects<"select id from hardware where type = 'cluster' and "
                                          "name = $1 and info = @jsonb{$2} and "
                                          "optional_info is not distinct from @jsonb{$3}">(),
                            identity);
  }
  const std::array<Param, 16> identity{std::string_view(hardware.name),
                                       param_of(hardware.architecture_name),
                                       param_of(hardware.kernel_name),
                                       param_of(hardware.os_name),
                                       param_of(hardware.os_version),
                                       param_of(hardware.cpu_model_name),
                                       param_of(hardware.cpu_l1d_cache_bytes),
                                       param_of(hardware.cpu_l1i_cache_bytes),
                                       param_of(hardware.cpu_l2_cache_bytes),
                                       param_of(hardware.cpu_l3_cache_bytes),
                                       param_of(hardware.cpu_core_count),
                                       param_of(hardware.cpu_thread_count),
                                       param_of(hardware.cpu_frequency_max_hz),
                                       param_of(hardware.memory_bytes),
                                       param_of(hardware.gpu_count),
                                       or_null(prepared.gpu_product_names)};
  return find_without_key(
      connection,
      both_dialects<
          "select id from hardware where type = 'machine' and name = $1 and "
          "(architecture_name, kernel_name, os_name, os_version, cpu_model_name, "
          "cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, cpu_l2_cache_bytes, cpu_l3_cache_bytes, "
          "cpu_core_count, cpu_thread_count, cpu_frequency_max_hz, memory_bytes, gpu_count, "
          "gpu_product_names) is not distinct from ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
          "$12, $13, $14, $15, @textarray{$16})">(),
      identity);
}

Result<std::string> find_or_create_hardware(store::Connection& connection, IdSource& ids,
                                            const Hardware& hardware,
                                            const PreparedDimensions& prepared) {
  BL_TRY(auto found, find_key(connection, prepared.hardware_key));
  if (found) return *found;
  BL_TRY(found, find_hardware_without_key(connection, hardware, prepared));
  if (found) return claim_key(connection, prepared.hardware_key, *found);
  std::string id = ids.next();
  const std::string_view type = hardware.type == Hardware::Type::machine ? "machine" : "cluster";
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(
             both_dialects<
                 "insert into hardware (id, name, architecture_name, kernel_name, os_name, "
                 "os_version, cpu_model_name, cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, "
                 "cpu_l2_cache_bytes, cpu_l3_cache_bytes, cpu_core_count, cpu_thread_count, "
                 "cpu_frequency_max_hz, memory_bytes, gpu_count, gpu_product_names, type, info, "
                 "optional_info, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
                 "$13, $14, $15, $16, @textarray{$17}, $18, @jsonb{$19}, @jsonb{$20}, $21)">(),
             {std::string_view(id),
              std::string_view(hardware.name),
              param_of(hardware.architecture_name),
              param_of(hardware.kernel_name),
              param_of(hardware.os_name),
              param_of(hardware.os_version),
              param_of(hardware.cpu_model_name),
              param_of(hardware.cpu_l1d_cache_bytes),
              param_of(hardware.cpu_l1i_cache_bytes),
              param_of(hardware.cpu_l2_cache_bytes),
              param_of(hardware.cpu_l3_cache_bytes),
              param_of(hardware.cpu_core_count),
              param_of(hardware.cpu_thread_count),
              param_of(hardware.cpu_frequency_max_hz),
              param_of(hardware.memory_bytes),
              param_of(hardware.gpu_count),
              or_null(prepared.gpu_product_names),
              type,
              or_null(prepared.hardware_info),
              or_null(prepared.hardware_optional_info),
              std::string_view(prepared.hardware_hash)}));
  return claim_key(connection, prepared.hardware_key, std::move(id));
}

Result<std::string> hash_of_cluster(store::Connection& connection, std::string_view id) {
  std::string hash;
  BL_RETURN_IF_ERROR(connection.query(both_dialects<"select hash from hardware where id = $1">(),
                                      {id}, [&](const store::Row& row) {
                                        hash = row.text(0);
                                        return true;
                                      }));
  return hash;
}

Result<std::optional<StoredCommit>> find_commit(store::Connection& connection,
                                                const Commit& commit) {
  std::optional<StoredCommit> found;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select " BL_COMMIT_COLUMNS
                                     " from \"commit\" c where c.sha = $1 and c.repository = $2">(),
                       {std::string_view(commit.sha), std::string_view(commit.repository)},
                       [&](const store::Row& row) {
                         found = commit_of(row, 0);
                         return true;
                       }));
  return found;
}

Param micros_of(const std::optional<Timestamp>& time) {
  return time ? Param(time->micros) : Param(Null{});
}

Result<CommitPlace> repair_commit(store::Connection& connection, const StoredCommit& stored,
                                  const Commit& commit) {
  BL_TRY(
      [[maybe_unused]] auto updated,
      connection.execute(
          both_dialects<"update \"commit\" set parent = $2, message = $3, author_name = $4, "
                        "author_login = $5, author_avatar = $6, timestamp = @time{$7}, "
                        "branch = $8, fork_point_sha = $9 where id = $1">(),
          {std::string_view(stored.id), param_of(commit.parent), std::string_view(commit.message),
           std::string_view(commit.author_name), param_of(commit.author_login),
           param_of(commit.author_avatar), micros_of(commit.timestamp), param_of(commit.branch),
           param_of(commit.fork_point_sha)}));
  return CommitPlace{stored.id, commit, true};
}

}  // namespace

PreparedDimensions::PreparedDimensions(const BenchmarkResult& result)
    : case_key(key_of(DimensionKey::Kind::case_, case_identity(result.benchmark_case))),
      context_key(key_of(DimensionKey::Kind::context, json::to_canonical(result.context))),
      info_key(key_of(DimensionKey::Kind::info, json::to_canonical(result.info))),
      hardware_key(key_of(DimensionKey::Kind::hardware, result.hardware.identity())),
      case_tags(json::to_text(result.benchmark_case.tags)),
      context(json::to_text(result.context)),
      info(json::to_text(result.info)),
      gpu_product_names(names_text(result.hardware.gpu_product_names)),
      hardware_hash(result.hardware.hash()) {
  if (!result.hardware.info.is_null()) hardware_info = json::to_text(result.hardware.info);
  if (!result.hardware.optional_info.is_null()) {
    hardware_optional_info = json::to_text(result.hardware.optional_info);
  }
}

Result<DimensionIds> find_or_create_dimensions(store::Connection& connection, IdSource& ids,
                                               const BenchmarkResult& result,
                                               const PreparedDimensions& prepared) {
  DimensionIds found;
  BL_TRY(found.case_id, find_or_create_case(connection, ids, result.benchmark_case, prepared));
  BL_TRY(found.context_id, find_or_create_context(connection, ids, prepared));
  BL_TRY(found.info_id, find_or_create_info(connection, ids, prepared));
  BL_TRY(found.hardware_id, find_or_create_hardware(connection, ids, result.hardware, prepared));
  found.hardware_hash = prepared.hardware_hash;
  if (result.hardware.type == Hardware::Type::cluster) {
    BL_TRY(found.hardware_hash, hash_of_cluster(connection, found.hardware_id));
  }
  return found;
}

Result<CommitPlace> find_or_create_commit(store::Connection& connection, IdSource& ids,
                                          const Commit& commit) {
  BL_TRY(auto found, find_commit(connection, commit));
  if (!found) {
    const std::string id = ids.next();
    BL_TRY(const auto inserted,
           connection.execute(
               both_dialects<"insert into \"commit\" (id, sha, repository, parent, timestamp, "
                             "message, author_name, author_login, author_avatar, branch, "
                             "fork_point_sha) values ($1, $2, $3, $4, @time{$5}, $6, $7, $8, $9, "
                             "$10, $11) on conflict do nothing">(),
               {std::string_view(id), std::string_view(commit.sha),
                std::string_view(commit.repository), param_of(commit.parent),
                micros_of(commit.timestamp), std::string_view(commit.message),
                std::string_view(commit.author_name), param_of(commit.author_login),
                param_of(commit.author_avatar), param_of(commit.branch),
                param_of(commit.fork_point_sha)}));
    if (inserted == 1) {
      BL_RETURN_IF_ERROR(count(connection, "commits", 1));
      return CommitPlace{id, commit, false};
    }
    BL_TRY(found, find_commit(connection, commit));
    if (!found) {
      return Error{Code::internal, "a commit is neither new nor there: " + commit.sha};
    }
  }
  if (!found->timestamp && commit.timestamp) return repair_commit(connection, *found, commit);
  CommitPlace place;
  place.id = found->id;
  place.stored = std::move(*found);
  return place;
}

}  // namespace bl::results
