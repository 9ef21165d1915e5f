#include "results/store/packed_rows.h"

#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "results/units.h"

namespace bl::results {
namespace {

// The value as it lies in its column. Old rows may lack it, as those with one or two samples do:
// then the samples, behind the letter of what is to be made of them. A query within would keep
// PostgreSQL from sharing the work.
std::string value_column(SummaryMode mode) {
  if (mode == SummaryMode::mean) return "r.mean::text";
  const std::string more = sql_of_more_is_better("r.unit");
  return "coalesce((case when " + more + " then r.max else r.min end)::text, case when " + more +
         " then 'M' else 'm' end || r.data::text)";
}

// Almost all annotations are `{}`, and to see that by its size is cheaper than to look into it.
constexpr std::string_view k_begins =
    "case when pg_column_size(r.change_annotations) > 20 and "
    "(r.change_annotations -> 'begins_distribution_change') = 'true' then '1' else '0' end";

// One way in, whatever the statistics say (a restored database has none): a run by its commits, a
// list by its series. The other is a set that each row is looked up in, and `is true` keeps it one:
// as a join it may be planned as a loop over the run for each of the results.
std::string one_part(const PackedQuestion& question, std::string_view commits,
                     std::string_view run) {
  const bool is_list = question.of == PackedQuestion::Of::list;
  std::string sql = "select count(*), ";
  sql += is_list ? "string_agg(r.commit_id, e'\\n')" : "r.commit_id";
  sql += ", string_agg(r.history_fingerprint, e'\\n'), ";
  sql += "string_agg(" + value_column(question.mode) + ", ' '), ";
  sql += "string_agg(timestamp_send(r.timestamp), ''), string_agg(";
  sql += k_begins;
  sql += ", '') from benchmark_result r where ";
  if (is_list) {
    sql += "r.history_fingerprint = any ($2::text[]) and ";
    sql += "(r.commit_id in (select unnest($1::text[]))) is true";
  } else {
    sql.append("r.commit_id = any (").append(commits).append("::text[])");
  }
  if (question.of == PackedQuestion::Of::run) {
    sql += " and (r.history_fingerprint in (select history_fingerprint from benchmark_result ";
    sql.append("where run_id = ").append(run).append(")) is true");
  }
  sql +=
      " and r.error is null and r.mean is not null and r.unit is not null "
      "and cardinality(r.data) > 0 and num_nulls(variadic r.data) = 0";
  if (!is_list) sql += " group by r.commit_id";
  return sql;
}

// Least or greatest of `{1,2.5}`. NaN is above all numbers, as PostgreSQL has it, and what no
// double holds far out on its side.
double best_of(std::string_view samples, bool more_is_better) {
  constexpr double k_far = std::numeric_limits<double>::infinity();
  double best = more_is_better ? -k_far : k_far;
  samples.remove_prefix(std::min(samples.find('{'), samples.size()));
  for (std::size_t at = 0; (at = samples.find_first_not_of("{,}", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(samples.find_first_of("{,}", at), samples.size());
    const std::string_view text = samples.substr(at, end - at);
    const double value = parse_double(text).value_or(text.front() == '-' ? -k_far : k_far);
    best = more_is_better ? std::max(best, value) : std::min(best, value);
    at = end;
  }
  return best;
}

std::optional<double> value_of(std::string_view text) {
  const bool is_samples = text.starts_with('M') || text.starts_with('m');
  const auto value =
      is_samples ? std::optional(best_of(text, text.front() == 'M')) : parse_double(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

// Takes the parts of a text one after the other.
class Parts {
 public:
  Parts(std::string_view text, char between) : text_(text), between_(between) {}
  std::string_view next() {
    const std::size_t end = std::min(text_.find(between_), text_.size());
    const std::string_view part = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return part;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
  char between_;
};

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::string packed_rows_sql(const PackedQuestion& question) {
  if (!question.in_halves) return one_part(question, "$1", "$2");
  return one_part(question, "$1", "$3") + " union all " + one_part(question, "$2", "$3");
}

Result<void> for_each_packed(const store::Row& row,
                             const std::function<void(const PackedRow&)>& each) {
  const auto count = static_cast<std::size_t>(row.integer(0));
  const bool is_of_one_commit = row.text(1).find('\n') == std::string_view::npos;
  Parts commits(row.text(1), '\n'), fingerprints(row.text(2), '\n'), values(row.text(3), ' ');
  const std::string_view times = row.text(4), begins = row.text(5);
  if (times.size() != 8 * count || begins.size() != count) {
    return Error{Code::corrupt, "PostgreSQL packed rows in another way than was asked for"};
  }
  for (std::size_t i = 0; i < count; ++i) {
    PackedRow packed;
    packed.commit_id = is_of_one_commit ? row.text(1) : commits.next();
    packed.fingerprint = fingerprints.next();
    const auto value = value_of(values.next());
    packed.result_time = big_endian(times.substr(8 * i, 8));
    packed.begins_change = begins[i] == '1';
    if (!value) continue;
    packed.value = *value;
    each(packed);
  }
  if ((!commits.at_end() && !is_of_one_commit) || !fingerprints.at_end() || !values.at_end()) {
    return Error{Code::corrupt, "a stored history fingerprint or commit id has a line break in it"};
  }
  return {};
}

}  // namespace bl::results
