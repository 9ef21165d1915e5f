#include "results/replica/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "results/replica/row_hash.h"
#include "results/replica/sealing.h"
#include "results/store/text_array.h"
#include "results/store_backfill.h"
#include "store/both_dialects.h"

namespace bl::results::replica {
namespace {

using store::Connection;
using store::Row;

constexpr std::size_t k_ids_at_once = 2'000;

// Which column of the results names a row of which table.
struct Reference {
  const char* column;
  const Shape& (*shape)();
};
constexpr std::array<Reference, 5> k_references{{{"commit_id", commits_shape},
                                                 {"case_id", cases_shape},
                                                 {"context_id", contexts_shape},
                                                 {"info_id", infos_shape},
                                                 {"hardware_id", hardware_shape}}};

Result<void> add_texts(const columns::Batch& batch, std::string_view column,
                       std::set<std::string>& texts) {
  BL_TRY(const auto found, batch.column(column));
  BL_TRY(const auto view, found.as<std::string_view>());
  std::string_view last;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    if (view.is_null(i) || (i > 0 && view[i] == last)) continue;
    last = view[i];
    texts.emplace(last);
  }
  return {};
}

Result<void> add_numbers(const columns::Batch& batch, std::string_view column,
                         std::vector<std::int64_t>& numbers) {
  BL_TRY(const auto found, batch.column(column));
  BL_TRY(const auto view, found.as<std::int64_t>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) numbers.push_back(view[i]);
  return {};
}

template <class Texts>
std::vector<std::vector<std::string_view>> pages_of(const Texts& texts, std::size_t size) {
  std::vector<std::vector<std::string_view>> pages;
  for (const std::string& text : texts) {
    if (pages.empty() || pages.back().size() == size) pages.emplace_back();
    pages.back().push_back(text);
  }
  return pages;
}

std::string one_of(std::string_view expression, store::Dialect dialect) {
  return std::string(" where ") + std::string(expression) +
         (dialect == store::Dialect::sqlite ? " " BL_ONE_OF_SQLITE : " " BL_ONE_OF_POSTGRES);
}

// The rows whose `expression` is one of these texts, as one transaction sees them.
Result<void> read_by_texts(store::Database& database, StoreRows& reader,
                           std::string_view expression, const std::set<std::string>& texts) {
  const std::string sql = reader.select() + one_of(expression, database.dialect());
  return database.read([&](Connection& connection) -> Result<void> {
    reader.clear();
    for (const auto& page : pages_of(texts, k_ids_at_once)) {
      const std::string array = text_array(page, connection.dialect());
      const std::array<store::Param, 1> params{store::Param(std::string_view(array))};
      BL_RETURN_IF_ERROR(reader.add_all(connection, sql, params));
    }
    return {};
  });
}

}  // namespace

// Opening ------------------------------------------------------------------------------------

void Work::forget() {
  is_open_ = false;
  is_sure_ = false;
  ahead_ = {};  // waits for it
}

Result<void> Work::open() {
  if (is_open_) {
    // Not the note that was left: somebody rolled the table back, or copies to it too.
    BL_TRY(const auto results, lake_.table(std::string(results_shape().name)));
    if (results->snapshot().files().snapshot().note == seen_note_) return {};
    log_.warning("replica_reopened", {{"reason", "the lake's place is not the one that was kept"}});
    forget();
  }
  repositories_.clear();
  known_.clear();
  stale_.clear();
  BL_TRY(store_, identity_of(database_, ids_));
  for (const Shape* shape : all_shapes()) BL_RETURN_IF_ERROR(open_table(lake_, *shape));
  BL_TRY(const auto results, open_table(lake_, results_shape()));
  const std::string note = results->snapshot().files().snapshot().note;
  seen_note_ = note;
  note_.reset();
  place_ = {};
  if (!note.empty()) {
    BL_TRY(note_, decode_note(note));
    place_ = note_->log;
    if (note_->store != store_) {
      return Error{Code::conflict,
                   fmt::format("the lake is the replica of another store, and this one's name is "
                               "{}: {} (`benchlake lake refresh --repair` makes it this one's)",
                               store_, note_->store)};
    }
    BL_TRY(const bool is_same, is_there(database_, place_));
    if (!is_same) {
      return Error{Code::conflict,
                   fmt::format("the store was restored to an earlier time: the lake has changes "
                               "that it does not know (`benchlake lake refresh --repair` takes "
                               "them back), up to the change {}",
                               place_.seq)};
    }
  }
  BL_RETURN_IF_ERROR(load_repositories());
  BL_RETURN_IF_ERROR(load_known());
  BL_RETURN_IF_ERROR(load_stale());
  BL_RETURN_IF_ERROR(mend_samples());
  is_open_ = true;
  return {};
}

