#include "results/replica/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/numbers.h"
#include "results/replica/batch_row.h"
#include "results/replica/id_order.h"
#include "results/store/whole.h"

namespace bl::results::replica {
namespace {

const std::string& fact_columns() {
  static const std::string k_columns =
      "result_no, repository_no, fingerprint64, \"month\", \"timestamp\", commit_timestamp, " +
      std::string(k_id_text) +
      ", run_id, history_fingerprint, case_id, context_id, info_id, hardware_id, batch_id, "
      "run_reason, commit_id, unit, run_tags, \"min\", \"max\", mean, has_error, failed";
  return k_columns;
}

Result<std::vector<Fact>> facts_in(const columns::Batch& batch) {
  std::vector<Fact> facts;
  facts.reserve(static_cast<std::size_t>(batch.rows()));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    Fact& fact = facts.emplace_back();
    fact.result_no = row.integer(0);
    fact.repository_no = row.integer(1);
    fact.fingerprint64 = row.integer(2);
    fact.month = row.integer(3);
    fact.timestamp = Timestamp{row.integer(4)};
    if (!row.is_null(5)) fact.commit_timestamp = Timestamp{row.integer(5)};
    fact.id = row.text(6);
    fact.run_id = row.text(7);
    fact.history_fingerprint = row.text(8);
    fact.case_id = row.text(9);
    fact.context_id = row.text(10);
    fact.info_id = row.text(11);
    fact.hardware_id = row.text(12);
    fact.batch_id = row.text_or_null(13);
    fact.run_reason = row.text_or_null(14);
    fact.commit_id = row.text_or_null(15);
    fact.unit = row.text_or_null(16);
    BL_TRY(fact.run_tags, object_of(row, 17));
    fact.min = row.real_or_null(18);
    fact.max = row.real_or_null(19);
    fact.mean = row.real_or_null(20);
    fact.has_error = row.integer(21) != 0;
    fact.failed = row.integer(22) != 0;
    return {};
  }));
  return facts;
}

void add_id(Where& where, std::string_view id) {
  if (const auto bits = bits_of(id)) {
    where.equal("id_high", bits->high);
    where.equal("id_low", bits->low);
  } else {
    where.equal("id_text", std::string(id));
  }
}

// Which ids are asked for: from one, its own included, to before another.
struct Window {
  std::optional<std::string_view> from, before;
};

// In which order, and how many.
struct Order {
  bool newest_first = true;
  std::int64_t count_max = 0;
};

// The greatest first number of an id in a file.
std::int64_t greatest_high(const lake::DataFile& file, std::int64_t unknown) {
  for (const duck::ColumnStatistics& column : file.columns) {
    if (column.path.size() == 1 && column.path[0] == "id_high" && column.max) {
      return parse_int64(*column.max).value_or(unknown);
    }
  }
  return unknown;
}

/// Reads rows of `results` in the order of their ids. One thread.
class IdWalk {
 public:
  IdWalk(const Sources& sources, std::string_view columns, Window window, Order order, Where base)
      : sources_(sources),
        columns_(columns),
        window_(window),
        order_(order),
        base_(std::move(base)) {}

  /// The rows with ids of hex digits, in their order, batch after batch.
  Result<std::vector<columns::Batch>> of_digits() {
    const std::optional<IdBits> from = window_.from ? first_id_from(*window_.from) : std::nullopt;
    if (window_.from && !from) return std::move(batches_);
    const std::optional<IdBits> before =
        window_.before ? first_id_from(*window_.before) : std::nullopt;
    auto ranges = high_ranges(from, before);
    if (!order_.newest_first) std::ranges::reverse(ranges);
    for (const HighRange& range : ranges) {
      BL_RETURN_IF_ERROR(walk(range, from, before));
      if (is_full()) break;
    }
    return std::move(batches_);
  }

