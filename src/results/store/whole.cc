#include "results/store/whole.h"

#include <cmath>

#include "base/numbers.h"
#include "results/store/rows.h"
#include "results/store/sent_time.h"
#include "store/both_dialects.h"

namespace bl::results {

std::optional<double> measured_or_null(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const double value = row.real(column);
  if (value == 0) return parse_double(row.text(column));  // so reads what is no double, too
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

Result<json::Array> stored_samples_of(const store::Row& row, int column) {
  std::string_view text = row.text(column);
  const std::size_t bounds = text.find("]={");  // `[0:1]={1,2}`: does not begin at 1
  if (bounds != std::string_view::npos) text.remove_prefix(bounds + 2);
  if (text.empty() || text.front() != '{') return samples_of(row, column);
  json::Array samples;
  for (std::size_t at = 0; (at = text.find_first_not_of("{,}", at)) != std::string_view::npos;) {
    const std::size_t end = text.find_first_of("{,}", at);
    const std::string_view number = text.substr(at, end - at);
    // NULL, NaN and infinities are no numbers of JSON.
    const bool is_held = is_json_number(number) && is_bounded_number(number);
    samples.push_back(is_held ? json::Value::number_text(std::string(number)) : json::Value());
    at = end;
  }
  return samples;
}

Result<Hardware> hardware_of(const store::Row& row, int column) {
  Hardware hardware;
  hardware.type = row.text(column) == "cluster" ? Hardware::Type::cluster : Hardware::Type::machine;
  hardware.name = row.text(column + 1);
  hardware.architecture_name = row.text_or_null(column + 2);
  hardware.kernel_name = row.text_or_null(column + 3);
  hardware.os_name = row.text_or_null(column + 4);
  hardware.os_version = row.text_or_null(column + 5);
  hardware.cpu_model_name = row.text_or_null(column + 6);
  hardware.cpu_l1d_cache_bytes = row.integer_or_null(column + 7);
  hardware.cpu_l1i_cache_bytes = row.integer_or_null(column + 8);
  hardware.cpu_l2_cache_bytes = row.integer_or_null(column + 9);
  hardware.cpu_l3_cache_bytes = row.integer_or_null(column + 10);
  hardware.cpu_core_count = row.integer_or_null(column + 11);
  hardware.cpu_thread_count = row.integer_or_null(column + 12);
  hardware.cpu_frequency_max_hz = row.integer_or_null(column + 13);
  hardware.memory_bytes = row.integer_or_null(column + 14);
  hardware.gpu_count = row.integer_or_null(column + 15);
  BL_TRY(const json::Value names, document_of(row, column + 16));
  if (names.is_array()) {
    hardware.gpu_product_names.emplace();
    for (const json::Value& name : names.items()) {
      if (name.is_string()) hardware.gpu_product_names->push_back(name.as_string());
    }
  }
  BL_TRY(hardware.info, document_of(row, column + 17));
  BL_TRY(hardware.optional_info, document_of(row, column + 18));
  return hardware;
}

namespace {

constexpr int k_hardware_column = k_whole_commit_column + k_commit_columns;

Result<Stats> stats_of(const store::Row& row, int column) {
  Stats stats;
  BL_TRY(stats.data, stored_samples_of(row, column));
  BL_TRY(stats.times, stored_samples_of(row, column + 1));
  stats.unit = row.text_or_null(column + 2);
  stats.time_unit = row.text_or_null(column + 3);
  stats.iterations = row.integer_or_null(column + 4);
  stats.min = measured_or_null(row, column + 5);
  stats.max = measured_or_null(row, column + 6);
  stats.mean = measured_or_null(row, column + 7);
  stats.median = measured_or_null(row, column + 8);
  stats.stdev = measured_or_null(row, column + 9);
  stats.q1 = measured_or_null(row, column + 10);
  stats.q3 = measured_or_null(row, column + 11);
  stats.iqr = measured_or_null(row, column + 12);
  return stats;
}

}  // namespace

Result<StoredResult> stored_result_of(const store::Row& row) {
  StoredResult result;
  result.id = row.text(0);
  result.case_id = row.text(1);
  result.context_id = row.text(2);
  result.info_id = row.text(3);
  result.hardware_id = row.text(4);
  result.run_id = row.text(5);
  result.batch_id = row.text_or_null(6);
  result.timestamp = Timestamp{row.integer(7)};
  result.run_reason = row.text_or_null(8);
  BL_TRY(result.run_tags, object_of(row, 9));
  result.benchmark_case.name = row.text(10);
  BL_TRY(result.benchmark_case.tags, object_of(row, 11));
  BL_TRY(result.context, object_of(row, 12));
  BL_TRY(result.info, object_of(row, 13));
  result.repository = row.text(14);
  BL_TRY(result.stats, stats_of(row, 15));
  BL_TRY(result.error, document_of(row, 28));
  // An error is any document, and `error is null` alone means success [1.1].
  BL_TRY(result.optional_benchmark_info, document_of(row, 29));
  BL_TRY(result.validation, document_of(row, 30));
  BL_TRY(result.change_annotations, object_of(row, 31));
  result.history_fingerprint = row.text(32);
  result.stored_commit = commit_of(row, k_whole_commit_column);
  if (result.stored_commit) result.commit = *result.stored_commit;
  result.hardware_hash = row.text(k_hardware_column);
  BL_TRY(result.hardware, hardware_of(row, k_hardware_column + 1));
  return result;
}

namespace {
constexpr int k_own_data_column = 12;
}  // namespace

std::size_t samples_bytes_of(const store::Row& row) {
  return row.text(k_own_data_column).size() + row.text(k_own_data_column + 1).size();
}

#define BL_OWN_COLUMNS(time)                                                             \
  "select r.id, r.run_id, r.history_fingerprint, r.case_id, r.context_id, r.info_id, "   \
  "r.hardware_id, r.batch_id, " time                                                     \
  ", r.run_reason, @text{r.run_tags}, r.commit_repo_url, r.data, r.times, "              \
  "r.unit, r.time_unit, r.iterations, r.min, r.max, r.mean, r.median, r.stdev, r.q1, "   \
  "r.q3, r.iqr, @text{r.error}, @text{r.optional_benchmark_info}, @text{r.validation}, " \
  "@text{r.change_annotations}, r.commit_id"

const std::string& own_columns(store::Dialect dialect) {
  static const std::string k_sqlite =
      store::in_dialect(BL_OWN_COLUMNS("r.timestamp"), store::Dialect::sqlite);
  static const std::string k_postgres =
      store::in_dialect(BL_OWN_COLUMNS("timestamp_send(r.timestamp)"), store::Dialect::postgres);
  return dialect == store::Dialect::sqlite ? k_sqlite : k_postgres;
}

Result<StoredResult> own_result_of(const store::Row& row, store::Dialect dialect) {
  StoredResult result;
  result.id = row.text(0);
  result.run_id = row.text(1);
  result.history_fingerprint = row.text(k_own_fingerprint_column);
  result.case_id = row.text(3);
  result.context_id = row.text(4);
  result.info_id = row.text(5);
  result.hardware_id = row.text(6);
  result.batch_id = row.text_or_null(7);
  if (dialect == store::Dialect::sqlite) {
    result.timestamp = Timestamp{row.integer(8)};
  } else {
    BL_TRY(result.timestamp, sent_time_of(row, 8));
  }
  result.run_reason = row.text_or_null(9);
  BL_TRY(result.run_tags, object_of(row, 10));
  result.repository = row.text(11);
  BL_TRY(result.stats, stats_of(row, k_own_data_column));
  BL_TRY(result.error, document_of(row, 25));
  BL_TRY(result.optional_benchmark_info, document_of(row, 26));
  BL_TRY(result.validation, document_of(row, 27));
  BL_TRY(result.change_annotations, object_of(row, 28));
  if (!row.is_null(29)) {
    result.stored_commit.emplace();
    result.stored_commit->id = row.text(29);
  }
  return result;
}

}  // namespace bl::results
