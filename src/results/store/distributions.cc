#include "results/store_distributions.h"

#include <algorithm>
#include <cmath>

#include "results/store/ancestry.h"
#include "results/store/packed_rows.h"
#include "results/store/rows.h"
#include "results/store/text_array.h"
#include "store/both_dialects.h"

// A report of thousands of rows reads hundreds of thousands of results here, so what a row costs
// counts: the value is chosen in SQL, a time comes as seconds in a double (exact to the microsecond
// until 2255, and only compared), and nothing comes that is not used.
namespace bl::results {
namespace {

using store::Null;
using store::Param;

constexpr int k_commits_max = 1'000;

// Which series: all of a run, or those of a list.
struct Scope {
  enum class Of : unsigned char { run, list };
  Of of = Of::run;
  std::span<const std::string_view> series;
  std::string_view run_id = {};
};

// SQLite walks its own index of results by commit and series. One text for any number of ancestors
// up to the options': those that are missing are null and match nothing.
std::string text_on_sqlite(const Scope& scope, int commits) {
  std::string sql =
      "select r.history_fingerprint, r.commit_id, r.mean, r.timestamp / 1e6, "
      "json_extract(r.change_annotations, '$.begins_distribution_change') = 1, "
      "r.unit, r.error is not null, r.min, r.max, r.mean, r.data "
      "from bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
      "cross join benchmark_result r on r.id = n.id where o.series_no in ";
  sql += scope.of == Scope::Of::list
             ? "(select series_no from bl_series where history_fingerprint " BL_ONE_OF_SQLITE ")"
             : "(select u.series_no from bl_run_series u where u.run_no in "
               "(select run_no from bl_run where run_id = $1))";
  sql +=
      " and r.data <> '[]' and instr(r.data, 'null') = 0 and r.error is null "
      "and r.mean is not null and r.unit is not null and o.commit_id in (";
  for (int i = 0; i < commits; ++i) sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
  return sql + ")";
}

// The rows of the series that are asked about; others may come, and are left out. Those of a commit
// come in about the order of the commit before, so the series that came after this one then is
// looked at first.
class Gathering {
 public:
  Gathering(const Ancestry& ancestry, std::span<const std::string_view> asked) {
    for (const Ancestor& commit : ancestry.commits) {
      commit_times_.emplace(commit.commit_id, commit.commit_time);
    }
    series_.reserve(asked.size());
    places_.reserve(asked.size());
    for (const std::string_view fingerprint : asked) {
      if (!places_.emplace(fingerprint, series_.size()).second) continue;
      series_.push_back({.fingerprint = fingerprint, .next = series_.size() + 1});
    }
    if (!series_.empty()) series_.back().next = 0;
  }
  void take(const PackedRow& row) {
    Series* const series = series_of(row.fingerprint);
    if (series == nullptr) return;
    if (row.commit_id != commit_id_) {
      commit_id_ = row.commit_id;
      commit_time_ = commit_times_.at(commit_id_);
    }
    if (series->rows.empty()) series->rows.reserve(std::min(commit_times_.size(), k_likely_rows));
    series->rows.push_back({commit_time_, row.result_time, row.value, row.begins_change});
  }
  Distributions judged(const verdict::LookbackOptions& window) const {
    Distributions found;
    found.reserve(series_.size());
    for (const Series& series : series_) {
      if (series.rows.empty()) continue;
      found.emplace(series.fingerprint, verdict::distribution(series.rows, window));
    }
    return found;
  }

 private:
  static constexpr std::size_t k_likely_rows = 32;
  struct Series {
    std::string_view fingerprint;
    std::size_t next = 0;  // the series that came after it last
    std::vector<verdict::LookbackRow> rows = {};
  };

  Series* series_of(std::string_view fingerprint) {
    if (series_.empty()) return nullptr;
    std::size_t place = series_[last_].next;
    if (series_[place].fingerprint != fingerprint) {
      const auto found = places_.find(fingerprint);
      if (found == places_.end()) return nullptr;
      place = found->second;
      series_[last_].next = place;
    }
    last_ = place;
    return &series_[place];
  }