  /// The rows with other ids.
  Result<columns::Batch> of_others() {
    Where where = base_;
    where.between(
        "id_text", lake::Bound(std::string(window_.from.value_or(""))),
        window_.before ? std::optional(lake::Bound(std::string(*window_.before))) : std::nullopt);
    if (window_.before) where.add("id_text < " + where.place(std::string(*window_.before)));
    if (sources_.snapshot(results_shape()).files().may_hold(where.ranges()).empty()) {
      return columns::Batch::empty({});
    }
    return sources_.select(
        results_shape(), columns_, where,
        fmt::format("ORDER BY id_text {} LIMIT {}", direction(), order_.count_max));
  }

 private:
  const char* direction() const { return order_.newest_first ? "DESC" : "ASC"; }
  bool is_full() const { return rows_ >= order_.count_max; }

  // A file that may hold some of the ids: the greatest of them, and its rows.
  struct Candidate {
    std::int64_t greatest, rows;
  };

  // From the newest on in pieces, each of the files that may hold its ids: the first ones are the
  // newest files, and what they have above the next one's greatest id is all that there is.
  Result<void> walk(const HighRange& range, const std::optional<IdBits>& from,
                    const std::optional<IdBits>& before) {
    std::vector<lake::ColumnRange> wanted = base_.ranges();
    wanted.push_back({"id_high", lake::Bound(range.low), lake::Bound(range.high)});
    std::vector<Candidate> files;
    for (const lake::DataFile* file : sources_.snapshot(results_shape()).files().may_hold(wanted)) {
      files.push_back({std::min(greatest_high(*file, range.high), range.high), file->rows});
    }
    std::ranges::sort(files, std::greater(), &Candidate::greatest);
    std::int64_t high = range.high;
    std::size_t opened_min = 1;
    for (std::size_t next = 0; next < files.size() && !is_full(); opened_min *= 2) {
      next = end_of_piece(files, next, opened_min);
      const std::int64_t low = next == files.size() ? range.low : files[next].greatest + 1;
      BL_RETURN_IF_ERROR(read({low, high}, from, before));
      if (next < files.size()) high = low - 1;
    }
    return {};
  }

  // So many files at least, and so many that they have the rows that are missing; then all that
  // begin at the same id. Whoever asks for the oldest first wants few: all files at once.
  std::size_t end_of_piece(std::span<const Candidate> files, std::size_t first,
                           std::size_t opened_min) const {
    if (!order_.newest_first) return files.size();
    std::size_t end = first;
    for (std::int64_t rows = 0; end < files.size(); ++end) {
      const bool is_enough = end >= first + opened_min && rows >= order_.count_max - rows_;
      if (is_enough && files[end].greatest < files[end - 1].greatest) break;
      rows += files[end].rows;
    }
    return end;
  }

  Result<void> read(const HighRange& range, const std::optional<IdBits>& from,
                    const std::optional<IdBits>& before) {
    Where where = base_;
    where.between("id_high", lake::Bound(range.low), lake::Bound(range.high));
    if (from) {
      where.add(fmt::format("NOT (id_high = {} AND {} < {})", where.place(from->high), k_low_order,
                            where.place(low_order_of(from->low))));
    }
    if (before) {
      where.add(fmt::format("NOT (id_high = {} AND {} >= {})", where.place(before->high),
                            k_low_order, where.place(low_order_of(before->low))));
    }
    BL_TRY(columns::Batch batch,
           sources_.select(results_shape(), columns_, where,
                           fmt::format("ORDER BY id_high {0}, {1} {0} LIMIT {2}", direction(),
                                       k_low_order, order_.count_max - rows_)));
    rows_ += batch.rows();
    batches_.push_back(std::move(batch));
    return {};
  }

  const Sources& sources_;
  const std::string_view columns_;
  const Window window_;
  const Order order_;
  const Where base_;
  std::vector<columns::Batch> batches_;
  std::int64_t rows_ = 0;
};

