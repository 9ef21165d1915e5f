#include <array>

#include "access/tokens.h"

namespace bl::access {
namespace {

constexpr std::string_view k_tokens_sqlite = R"sql(
create table bl_token (
  id text primary key not null,
  name text not null,
  prefix text not null,
  sha256 text not null unique,
  role text not null,
  created_at integer not null,
  last_used_at integer,
  revoked_at integer
) strict;
create index bl_token_revoked_index on bl_token (revoked_at, id);
)sql";

constexpr std::string_view k_tokens_postgres = R"sql(
create table benchlake.token (
  id text not null primary key,
  name text not null,
  prefix text not null,
  sha256 text not null unique,
  role text not null,
  created_at bigint not null,
  last_used_at bigint,
  revoked_at bigint
);
create index token_revoked_index on benchlake.token (revoked_at, id);
)sql";

constexpr std::array k_migrations = {
    store::Migration{3, "access_tokens", k_tokens_sqlite, k_tokens_postgres},
};

}  // namespace

std::span<const store::Migration> migrations() {
  return k_migrations;
}

}  // namespace bl::access