Result<void> Work::adopt() {
  forget();
  BL_TRY(store_, identity_of(database_, ids_));
  if (!note_) note_.emplace();
  note_->store = store_;
  note_->log = place_ = {};
  note_->from.reset();
  repositories_.clear();
  BL_RETURN_IF_ERROR(load_repositories());
  BL_RETURN_IF_ERROR(load_known());
  is_open_ = true;
  return {};
}

Result<void> Work::load_repositories() {
  BL_TRY(const auto table, open_table(lake_, repositories_shape()));
  return read_table(lake_, table->snapshot(), "SELECT repository_no, repository FROM rows",
                    [&](const columns::Batch& batch) -> Result<void> {
                      BL_TRY(const auto numbers, batch.column(0).as<std::int64_t>());
                      BL_TRY(const auto texts, batch.column(1).as<std::string_view>());
                      for (std::int64_t i = 0; i < batch.rows(); ++i) {
                        repositories_.know(numbers[i], std::string(texts[i]));
                      }
                      return {};
                    });
}

Result<void> Work::load_known() {
  for (const Reference& reference : k_references) {
    const Shape& shape = reference.shape();
    BL_TRY(const auto table, open_table(lake_, shape));
    auto& ids = known_[&shape];
    ids.clear();
    BL_RETURN_IF_ERROR(read_table(lake_, table->snapshot(), "SELECT id FROM rows",
                                  [&](const columns::Batch& batch) -> Result<void> {
                                    BL_TRY(const auto texts,
                                           batch.column(0).as<std::string_view>());
                                    for (std::int64_t i = 0; i < batch.rows(); ++i) {
                                      ids.emplace(texts[i]);
                                    }
                                    return {};
                                  }));
  }
  return {};
}

Result<void> Work::load_stale() {
  BL_TRY(const auto table, open_table(lake_, series_shape()));
  return read_table(
      lake_, table->snapshot(),
      "SELECT history_fingerprint FROM rows WHERE change_count <> fresh_count",
      [&](const columns::Batch& batch) { return add_texts(batch, "history_fingerprint", stale_); });
}

// Samples are put before their results. When a process ended between, and the result was deleted
// since, nobody asks for them any more.
Result<void> Work::mend_samples() {
  BL_TRY(const auto results, open_table(lake_, results_shape()));
  BL_TRY(const auto samples, open_table(lake_, samples_shape()));
  const lake::Snapshot facts = results->snapshot(), details = samples->snapshot();
  if (facts.rows() == details.rows() &&
      facts.files().snapshot().note == details.files().snapshot().note) {
    return {};
  }
  const auto numbers_of = [&](const lake::Snapshot& snapshot) -> Result<std::vector<std::int64_t>> {
    std::vector<std::int64_t> numbers;
    BL_RETURN_IF_ERROR(read_table(
        lake_, snapshot, "SELECT result_no FROM rows",
        [&](const columns::Batch& batch) { return add_numbers(batch, "result_no", numbers); }));
    std::ranges::sort(numbers);
    return numbers;
  };
  BL_TRY(const auto wanted, numbers_of(facts));
  BL_TRY(const auto there, numbers_of(details));
  std::vector<std::int64_t> orphans;
  std::ranges::set_difference(there, wanted, std::back_inserter(orphans));
  const auto size = static_cast<std::ptrdiff_t>(k_ids_at_once);
  for (auto at = orphans.begin(); at != orphans.end();) {
    const auto end = at + std::min(size, orphans.end() - at);
    BL_TRY([[maybe_unused]] const PutDone done,
           put(lake_, {&samples_shape(), Keys(std::vector<std::int64_t>(at, end)), {}, "", false}));
    at = end;
  }
  return {};
}

std::string Work::note_at(const LogPlace& place, const std::optional<ExportPlace>& from) const {
  return encode({store_, place, from});
}

// First export -------------------------------------------------------------------------------