// Takes both kinds of ids in their order. `read` makes values with an `id` of a batch.
template <class T, class Read>
Result<std::vector<T>> merged(IdWalk walk, const Order& order, const Read& read) {
  std::vector<T> found;
  const auto add = [&](const columns::Batch& batch) -> Result<void> {
    BL_TRY(std::vector<T> some, read(batch));
    found.insert(found.end(), std::make_move_iterator(some.begin()),
                 std::make_move_iterator(some.end()));
    return {};
  };
  BL_TRY(const auto batches, walk.of_digits());
  for (const columns::Batch& batch : batches) BL_RETURN_IF_ERROR(add(batch));
  BL_TRY(const columns::Batch others, walk.of_others());
  if (others.rows() > 0) {
    BL_RETURN_IF_ERROR(add(others));
    std::ranges::sort(found, [&](const T& a, const T& b) {
      return order.newest_first ? a.id > b.id : a.id < b.id;
    });
  }
  if (std::ssize(found) > order.count_max) {
    found.resize(static_cast<std::size_t>(order.count_max));
  }
  return found;
}

// The times of a run's results: files of other months need not be opened. False: no such run.
Result<bool> narrow_to_run(const Sources& sources, const std::string& run_id,
                           std::optional<Timestamp>& earliest, std::optional<Timestamp>& latest) {
  Where where;
  where.equal("run_id", run_id);
  BL_TRY(const columns::Batch batch,
         sources.select(runs_shape(), "min(first_result_at), max(last_result_at)", where));
  BL_TRY(const auto first, batch.column(0).as<Timestamp>());
  BL_TRY(const auto last, batch.column(1).as<Timestamp>());
  if (batch.rows() == 0 || first.is_null(0) || last.is_null(0)) return false;
  earliest = earliest ? std::max(*earliest, first[0]) : first[0];
  latest = latest ? std::min(*latest, last[0]) : last[0];
  return true;
}

std::vector<std::string> ids_of(const auto& rows) {
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (const auto& [id, value] : rows) ids.push_back(id);
  return ids;
}
std::vector<lake::ColumnRange> ranges_of(const auto& rows) {
  if (rows.empty()) return {};
  return {{"id", lake::Bound(rows.begin()->first), lake::Bound(rows.rbegin()->first)}};
}

template <class Take>
Result<void> read_each(const Sources& sources, const Shape& shape, std::string_view columns,
                       auto& rows, const Take& take) {
  if (rows.empty()) return {};
  Where where;
  where.one_of("id", ids_of(rows));
  BL_TRY(const columns::Batch batch, sources.select(shape, columns, where));
  return for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    const auto place = rows.find(row.text(0));
    if (place == rows.end()) return {};
    return take(row, place->second);
  });
}

Result<void> read_tags(const Sources& sources, const Shape& shape, ById<json::Value>& rows) {
  return read_each(sources, shape, "id, tags", rows,
                   [](const store::Row& row, json::Value& tags) -> Result<void> {
                     BL_TRY(tags, object_of(row, 1));
                     return {};
                   });
}

constexpr std::string_view k_commit_columns =
    "id, sha, repository, parent, \"timestamp\", message, author_name, author_login, "
    "author_avatar, branch, fork_point_sha";

Result<void> take_commits(const Sources& sources, const Where& where, Commits& commits) {
  BL_TRY(const columns::Batch batch, sources.select(commits_shape(), k_commit_columns, where));
  return for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    const auto place = commits.find(row.text(0));
    if (place != commits.end()) place->second = results::commit_of(row, 0);
    return {};
  });
}

// Whether the aggregates leave a value to the samples.
bool needs_samples(const Fact& fact, SummaryMode mode) {
  if (fact.failed || !fact.unit) return false;
  const std::string_view type = summary_type(fact.unit, mode);
  return !(type == "mean" ? fact.mean : type == "min" ? fact.min : fact.max);
}

}  // namespace

Result<Fact> fact_by_id(const Sources& sources, std::string_view id, std::string_view not_found) {
  Where where;
  add_id(where, id);
  BL_TRY(const columns::Batch batch, sources.select(results_shape(), fact_columns(), where));
  BL_TRY(auto facts, facts_in(batch));
  if (facts.empty()) return Error{Code::not_found, std::string(not_found) + std::string(id)};
  return std::move(facts.front());
}

