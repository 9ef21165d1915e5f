#pragma once

#include <span>

#include "store/database.h"

/// The tables of a log in SQL (spec/events-delta.md 1.6): a root, one table for each type, two
/// bridges, and what is kept of entities so that no list needs a scan. `seq` is the order of
/// arrival, without gaps; `timestamp` stands again where an index orders by it.
namespace bl::events {

std::span<const store::Migration> log_migrations();

/// What the newest of log_migrations() makes; `bel_meta` says it too.
inline constexpr std::int64_t k_sql_schema_version = 1;

}  // namespace bl::events
