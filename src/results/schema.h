#pragma once

#include <span>

#include "store/database.h"

/// The tables of the results domain: Conbench's own seven, frozen (spec/results-conbench.md 1.1),
/// and ours beside them: prefix `bl_` on SQLite, schema `benchlake` on PostgreSQL.
///
/// On SQLite instants are INTEGER microseconds since 1970 UTC, documents are JSON text, sample
/// arrays are JSON arrays that keep each number's text, aggregates are REAL. On PostgreSQL the
/// seven are created only where they are absent, with Conbench's indexes.
namespace bl::results {

/// Numbers 1 and 2 of the program's migrations.
std::span<const store::Migration> migrations();
/// Number 4: commits that wait for enrichment (store_commits.h).
std::span<const store::Migration> commit_migrations();
/// Number 5.
std::span<const store::Migration> later_migrations();
/// Number 8: thresholds, expected inventory, regression snapshots.
std::span<const store::Migration> ci_migrations();
/// Number 9: alert rules, events and deliveries; receipts; state of background jobs.
std::span<const store::Migration> alert_migrations();
/// Numbers 10 and 11: results that others wrote into the tables that we share with them.
std::span<const store::Migration> shared_table_migrations();
/// Number 12: histories in fewer bytes; sparklines beside their series.
std::span<const store::Migration> history_migrations();
/// Numbers 13 and 14: verdicts of series; alert rules that look at them.
std::span<const store::Migration> verdict_migrations();
/// Number 15: how the lake's answers compare with the store's (read_evidence.h).
std::span<const store::Migration> read_migrations();

/// Number 18: traces that results name (exemplars.h).
std::span<const store::Migration> exemplar_migrations();

}  // namespace bl::results