  std::unordered_map<std::string_view, std::int64_t> commit_times_;
  std::vector<Series> series_;
  std::unordered_map<std::string_view, std::size_t> places_;  // by fingerprint
  std::size_t last_ = 0;
  std::string commit_id_;  // of the last row: most come commit by commit
  std::int64_t commit_time_ = 0;
};

Result<void> gather_on_sqlite(store::Connection& connection, const Scope& scope,
                              const DistributionOptions& options, int commits,
                              std::span<const std::string_view> ids, Gathering& gathering) {
  const std::string list =
      scope.of == Scope::Of::list ? text_array(scope.series, store::Dialect::sqlite) : "";
  std::vector<Param> params = {scope.of == Scope::Of::list ? std::string_view(list) : scope.run_id};
  params.insert(params.end(), ids.begin(), ids.end());
  params.resize(1 + static_cast<std::size_t>(commits), Null{});
  return connection.query_text(text_on_sqlite(scope, commits), params, [&](const store::Row& row) {
    const auto value = summary_of(summary_columns(row, 5), options.mode).value;
    if (!value || !std::isfinite(*value)) return true;
    gathering.take(
        {row.text(1), row.text(0), *value, std::llround(row.real(3) * 1e6), row.integer(4) != 0});
    return true;
  });
}

// Looking each result's series up costs as much as sending some that are not asked about.
Result<bool> are_mostly_asked_about(store::Connection& connection, const Scope& scope,
                                    std::size_t commits, std::string_view commit_list) {
  const auto results_max = static_cast<std::int64_t>(scope.series.size() * commits * 5 / 4);
  bool are_few = false;
  BL_RETURN_IF_ERROR(
      connection.query("select count(*) from (select 1 from benchmark_result "
                       "where commit_id = any ($1::text[]) limit $2::bigint + 1) as found",
                       {commit_list, results_max}, [&](const store::Row& row) {
                         are_few = row.integer(0) <= results_max;
                         return true;
                       }));
  return are_few;
}

// For this transaction. A plan for any commits costs little to make, holds two halves for too small
// to share, and might sort what it only has to group.
Result<void> prefer_shared_work(store::Connection& connection) {
  return connection.query(
      "select set_config('plan_cache_mode', 'force_generic_plan', true), "
      "set_config('parallel_setup_cost', '0', true), set_config('enable_sort', 'off', true)",
      {}, [](const store::Row&) { return true; });
}

Result<void> take_packed(store::Connection& connection, const PackedQuestion& question,
                         std::span<const Param> params, Gathering& gathering) {
  std::optional<Error> fault;
  auto done = connection.query_text(packed_rows_sql(question), params, [&](const store::Row& row) {
    auto taken = for_each_packed(row, [&](const PackedRow& packed) { gathering.take(packed); });
    if (!taken.ok()) fault = std::move(taken).error();
    return !fault;
  });
  if (fault) return std::move(*fault);
  return done;
}

Result<void> gather_list_on_postgres(store::Connection& connection, const Scope& scope,
                                     const DistributionOptions& options,
                                     std::span<const std::string_view> ids, Gathering& gathering) {
  const std::string commits = text_array(ids, store::Dialect::postgres);
  const std::string series = text_array(scope.series, store::Dialect::postgres);
  const Param params[] = {std::string_view(commits), std::string_view(series)};
  return take_packed(connection, {PackedQuestion::Of::list, options.mode}, params, gathering);
}

Result<void> gather_run_on_postgres(store::Connection& connection, const Scope& scope,
                                    const DistributionOptions& options,
                                    std::span<const std::string_view> ids, Gathering& gathering) {
  PackedQuestion question{PackedQuestion::Of::run, options.mode};
  const std::string all = text_array(ids, store::Dialect::postgres);
  std::vector<Param> params = {std::string_view(all), scope.run_id};
  if (scope.series.size() < options.large_run_series || ids.size() < 2) {
    return take_packed(connection, question, params, gathering);
  }
  BL_TRY(const bool are_most, are_mostly_asked_about(connection, scope, ids.size(), all));
  if (are_most) question.of = PackedQuestion::Of::commits;
  question.in_halves = true;
  const std::size_t middle = ids.size() / 2;
  const std::string first = text_array(ids.first(middle), store::Dialect::postgres);
  const std::string second = text_array(ids.subspan(middle), store::Dialect::postgres);
  params = {std::string_view(first), std::string_view(second)};
  if (!are_most) params.emplace_back(scope.run_id);
  BL_RETURN_IF_ERROR(prefer_shared_work(connection));
  return take_packed(connection, question, params, gathering);
}

// Nothing when the commit has no known ancestry.
Result<std::optional<Distributions>> distributions_in(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      const Scope& scope,
                                                      const DistributionOptions& options) {
  const int commits = ancestry_commits(options.commits);
  BL_TRY(const Ancestry ancestry, ancestry_of(connection, commit, commits));
  if (ancestry.commits.empty()) return std::optional<Distributions>();
  std::vector<std::string_view> ids;
  for (const Ancestor& ancestor : ancestry.commits) ids.emplace_back(ancestor.commit_id);
  Gathering gathering(ancestry, scope.series);
  if (connection.dialect() == store::Dialect::sqlite) {
    BL_RETURN_IF_ERROR(gather_on_sqlite(connection, scope, options, commits, ids, gathering));
  } else {
    const auto gather =
        scope.of == Scope::Of::list ? gather_list_on_postgres : gather_run_on_postgres;
    BL_RETURN_IF_ERROR(gather(connection, scope, options, ids, gathering));
  }
  return std::optional(gathering.judged(ancestry_window(commits)));
}

}  // namespace

int ancestry_commits(int wanted) {
  return std::clamp(wanted, 1, k_commits_max);
}

verdict::LookbackOptions ancestry_window(int commits) {
  verdict::LookbackOptions window;
  window.window = verdict::LookbackOptions::Window::inclusive;
  window.commits = commits;
  return window;
}

Result<std::optional<Distributions>> distributions_of(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      const WholeRun& run,
                                                      const DistributionOptions& options) {
  const Scope scope{Scope::Of::run, run.series, run.run_id};
  return distributions_in(connection, commit, scope, options);
}

Result<std::optional<Distributions>> distributions_of(
    store::Connection& connection, const StoredCommit& commit,
    std::span<const std::string_view> fingerprints, const DistributionOptions& options) {
  const Scope scope{Scope::Of::list, fingerprints};
  return distributions_in(connection, commit, scope, options);
}

Result<verdict::Distribution> distribution_of(store::Connection& connection,
                                              const StoredCommit& commit,
                                              std::string_view fingerprint,
                                              const DistributionOptions& options) {
  BL_TRY(const auto found,
         distributions_of(connection, commit, std::span(&fingerprint, 1), options));
  return found && !found->empty() ? found->begin()->second : verdict::Distribution{};
}

}  // namespace bl::results
