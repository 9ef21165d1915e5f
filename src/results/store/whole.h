#pragma once

#include "results/ports.h"
#include "store/database.h"

/// Rows of whole results -> StoredResult: one join over all of Conbench's tables. Private to the
/// store's side of the domain.
namespace bl::results {

/// Columns of `hardware h` in the order that hardware_of reads them.
#define BL_HARDWARE_COLUMNS                                                                \
  "h.type, h.name, h.architecture_name, h.kernel_name, h.os_name, h.os_version, "          \
  "h.cpu_model_name, h.cpu_l1d_cache_bytes, h.cpu_l1i_cache_bytes, h.cpu_l2_cache_bytes, " \
  "h.cpu_l3_cache_bytes, h.cpu_core_count, h.cpu_thread_count, h.cpu_frequency_max_hz, "   \
  "h.memory_bytes, h.gpu_count, @texts{h.gpu_product_names}, @text{h.info}, "              \
  "@text{h.optional_info}"
inline constexpr int k_hardware_columns = 19;
/// Errors: corrupt.
Result<Hardware> hardware_of(const store::Row& row, int column);

/// A measured number as it lies in its column. PostgreSQL prints a numeric faster than it makes a
/// double of it (eight of them cost more than the rest of a row), so the text comes and is read
/// here. What no double holds (1e400, NaN) is null: an old row may have it.
std::optional<double> measured_or_null(const store::Row& row, int column);
/// Samples as they lie in their column: `[1,null]` of SQLite, `{1,NULL}` of PostgreSQL, which takes
/// longer to write the former. Null gives `[]`, and what no double holds is a null in it. Errors:
/// corrupt.
Result<json::Array> stored_samples_of(const store::Row& row, int column);

/// Columns of a whole result, from 0.
#define BL_STORED_RESULT_COLUMNS                                                       \
  "r.id, r.case_id, r.context_id, r.info_id, r.hardware_id, r.run_id, r.batch_id, "    \
  "@micros{r.timestamp}, r.run_reason, @text{r.run_tags}, k.name, @text{k.tags}, "     \
  "@text{x.tags}, @text{i.tags}, r.commit_repo_url, r.data, r.times, "                 \
  "r.unit, r.time_unit, r.iterations, r.min, r.max, r.mean, r.median, r.stdev, r.q1, " \
  "r.q3, r.iqr, "                                                                      \
  "@text{r.error}, @text{r.optional_benchmark_info}, @text{r.validation}, "            \
  "@text{r.change_annotations}, r.history_fingerprint, " BL_COMMIT_COLUMNS             \
  ", h.hash, " BL_HARDWARE_COLUMNS
#define BL_STORED_RESULT_TABLES                                            \
  " from benchmark_result r join \"case\" k on k.id = r.case_id "          \
  "join context x on x.id = r.context_id join info i on i.id = r.info_id " \
  "join hardware h on h.id = r.hardware_id "                               \
  "left join \"commit\" c on c.id = r.commit_id "
inline constexpr int k_whole_commit_column = 33;
/// Errors: corrupt.
Result<StoredResult> stored_result_of(const store::Row& row);

/// `select` and the columns of `benchmark_result r` alone: pages of results read what many rows
/// share once (shared_rows.h), which costs less than a join of each. Ends after the last column.
const std::string& own_columns(store::Dialect dialect);
inline constexpr int k_own_columns = 30;
inline constexpr int k_own_fingerprint_column = 2;
/// Of what is shared it has the ids, and of a commit nothing else. Errors: corrupt.
Result<StoredResult> own_result_of(const store::Row& row, store::Dialect dialect);
/// Of such a row, as stored text.
std::size_t samples_bytes_of(const store::Row& row);

}  // namespace bl::results
