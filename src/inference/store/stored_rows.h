#pragma once

#include <unordered_map>

#include "inference/stored.h"
#include "store/database.h"

/// Rows of the tables -> values. Private to the store's side.
namespace bl::inference {

/// The columns of a configuration `c`, without its id, and how many they are.
#define BL_CONFIG_COLUMNS                                                                    \
  "c.hardware, c.framework, c.model, c.precision, c.spec_method, c.disagg, c.is_multinode, " \
  "c.prefill_tp, c.prefill_ep, c.prefill_dp_attention, c.prefill_num_workers, c.decode_tp, " \
  "c.decode_ep, c.decode_dp_attention, c.decode_num_workers, c.num_prefill_gpu, c.num_decode_gpu"
ServingConfig config_of(const store::Row& row, int column);

/// The columns of a run, without its row's id, and its value.
#define BL_RUN_COLUMNS                                                                  \
  "github_run_id, attempt, name, status, conclusion, head_sha, head_branch, html_url, " \
  "created_at, started_at, append_only, date"
SweepRun run_of(const store::Row& row, int column);

/// Of an evaluation: id, config id, task, isl, osl, conc, lm_eval_version, metrics, the origin's
/// artifact and path, of its run date, GitHub id, attempt, link and creation, its configuration.
Result<StoredEval> eval_of(const store::Row& row);
/// Of an entry of a changelog, in the order of these columns.
#define BL_CHANGELOG_COLUMNS                                                     \
  "github_run_id, date, base_ref, head_ref, config_keys, description, pr_link, " \
  "evals_only, append_only"
Result<StoredChangelog> changelog_of(const store::Row& row);

/// All configurations of models (`$1`), or of all, by id.
using Configs = std::unordered_map<std::int64_t, ServingConfig>;
Result<Configs> read_configs(store::Connection& connection, std::span<const std::string> models);
Result<Configs> read_configs(store::Connection& connection);

/// What is available, for each line and date. By date, then the other members.
Result<std::vector<Availability>> read_availability(store::Connection& connection,
                                                    std::string_view first_date,
                                                    std::string_view last_date);

}  // namespace bl::inference
