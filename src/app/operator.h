#pragma once

#include "app/settings.h"
#include "ops/ports.h"

/// What the domain `ops` is given of the others.
namespace bl::app {

/// All migrations of the program, in the order of their numbers.
std::vector<store::Migration> all_migrations();
/// Errors: conflict (some are missing), those of the store.
Result<void> demand_current_schema(store::Database& database);

/// Errors: those of the store's URI.
Result<ops::ServerSetting> server_setting(const Settings& settings, Disk& disk);

/// What an operator asks of an open store.
ops::StoredFacts stored_facts();

/// For the commands `doctor`, `migrate`, `backup`, `restore`.
ops::CommandPorts command_ports();

}  // namespace bl::app
