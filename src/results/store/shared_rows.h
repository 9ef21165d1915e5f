#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "results/ports.h"
#include "store/database.h"

/// What the results of a page share: each row is asked for by its id, and read, once. Private to
/// the store's side.
namespace bl::results {

/// The keys are the ids that are asked for; those that are not there keep an empty value.
template <class T>
using ById = std::map<std::string, T, std::less<>>;

Result<void> read_cases(store::Connection& connection, ById<Case>& cases);
Result<void> read_contexts(store::Connection& connection, ById<json::Value>& contexts);
Result<void> read_commits(store::Connection& connection,
                          ById<std::optional<StoredCommit>>& commits);

struct HardwareRow {
  std::string hash;
  Hardware hardware;
};
/// One statement for both. Errors: corrupt.
Result<void> read_contexts_and_infos(store::Connection& connection, ById<json::Value>& contexts,
                                     ById<json::Value>& infos);
Result<void> read_hardware(store::Connection& connection, ById<HardwareRow>& hardware);

/// Runs a text that outlives no connection; `each` says whether it wants the next row. Gives its
/// error, else the query's.
Result<void> for_each_row_of(store::Connection& connection, const std::string& sql,
                             std::span<const store::Param> params,
                             const std::function<Result<bool>(const store::Row&)>& each);

}  // namespace bl::results
