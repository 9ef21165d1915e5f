#pragma once

#include <span>

#include "store/database.h"

/// The tables of inference sweeps: prefix `bl_inference_` on SQLite, `benchlake.inference_` on
/// PostgreSQL. Instants are microseconds since 1970 UTC, dates are `YYYY-MM-DD`, documents are JSON
/// whose members keep the order of the file.
namespace bl::inference {

/// Numbers 16 and 17 of the program's migrations.
std::span<const store::Migration> migrations();

}  // namespace bl::inference