Result<std::int64_t> Work::count_results() {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    return connection.query(
        {"select coalesce((select value from bl_counter where name = 'results'), 0)",
         "select coalesce(sum(result_count), 0)::bigint from benchlake.run"},
        {}, [&](const Row& row) {
          count = row.integer(0);
          return true;
        });
  }));
  return count;
}

Result<bool> Work::begin_export(const ReplicaProgress& progress) {
  if (note_) return true;
  // Changes from here on are brought over after the export, whether it saw them or not.
  BL_TRY(place_, safe_end());
  if (!safe_end_.is_at_end()) return false;
  for (const Shape* shape : small_shapes()) {
    if (progress && !progress(shape->name, 0, 0)) {
      return Error{Code::cancelled, "ended before the table " + std::string(shape->name)};
    }
    BL_TRY([[maybe_unused]] const auto rows, compare_small(*shape, ReplicaRepair::yes));
  }
  BL_RETURN_IF_ERROR(load_known());
  BL_RETURN_IF_ERROR(load_stale());
  return true;
}

// Rows behind `at` and before `end` in the order of (timestamp, id), a page of them; `at` moves on.
// Gives how many there were.
Result<std::int64_t> Work::read_page(Connection& connection, StoreRows& reader, ExportPlace& at,
                                     Timestamp end) {
  static const char* const k_page =
      " where r.timestamp >= @time{$1} and r.timestamp < @time{$2} and "
      "(r.timestamp > @time{$1} or r.id > $3) order by r.timestamp, r.id limit $4";
  const std::string sql =
      reader.select("@micros{r.timestamp}, r.id") + store::in_dialect(k_page, connection.dialect());
  const int extra = reader.extra_column();
  const std::array<store::Param, 4> params{store::Param(at.timestamp), store::Param(end.micros),
                                           store::Param(std::string_view(at.id)),
                                           store::Param(limits_.page_rows)};
  std::int64_t read = 0;
  ExportPlace last;
  BL_RETURN_IF_ERROR(reader.add_all(connection, sql, params, [&](const Row& row) {
    ++read;
    last.timestamp = row.integer(extra);
    last.id = row.text(extra + 1);
  }));
  if (read > 0) at = std::move(last);
  return read;
}

// When the first result behind a place is; nullopt: there is none.
Result<std::optional<Timestamp>> Work::first_behind(Connection& connection,
                                                    const ExportPlace& place) {
  static const store::Sql k_next = store::both_dialects<
      "select @micros{r.timestamp} from benchmark_result r where r.timestamp >= @time{$1} and "
      "(r.timestamp > @time{$1} or r.id > $2) order by r.timestamp, r.id limit 1">();
  std::optional<Timestamp> first;
  BL_RETURN_IF_ERROR(
      connection.query(k_next, {place.timestamp, std::string_view(place.id)}, [&](const Row& row) {
        first = Timestamp{row.integer(0)};
        return true;
      }));
  return first;
}

// The results behind a place, as many as fit into one commit.
Result<Work::ExportPart> Work::read_export(const ExportPlace& from) {
  static const Timestamp k_end = begin_of(next_month(month_of(k_timestamp_max)));
  StoreRows reader({&results_shape(), &samples_shape()}, repositories_, database_.dialect(),
                   {.batch_rows_max = limits_.page_rows});
  ExportPart part;
  part.from = part.to = from;
  std::size_t bytes = 0;
  while (!part.is_last && std::ssize(part.rows.numbers) < limits_.export_rows_max &&
         bytes < limits_.export_bytes_max) {
    ExportPlace at;
    BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
      reader.clear();
      at = part.to;
      BL_TRY(const std::int64_t read, read_page(connection, reader, at, k_end));
      part.is_last = read < limits_.page_rows;
      return {};
    }));
    part.to = std::move(at);
    bytes += reader.bytes();
    BL_RETURN_IF_ERROR(take_rows(reader, part.rows));
  }
  return part;
}

// While one part goes to files, the next one is read.
Result<Work::ExportPart> Work::next_export(const ExportPlace& from) {
  auto ahead = std::exchange(ahead_, {});
  if (!ahead.valid()) return read_export(from);
  auto part = ahead.get();
  if (!part.ok() || part->from == from) return part;
  return read_export(from);
}

