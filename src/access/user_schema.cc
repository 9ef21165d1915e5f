#include <array>
#include <string>

#include "access/token_schema.h"
#include "access/tokens.h"

namespace bl::access {
namespace {

// The people themselves are in Conbench's table `user` (results/schema.cc). Nothing here refers to
// it: rows there come and go by other programs.
constexpr std::string_view k_users_sqlite = R"sql(
create table bl_user_role (
  user_id text primary key not null,
  role text not null
) strict;

create table bl_session (
  sha256 text primary key not null,
  user_id text not null,
  password_sha256 text not null,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null
) strict;
create index bl_session_user_index on bl_session (user_id, created_at);
create index bl_session_expires_index on bl_session (expires_at);
)sql";

constexpr std::string_view k_users_postgres = R"sql(
create table benchlake.user_role (
  user_id text not null primary key,
  role text not null
);

create table benchlake.session (
  sha256 text not null primary key,
  user_id text not null,
  password_sha256 text not null,
  created_at bigint not null,
  last_seen_at bigint not null,
  expires_at bigint not null
);
create index session_user_index on benchlake.session (user_id, created_at);
create index session_expires_index on benchlake.session (expires_at);
)sql";

}  // namespace

std::span<const store::Migration> user_migrations() {
  // Tokens that users own: token_schema.h; of a removed user: remove_tokens_of (owned_tokens.h).
  static const std::string sqlite = std::string(k_users_sqlite).append(k_owned_tokens_sqlite);
  static const std::string postgres = std::string(k_users_postgres).append(k_owned_tokens_postgres);
  static const std::array migrations = {store::Migration{7, "users", sqlite, postgres}};
  return migrations;
}

}  // namespace bl::access
