#pragma once

#include <string_view>

/// The part of migration 7 that is about tokens. Private to this folder.
///
/// `api_token` and `cli_login_code` are tables of the new Conbench (spec/results-conbench.md 1.5):
/// where a database has them, ours are views of them, so that each program knows the other's
/// tokens. What they have no column for stands beside them, in `token_grant`.
namespace bl::access {

inline constexpr std::string_view k_owned_tokens_sqlite = R"sql(
alter table bl_token add column repository text;
create table bl_api_token (
  id text primary key not null,
  user_id text not null,
  name text not null,
  token_hash text not null unique,
  token_prefix text not null,
  created_at integer not null,
  last_used_at integer,
  revoked_at integer
) strict;
create index bl_api_token_user_index on bl_api_token (user_id, id);
create table bl_token_grant (
  id text primary key not null,
  role text not null,
  repository text
) strict;
create table bl_cli_login_code (
  code_hash text primary key not null,
  user_id text not null,
  created_at integer not null,
  expires_at integer not null,
  redeemed_at integer
) strict;
create index bl_cli_login_code_expires_index on bl_cli_login_code (expires_at);
create table bl_used_login (
  state_sha256 text primary key not null,
  expires_at integer not null
) strict;
create index bl_used_login_expires_index on bl_used_login (expires_at);
)sql";

inline constexpr std::string_view k_owned_tokens_postgres = R"sql(
alter table benchlake.token add column repository text;
do $body$ begin
if to_regclass('public.api_token') is not null then
  create view benchlake.api_token as
    select id, user_id, name, token_hash, token_prefix, created_at, last_used_at, revoked_at
    from public.api_token;
else
  create table benchlake.api_token (
    id varchar(50) not null primary key,
    user_id varchar(50) not null,
    name text not null,
    token_hash text not null unique,
    token_prefix text not null,
    created_at timestamp not null,
    last_used_at timestamp,
    revoked_at timestamp
  );
  create index api_token_user_index on benchlake.api_token (user_id, id);
end if;
if to_regclass('public.cli_login_code') is not null then
  create view benchlake.cli_login_code as
    select code_hash, user_id, created_at, expires_at, redeemed_at from public.cli_login_code;
else
  create table benchlake.cli_login_code (
    code_hash text not null primary key,
    user_id varchar(50) not null,
    created_at timestamp not null,
    expires_at timestamp not null,
    redeemed_at timestamp
  );
  create index cli_login_code_expires_index on benchlake.cli_login_code (expires_at);
end if;
end $body$;
create table benchlake.token_grant (
  id text not null primary key,
  role text not null,
  repository text
);
create table benchlake.used_login (
  state_sha256 text not null primary key,
  expires_at bigint not null
);
create index used_login_expires_index on benchlake.used_login (expires_at);
)sql";

}  // namespace bl::access