Result<std::int64_t> Work::export_some() {
  if (!is_exporting()) return std::int64_t{0};
  BL_TRY(ExportPart part, next_export(note_ ? *note_->from : k_before_all));
  const auto count = std::ssize(part.rows.numbers);
  if (count == 0) {
    if (note_) BL_RETURN_IF_ERROR(keep_place(place_));
    return count;
  }
  BL_RETURN_IF_ERROR(put_dimensions(part.rows.results));
  BL_RETURN_IF_ERROR(put_repositories());
  std::optional<ExportPlace> to;
  if (!part.is_last) {
    // From here on nothing of this part touches what the reader of the next one changes.
    to = part.to;
    ahead_ = std::async(std::launch::async, [this, from = part.to] { return read_export(from); });
  }
  BL_TRY([[maybe_unused]] const auto replaced,
         put_facts(std::move(part.rows), {}, is_sure_, note_at(place_, to)));
  is_sure_ = true;
  note_ = Note{store_, place_, to};
  return count;
}

Result<void> Work::keep_place(const LogPlace& place) {
  BL_TRY(const auto table, open_table(lake_, results_shape()));
  lake::Change change;
  change.what = "keep";
  change.select = "";
  change.note = note_at(place, std::nullopt);
  BL_TRY([[maybe_unused]] const auto snapshot, table->replace(change));
  seen_note_ = change.note;
  note_ = Note{store_, place, std::nullopt};
  place_ = place;
  return {};
}

// Changes ------------------------------------------------------------------------------------

Result<Work::Rows> Work::read_results(const std::set<std::string>& ids) {
  Rows rows;
  StoreRows reader({&results_shape(), &samples_shape()}, repositories_, database_.dialect(),
                   {.batch_rows_max = limits_.page_rows});
  BL_RETURN_IF_ERROR(read_by_texts(database_, reader, "r.id", ids));
  BL_RETURN_IF_ERROR(take_rows(reader, rows));
  return rows;
}

Result<void> Work::take_rows(StoreRows& reader, Rows& rows) {
  BL_TRY(auto results, reader.take(0));
  BL_TRY(auto samples, reader.take(1));
  for (const columns::Batch& batch : results) {
    BL_RETURN_IF_ERROR(add_numbers(batch, "result_no", rows.numbers));
  }
  std::ranges::move(results, std::back_inserter(rows.results));
  std::ranges::move(samples, std::back_inserter(rows.samples));
  return {};
}

// Under which number the lake has them; their series and runs will have changed.
Result<void> Work::find_in_lake(const std::set<std::string>& ids, Wanted& wanted) {
  std::vector<std::int64_t> high, low;
  std::vector<std::string> odd;
  for (const std::string& id : ids) {
    if (const auto bits = bits_of(id)) {
      high.push_back(bits->high);
      low.push_back(bits->low);
    } else {
      odd.push_back(id);
    }
  }
  BL_TRY(const auto table, open_table(lake_, results_shape()));
  const lake::Snapshot snapshot = table->snapshot();
  const auto note = [&](const columns::Batch& batch) -> Result<void> {
    BL_RETURN_IF_ERROR(add_numbers(batch, "result_no", wanted.numbers));
    BL_RETURN_IF_ERROR(add_texts(batch, "history_fingerprint", wanted.fingerprints));
    return add_texts(batch, "run_id", wanted.runs);
  };
  if (!high.empty()) {
    const auto [least, most] = std::ranges::minmax(high);
    const lake::ColumnRange range{"id_high", lake::Bound(least), lake::Bound(most)};
    BL_RETURN_IF_ERROR(read_files(
        lake_, snapshot, snapshot.files().may_hold({&range, 1}),
        "SELECT result_no, history_fingerprint, run_id FROM rows WHERE (id_high, id_low) IN "
        "(SELECT (h, l) FROM (SELECT unnest($1) AS h, unnest($2) AS l))",
        {duck::Value(high), duck::Value(low)}, note));
  }
  if (odd.empty()) return {};
  const auto [least, most] = std::ranges::minmax(odd);
  const lake::ColumnRange range{"id_text", lake::Bound(least), lake::Bound(most)};
  return read_files(lake_, snapshot, snapshot.files().may_hold({&range, 1}),
                    "SELECT result_no, history_fingerprint, run_id FROM rows WHERE id_text IN "
                    "(SELECT unnest($1))",
                    {duck::Value(odd)}, note);
}

