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

/// All configurations of models (`$1`), or of all, by id.
using Configs = std::unordered_map<std::int64_t, ServingConfig>;
Result<Configs> read_configs(store::Connection& connection, std::span<const std::string> models);
Result<Configs> read_configs(store::Connection& connection);

/// What is available, for each line and date. By date, then the other members.
Result<std::vector<Availability>> read_availability(store::Connection& connection,
                                                    std::string_view first_date,
                                                    std::string_view last_date);

}  // namespace bl::inference