Result<std::vector<Fact>> newest_facts(const Sources& sources, const ResultFilter& filter) {
  std::optional<Timestamp> earliest = filter.earliest, latest = filter.latest;
  Where where;
  if (filter.run_id) {
    BL_TRY(const bool is_there, narrow_to_run(sources, *filter.run_id, earliest, latest));
    if (!is_there) return std::vector<Fact>();
    where.equal("run_id", *filter.run_id);
  }
  if (filter.batch_id) where.equal("batch_id", *filter.batch_id);
  if (filter.run_reason) where.equal("run_reason", *filter.run_reason);
  if (earliest || latest) {
    const auto bound = [](const std::optional<Timestamp>& time) {
      return time ? std::optional(lake::Bound(*time)) : std::nullopt;
    };
    where.between("timestamp", bound(earliest), bound(latest));
  }
  const Order order{.newest_first = true, .count_max = filter.page_size};
  IdWalk walk(sources, fact_columns(), {filter.from_id, filter.before_id}, order, std::move(where));
  return merged<Fact>(std::move(walk), order, facts_in);
}

Result<std::vector<NamedResult>> first_results(const Sources& sources, std::string_view from,
                                               std::string_view before, int count_max) {
  const Order order{.newest_first = false, .count_max = count_max};
  const std::string columns = std::string(k_id_text) + ", case_id";
  IdWalk walk(sources, columns, {from, before}, order, {});
  return merged<NamedResult>(
      std::move(walk), order, [](const columns::Batch& batch) -> Result<std::vector<NamedResult>> {
        std::vector<NamedResult> some;
        BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
          some.push_back({std::string(row.text(0)), std::string(row.text(1))});
          return {};
        }));
        return some;
      });
}

Result<columns::Batch> samples_of(const Sources& sources, std::span<const Fact* const> facts,
                                  std::string_view columns) {
  std::vector<std::int64_t> numbers;
  Where where;
  const auto between = [&](std::string_view column, auto of) {
    const auto [low, high] = std::ranges::minmax(facts, {}, of);
    where.between(column, lake::Bound(of(low)), lake::Bound(of(high)));
  };
  between("repository_no", [](const Fact* fact) { return fact->repository_no; });
  between("fingerprint64", [](const Fact* fact) { return fact->fingerprint64; });
  between("month", [](const Fact* fact) { return fact->month; });
  for (const Fact* fact : facts) numbers.push_back(fact->result_no);
  where.one_of("result_no", std::move(numbers));
  return sources.select(samples_shape(), fmt::format("result_no, {}", columns), where);
}

Result<std::vector<Summary>> summaries_of(const Sources& sources, std::span<const Fact> facts,
                                          SummaryMode mode) {
  std::vector<const Fact*> lacking;
  for (const Fact& fact : facts) {
    if (needs_samples(fact, mode)) lacking.push_back(&fact);
  }
  std::map<std::int64_t, std::string> samples;
  if (!lacking.empty()) {
    BL_TRY(const columns::Batch batch, samples_of(sources, lacking, "data"));
    BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
      samples.emplace(row.integer(0), row.text(1));
      return {};
    }));
  }
  std::vector<Summary> summaries;
  for (const Fact& fact : facts) {
    SummaryColumns columns{fact.unit, fact.has_error, fact.min, fact.max, fact.mean, {}};
    const auto found = samples.find(fact.result_no);
    if (found != samples.end()) columns.data = found->second;
    if (found == samples.end() && !fact.failed) columns.data = k_unread_samples;
    summaries.push_back(summary_of(columns, mode));
  }
  return summaries;
}

Result<void> read_cases(const Sources& sources, ById<Case>& cases) {
  return read_each(sources, cases_shape(), "id, name, tags", cases,
                   [](const store::Row& row, Case& benchmark_case) -> Result<void> {
                     benchmark_case.name = row.text(1);
                     BL_TRY(benchmark_case.tags, object_of(row, 2));
                     return {};
                   });
}
Result<void> read_contexts(const Sources& sources, ById<json::Value>& contexts) {
  return read_tags(sources, contexts_shape(), contexts);
}
Result<void> read_infos(const Sources& sources, ById<json::Value>& infos) {
  return read_tags(sources, infos_shape(), infos);
}