Result<void> Work::add_results_of_commits(const std::set<std::string>& commits,
                                          std::set<std::string>& ids) {
  static const store::Sql k_results(
      "select n.id from bl_commit_series o join bl_result_number n on n.no = o.result_no "
      "where o.commit_id = $1",
      "select id from benchmark_result where commit_id = $1");
  return database_.read([&](Connection& connection) -> Result<void> {
    for (const std::string& commit : commits) {
      BL_RETURN_IF_ERROR(
          connection.query(k_results, {std::string_view(commit)}, [&](const Row& row) {
            ids.emplace(row.text(0));
            return true;
          }));
    }
    return {};
  });
}

Result<std::int64_t> Work::take_changes(const LogPlace& end, ReplicaRound& round) {
  Changes changes;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(changes, read_changes(connection, place_, end, limits_.changes_max));
    return {};
  }));
  if (changes.rows == 0) return std::int64_t{0};
  Wanted wanted;
  if (!changes.commits.empty()) {
    BL_RETURN_IF_ERROR(put_by_texts(commits_shape(), changes.commits));
    BL_RETURN_IF_ERROR(add_results_of_commits(changes.commits, changes.changed));
  }
  if (!changes.deleted.empty()) {
    BL_RETURN_IF_ERROR(find_in_lake(changes.deleted, wanted));
    if (wanted.numbers.size() < changes.deleted.size()) {
      // One came and went before the lake had it: nobody knows which series and dimensions it left.
      for (const Shape* shape : small_shapes()) {
        BL_TRY([[maybe_unused]] const auto wrong, compare_small(*shape, ReplicaRepair::yes));
      }
    }
  }
  std::set<std::string> updated;
  std::ranges::set_difference(changes.changed, changes.deleted,
                              std::inserter(updated, updated.end()));
  if (!updated.empty()) BL_RETURN_IF_ERROR(find_in_lake(updated, wanted));
  wanted.ids = std::move(changes.inserted);
  wanted.ids.merge(changes.changed);
  BL_RETURN_IF_ERROR(make_equal(std::move(wanted), changes.end, round));
  round.changes += changes.rows;
  return changes.rows;
}

Result<void> Work::make_equal(Wanted wanted, const std::optional<LogPlace>& place,
                              ReplicaRound& round) {
  BL_TRY(Rows rows, read_results(wanted.ids));
  for (const columns::Batch& batch : rows.results) {
    BL_RETURN_IF_ERROR(add_texts(batch, "history_fingerprint", wanted.fingerprints));
    BL_RETURN_IF_ERROR(add_texts(batch, "run_id", wanted.runs));
  }
  BL_RETURN_IF_ERROR(put_dimensions(rows.results));
  BL_RETURN_IF_ERROR(put_by_texts(series_shape(), wanted.fingerprints));
  BL_RETURN_IF_ERROR(put_by_texts(runs_shape(), wanted.runs));
  BL_RETURN_IF_ERROR(put_repositories());
  round.rows += std::ssize(rows.numbers);
  BL_TRY(const std::int64_t replaced, put_facts(std::move(rows), std::move(wanted.numbers), false,
                                                place ? note_at(*place, std::nullopt) : ""));
  round.files_replaced += replaced;
  if (place) {
    place_ = *place;
    note_ = Note{store_, place_, std::nullopt};
  }
  return {};
}

Result<std::int64_t> Work::put_facts(Rows rows, std::vector<std::int64_t> numbers, bool is_new,
                                     const std::string& note) {
  numbers.insert(numbers.end(), rows.numbers.begin(), rows.numbers.end());
  BL_RETURN_IF_ERROR(
      put(lake_, {&samples_shape(), Keys(numbers), std::move(rows.samples), note, is_new}));
  BL_TRY(const PutDone done, put(lake_, {&results_shape(), Keys(std::move(numbers)),
                                         std::move(rows.results), note, is_new}));
  if (done.committed && !note.empty()) seen_note_ = note;
  return done.files_replaced;
}

Result<std::int64_t> Work::prune_log(Timestamp older_than) {
  if (seen_note_.empty()) return std::int64_t{0};
  // Not place_: that may have passed over changes which a later process sees again.
  BL_TRY(const Note kept, decode_note(seen_note_));
  std::int64_t pruned = 0;
  for (int i = 0; i < limits_.prune_writes_max; ++i) {
    BL_TRY(const std::int64_t some,
           replica::prune_log(database_, kept.log, older_than, limits_.prune_rows_max));
    pruned += some;
    if (some < limits_.prune_rows_max) break;
  }
  return pruned;
}

