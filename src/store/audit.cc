#include "store/audit.h"

#include <array>

#include "base/check.h"
#include "store/both_dialects.h"

namespace bl::store {
namespace {

constexpr std::size_t k_detail_bytes_max = 10'000;

constexpr std::string_view k_audit_sqlite = R"sql(
create table bl_audit (
  seq integer primary key autoincrement,
  at integer not null,
  actor_id text not null,
  actor_name text not null,
  action text not null,
  object text not null,
  detail text not null
) strict;
create index bl_audit_object_index on bl_audit (object, seq);
)sql";

constexpr std::string_view k_audit_postgres = R"sql(
create table benchlake.audit (
  seq bigint generated always as identity primary key,
  at bigint not null,
  actor_id text not null,
  actor_name text not null,
  action text not null,
  object text not null,
  detail text not null
);
create index audit_object_index on benchlake.audit (object, seq);
)sql";

constexpr std::array k_migrations = {Migration{6, "audit", k_audit_sqlite, k_audit_postgres}};

}  // namespace

Result<void> record_audit(Connection& connection, const AuditEntry& entry) {
  BL_CHECK(entry.detail.size() <= k_detail_bytes_max);
  auto added =
      connection.execute(both_dialects<"insert into @audit (at, actor_id, actor_name, action, "
                                       "object, detail) values ($1, $2, $3, $4, $5, $6)">(),
                         {entry.at.micros, entry.actor_id, entry.actor_name, entry.action,
                          entry.object, entry.detail});
  if (!added.ok()) return std::move(added).error();
  return {};
}

std::span<const Migration> audit_migrations() {
  return k_migrations;
}

}  // namespace bl::store