Result<void> read_documents(const Sources& sources, Documents& documents) {
  constexpr const char* k_sql =
      "SELECT CAST(0 AS BIGINT) AS kind, id, tags, name FROM cases WHERE id IN (SELECT unnest($1)) "
      "UNION ALL SELECT 1, id, tags, NULL FROM contexts WHERE id IN (SELECT unnest($2)) "
      "UNION ALL SELECT 2, id, tags, NULL FROM infos WHERE id IN (SELECT unnest($3))";
  auto& [cases, contexts, infos] = documents;
  if (cases.empty() && contexts.empty() && infos.empty()) return {};
  BL_TRY(const columns::Batch batch,
         sources.ask(k_sql, {ids_of(cases), ids_of(contexts), ids_of(infos)},
                     {{&cases_shape(), ranges_of(cases)},
                      {&contexts_shape(), ranges_of(contexts)},
                      {&infos_shape(), ranges_of(infos)}}));
  return for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    BL_TRY(json::Value tags, object_of(row, 2));
    const std::string id(row.text(1));
    if (row.integer(0) == 0) {
      cases[id] = {std::string(row.text(3)), std::move(tags)};
    } else {
      (row.integer(0) == 1 ? contexts : infos)[id] = std::move(tags);
    }
    return {};
  });
}

Result<void> read_hardware(const Sources& sources, ById<HardwareRow>& hardware) {
  return read_each(sources, hardware_shape(),
                   "id, hash, type, name, architecture_name, kernel_name, os_name, os_version, "
                   "cpu_model_name, cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, cpu_l2_cache_bytes, "
                   "cpu_l3_cache_bytes, cpu_core_count, cpu_thread_count, cpu_frequency_max_hz, "
                   "memory_bytes, gpu_count, gpu_product_names, info, optional_info",
                   hardware, [](const store::Row& row, HardwareRow& one) -> Result<void> {
                     one.hash = row.text(1);
                     BL_TRY(one.hardware, hardware_of(row, 2));
                     return {};
                   });
}

Result<std::map<std::int64_t, std::string>> read_repositories(const Sources& sources) {
  std::map<std::int64_t, std::string> repositories;
  BL_TRY(const columns::Batch batch,
         sources.select(repositories_shape(), "repository_no, repository", {}));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    repositories.emplace(row.integer(0), row.text(1));
    return {};
  }));
  return repositories;
}

Result<std::vector<std::string>> repositories_of_runs(const Sources& sources) {
  std::vector<std::string> repositories;
  Where where;
  where.add("repository <> ''");
  BL_TRY(const columns::Batch batch,
         sources.select(runs_shape(), "DISTINCT repository", where, "ORDER BY repository"));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    repositories.emplace_back(row.text(0));
    return {};
  }));
  return repositories;
}

Result<void> read_commits(const Sources& sources, Commits& commits) {
  if (commits.empty()) return {};
  Where where;
  where.one_of("id", ids_of(commits));
  return take_commits(sources, where, commits);
}

Result<Commits> commits_of(const Sources& sources, std::span<const Fact> facts) {
  Commits commits;
  std::optional<Timestamp> first, last;
  bool has_unknown = false;
  for (const Fact& fact : facts) {
    if (!fact.commit_id) continue;
    commits.try_emplace(*fact.commit_id);
    has_unknown |= !fact.commit_timestamp;
    if (!fact.commit_timestamp) continue;
    first = first ? std::min(*first, *fact.commit_timestamp) : *fact.commit_timestamp;
    last = last ? std::max(*last, *fact.commit_timestamp) : *fact.commit_timestamp;
  }
  if (commits.empty()) return commits;
  Where where;
  where.one_of("id", ids_of(commits));
  if (!has_unknown) where.between("timestamp", lake::Bound(*first), lake::Bound(*last));
  BL_RETURN_IF_ERROR(take_commits(sources, where, commits));
  return commits;
}

std::optional<StoredCommit> commit_of(const Commits& commits, const Fact& fact) {
  if (!fact.commit_id) return std::nullopt;
  const auto found = commits.find(*fact.commit_id);
  return found == commits.end() ? std::nullopt : found->second;
}

}  // namespace bl::results::replica