Result<std::int64_t> Work::seal(Timestamp now) {
  const std::int64_t month = month_of(now);
  const std::int64_t ended = month / 100 * 12 + month % 100 - 1 - limits_.sealed_after_months;
  const SealLimits limits{.rows_per_file = limits_.sealed_rows_per_file};
  std::int64_t sealed = 0;
  for (const Shape* shape : {&samples_shape(), &results_shape()}) {
    const auto year = seal_one_year(lake_, *shape, ended / 12, limits);
    if (year.ok() && *year) ++sealed;
    // Compaction was faster: the next round.
    if (!year.ok() && year.error().code != Code::not_found) return year.error();
  }
  return sealed;
}

// Small tables -------------------------------------------------------------------------------

Result<void> Work::put_repositories() {
  const auto numbers = repositories_.new_numbers();
  if (numbers.empty()) return {};
  BL_TRY(auto rows, repositories_.new_rows());
  BL_RETURN_IF_ERROR(
      put(lake_, {&repositories_shape(), Keys(numbers), std::move(rows), "", false}));
  repositories_.published();
  return {};
}

Result<void> Work::put_dimensions(const std::vector<columns::Batch>& results) {
  for (const Reference& reference : k_references) {
    const Shape& shape = reference.shape();
    std::set<std::string> ids;
    for (const columns::Batch& batch : results) {
      BL_RETURN_IF_ERROR(add_texts(batch, reference.column, ids));
    }
    const auto& known = known_[&shape];
    std::erase_if(ids, [&](const std::string& id) { return known.contains(id); });
    BL_RETURN_IF_ERROR(put_by_texts(shape, ids));
  }
  return {};
}

// The rows of these keys as the store has them; those that it has not go.
Result<void> Work::put_by_texts(const Shape& shape, const std::set<std::string>& texts) {
  if (texts.empty()) return {};
  StoreRows reader({&shape}, repositories_, database_.dialect(),
                   {.batch_rows_max = limits_.page_rows});
  BL_RETURN_IF_ERROR(read_by_texts(database_, reader, shape.key_in_store, texts));
  BL_TRY(auto rows, reader.take());
  if (&shape == &series_shape()) {
    for (const std::string& text : texts) stale_.erase(text);
    for (const columns::Batch& batch : rows) {
      BL_TRY(const auto changed_column, batch.column("change_count"));
      BL_TRY(const auto fresh_column, batch.column("fresh_count"));
      BL_TRY(const auto name_column, batch.column("history_fingerprint"));
      BL_TRY(const auto changed, changed_column.as<std::int64_t>());
      BL_TRY(const auto fresh, fresh_column.as<std::int64_t>());
      BL_TRY(const auto names, name_column.as<std::string_view>());
      for (std::int64_t i = 0; i < batch.rows(); ++i) {
        if (changed[i] != fresh[i]) stale_.emplace(names[i]);
      }
    }
  }
  BL_RETURN_IF_ERROR(put(lake_, {&shape, Keys(std::vector<std::string>(texts.begin(), texts.end())),
                                 std::move(rows), "", false}));
  if (const auto known = known_.find(&shape); known != known_.end()) {
    known->second.insert(texts.begin(), texts.end());
  }
  return {};
}

Result<void> Work::refresh_stale_series() {
  if (stale_.empty()) return {};
  // Only those that were judged since: the others would be the same row again.
  std::set<std::string> judged;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    judged = stale_;
    for (const auto& page : pages_of(stale_, k_ids_at_once)) {
      const std::string array = text_array(page, connection.dialect());
      const std::string sql =
          store::in_dialect("select s.history_fingerprint from @series s", connection.dialect()) +
          one_of("s.history_fingerprint", connection.dialect()) +
          " and s.change_count <> s.fresh_count";
      const std::array<store::Param, 1> params{store::Param(std::string_view(array))};
      BL_RETURN_IF_ERROR(connection.query_text(sql, params, [&](const Row& row) {
        judged.erase(std::string(row.text(0)));
        return true;
      }));
    }
    return {};
  }));
  return put_by_texts(series_shape(), judged);
}

}  // namespace bl::results::replica
