#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/exemplars.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;
using store::Row;

// What the query says, as SQL; parameters borrow its texts.
struct Condition {
  std::string sql = "e.at >= $1 and e.at <= $2";
  std::vector<Param> params;

  explicit Condition(const ExemplarQuery& query) : params{query.start.micros, query.end.micros} {
    add("k.name", query.name);
    add("r.commit_repo_url", query.repository);
    add("r.history_fingerprint", query.history_fingerprint);
  }

 private:
  void add(const char* column, const std::optional<std::string>& value) {
    if (!value) return;
    params.emplace_back(std::string_view(*value));
    sql += fmt::format(" and {} = ${}", column, params.size());
  }
};

// Of a sample, which may be null; else what the result is summarised to.
std::optional<double> value_of(const Row& row, int sample, bool is_whole, SummaryMode mode) {
  if (is_whole) return summary_of(summary_columns(row, sample + 1), mode).value;
  const auto value = row.real_or_null(sample);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

Result<SeriesExemplar> series_exemplar_of(const Row& row, SummaryMode mode) {
  SeriesExemplar found;
  const auto trace = TraceId::from_hex(row.text(0));
  const auto role = exemplar_role_named(row.text(1));
  if (!trace || !role) return Error{Code::corrupt, "a stored exemplar is none"};
  found.exemplar.trace_id = *trace;
  found.exemplar.role = *role;
  const bool is_whole = row.integer(2) < 0;
  if (!is_whole) found.exemplar.sample_no = row.integer(2);
  if (!row.is_null(3)) found.exemplar.span_id = SpanId::from_hex(row.text(3));
  found.exemplar.start_ns = row.integer_or_null(4);
  found.exemplar.end_ns = row.integer_or_null(5);
  found.at = Timestamp{row.integer(6)};
  found.name = row.text(7);
  BL_TRY(found.tags, object_of(row, 8));
  found.repository = row.text(9);
  found.run_id = row.text(10);
  found.history_fingerprint = row.text(11);
  found.hardware = row.text(12);
  found.result_id = row.text(13);
  found.run_reason = row.text_or_null(14);
  found.unit = row.text_or_null(16);
  found.value = value_of(row, 15, is_whole, mode);
  return found;
}

}  // namespace

Result<SeriesExemplars> Exemplars::find(const ExemplarQuery& query, int count_max) {
  const Condition condition(query);
  // A sample is taken out of its array by the database: only summaries may need all of them.
  const std::string sql = store::in_dialect(
      "select e.trace_id, e.role, e.sample_no, e.span_id, e.start_ns, e.end_ns, e.at, k.name, "
      "@text{k.tags}, r.commit_repo_url, r.run_id, r.history_fingerprint, h.name, r.id, "
      "r.run_reason, case when e.sample_no >= 0 then " +
          std::string(database_.dialect() == store::Dialect::sqlite
                          ? "json_extract(r.data, '$[' || e.sample_no || ']')"
                          : "@float{r.data[e.sample_no + 1]}") +
          " end, r.unit, case when r.error is null then 0 else 1 end, @float{r.min}, "
          "@float{r.max}, @float{r.mean}, case when e.sample_no < 0 then @numbers{r.data} end "
          "from @exemplar e join benchmark_result r on r.id = e.result_id "
          "join \"case\" k on k.id = r.case_id join hardware h on h.id = r.hardware_id where " +
          condition.sql +
          fmt::format(
              " order by e.at desc, e.trace_id, @binary{{r.id}}, e.role, e.sample_no limit {}",
              count_max + 1),
      database_.dialect());
  SeriesExemplars found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    found = {};
    Result<void> outcome;
    BL_RETURN_IF_ERROR(connection.query_text(sql, condition.params, [&](const Row& row) {
      auto exemplar = series_exemplar_of(row, mode_);
      if (exemplar.ok()) {
        found.exemplars.push_back(*std::move(exemplar));
      } else {
        outcome = std::move(exemplar).error();
      }
      return outcome.ok();
    }));
    return outcome;
  }));
  if (std::ssize(found.exemplars) > count_max) {
    found.exemplars.pop_back();
    found.is_cut = true;
  }
  std::ranges::reverse(found.exemplars);
  return found;
}

}  // namespace bl::results
