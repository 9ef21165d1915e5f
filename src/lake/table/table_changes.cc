#include "lake/table/table_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "columns/table.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_new_rows = "new_rows";
constexpr std::string_view k_removed_rows = "removed_rows";
constexpr std::string_view k_gone = "benchlake_gone_rows";  // to the engine

using RowNumber = columns::Table<columns::Is<"no", std::int64_t>>;

/// What a part's removed files still give.
struct Remainder {
  std::vector<const DataFile*> files;  // first those that give all their rows
  std::size_t whole = 0;               // so many
  // Of the others: the numbers of their first rows, and the rows that they do not give.
  std::vector<std::int64_t> first_rows;
  RowNumber::Builder gone;
};

Result<void> check_gone(const DataFile& file, std::span<const std::int64_t> rows) {
  std::int64_t least = 0;
  for (const std::int64_t row : rows) {
    if (row < least || row >= file.rows) {
      return Error{Code::invalid, fmt::format("row {} is not to be taken out of a file of {} rows, "
                                              "or not in this order: {}",
                                              row, file.rows, file.key)};
    }
    least = row + 1;
  }
  return {};
}

Result<Remainder> remainder_of(const ChangePart& part, std::span<const DataFile* const> removed) {
  Remainder rest;
  std::vector<const DataFile*> partly;
  std::int64_t first = 0;
  std::size_t found = 0;
  for (const DataFile* file : removed) {
    const auto gone = part.without.find(file->key);
    if (gone == part.without.end()) {
      rest.files.push_back(file);
      continue;
    }
    ++found;
    BL_RETURN_IF_ERROR(check_gone(*file, gone->second));
    if (std::ssize(gone->second) == file->rows) continue;
    partly.push_back(file);
    rest.first_rows.push_back(first);
    for (const std::int64_t row : gone->second) BL_CHECK(rest.gone.append(first + row));
    first += file->rows;
  }
  if (found != part.without.size()) {
    return Error{Code::invalid, "rows are taken out of a file that is not removed"};
  }
  rest.whole = rest.files.size();
  rest.files.insert(rest.files.end(), partly.begin(), partly.end());
  return rest;
}

/// All rows that are left, as SQL; empty: no files. `gone`: the table of the others.
Result<std::string> select_of_rest(const columns::Schema& schema, const Remainder& rest,
                                   std::span<const std::string> paths) {
  const std::span<const DataFile* const> files = rest.files;
  BL_TRY(std::string sql,
         select_of_files(schema, files.first(rest.whole), paths.first(rest.whole)));
  if (rest.whole == files.size()) return sql;
  BL_TRY(const std::string numbered, numbered_select(schema, files.subspan(rest.whole),
                                                     paths.subspan(rest.whole), rest.first_rows));
  return fmt::format("{}{}SELECT {} FROM ({}) WHERE {} NOT IN (SELECT no FROM {})", sql,
                     sql.empty() ? "" : " UNION ALL ", column_list(schema), numbered,
                     duck::quoted_name(k_row_column), duck::quoted_name(k_gone));
}

}  // namespace

// Changing -----------------------------------------------------------------------------------

Result<std::int64_t> Table::Impl::replace(const Change& change) {
  const std::lock_guard working(work_mutex_);
  BL_RETURN_IF_ERROR(settle());
  if (!change.once.empty() && files()->watermarks().contains(change.once)) return files()->id();
  return commit_change(change);
}

// With the work mutex, settled.
Result<std::int64_t> Table::Impl::commit_change(const Change& change) {
  Commit commit = new_commit(change.what);
  commit.note = change.note;
  if (!change.once.empty()) commit.watermarks[change.once] = 1;
  auto written = write_part(change, commit);
  for (const ChangePart& part : change.more) {
    if (written.ok()) written = write_part(part, commit);
  }
  if (!written.ok()) {
    data_.discard(commit.added);
    return std::move(written).error();
  }
  return publish(std::move(commit), Files::made);
}

Result<void> Table::Impl::write_part(const ChangePart& part, Commit& commit) {
  const auto now = files();
  std::vector<const DataFile*> removed;
  for (const std::string& key : part.removed) {
    removed.push_back(now->find(key));
    if (removed.back() == nullptr) {
      return Error{Code::not_found, "no file of the newest snapshot: " + key};
    }
  }
  for (const auto& batch : part.rows) BL_RETURN_IF_ERROR(check_rows(batch, now->schema()));
  commit.removed.insert(commit.removed.end(), part.removed.begin(), part.removed.end());
  BL_TRY(Remainder rest, remainder_of(part, removed));
  if (part.select.empty()) return {};
  BL_TRY(const LocalFiles local, data_.fetch(rest.files));
  BL_TRY(const auto connection, parts_.engine.connect());
  const auto order = layout_.order.empty() ? duck::RowOrder::kept : duck::RowOrder::any;
  BL_TRY(const auto offered, connection->offer(k_offered, now->schema(), part.rows, order));
  BL_TRY(const columns::Batch gone, rest.gone.finish());
  std::vector<columns::Batch> gone_rows;
  if (gone.rows() > 0) gone_rows.push_back(gone);
  BL_TRY(const auto offered_gone, connection->offer(k_gone, gone.schema(), gone_rows));
  BL_TRY(std::string old_rows, select_of_rest(now->schema(), rest, local.paths()));
  const std::string new_rows = fmt::format("SELECT * FROM {}", duck::quoted_name(k_offered));
  if (old_rows.empty()) old_rows = new_rows + " LIMIT 0";
  const std::string from = fmt::format("(WITH {} AS ({}), {} AS ({}) SELECT * FROM {})",
                                       k_removed_rows, old_rows, k_new_rows, new_rows, part.select);
  Layout layout = layout_;
  if (!part.group_by.empty()) layout.group = part.group_by;
  BL_TRY(auto made, data_.write(*connection, now->schema(), layout, from, part.group,
                                texts_of(commit, now->watermarks())));
  // A group without rows needs no file.
  for (DataFile& file : made) {
    if (file.rows == 0) {
      data_.discard({&file, 1});
    } else {
      commit.added.push_back(std::move(file));
    }
  }
  return {};
}

Result<Change> Table::Impl::next_compaction(std::set<std::string>& done) const {
  std::map<std::string, std::vector<const DataFile*>> small;
  const auto now = files();
  for (const DataFile& file : now->files()) {
    const std::string group = group_of(name_, file.key);
    if (done.contains(group) || file.rows * 2 >= limits_.compact_rows) continue;
    small[group].push_back(&file);
  }
  for (const auto& [group, all] : small) {
    Change change;
    change.what = k_compact;
    change.select = k_removed_rows;
    change.group = group;
    std::int64_t rows = 0;
    for (const DataFile* file : all) {
      if (change.removed.size() == limits_.compact_files_max) break;
      if (!change.removed.empty() && rows + file->rows > limits_.compact_rows) break;
      rows += file->rows;
      change.removed.push_back(file->key);
    }
    if (change.removed.size() >= limits_.compact_files_min) return change;
    done.insert(group);
  }
  return Change();
}

// With the work mutex.
void Table::Impl::settle_rows(Change& change) const {
  if (!compaction_) return;
  ChangePart part = change;
  if (const auto done = compaction_(Snapshot(files(), {}), part); !done.ok()) {
    parts_.log.warning("rows are put together as they are",
                       {{"table", name_}, {"error", done.error().message}});
    return;
  }
  if (part.select == change.select) return;
  static_cast<ChangePart&>(change) = std::move(part);
  change.what = k_settle;
}

Result<Compacted> Table::Impl::compact() {
  Compacted report;
  std::set<std::string> done;  // groups with nothing to put together
  while (true) {
    const std::lock_guard working(work_mutex_);
    BL_RETURN_IF_ERROR(settle());
    BL_TRY(Change change, next_compaction(done));
    if (change.removed.empty()) return report;
    settle_rows(change);
    std::int64_t rows = 0;
    for (const std::string& key : change.removed) rows += files()->find(key)->rows;
    const auto before = std::ssize(files()->files());
    BL_RETURN_IF_ERROR(commit_change(change));
    report.commits += 1;
    report.files_before += std::ssize(change.removed);
    report.files_after += std::ssize(files()->files()) - before + std::ssize(change.removed);
    report.rows += rows;
  }
}

Result<std::int64_t> Table::Impl::roll_back(std::int64_t to_snapshot) {
  const std::lock_guard working(work_mutex_);
  BL_RETURN_IF_ERROR(settle());
  BL_TRY(const CatalogSnapshot then, parts_.catalog.snapshot(name_, to_snapshot));
  const auto now = files();
  const FileSet wanted(then);
  Commit commit = new_commit("rollback");
  commit.note = then.note;  // it speaks of the rows that come back
  for (const DataFile& file : now->files()) {
    if (wanted.find(file.key) == nullptr) commit.removed.push_back(file.key);
  }
  for (const DataFile& file : wanted.files()) {
    if (now->find(file.key) == nullptr) commit.added.push_back(file);
  }
  if (commit.removed.empty() && commit.added.empty()) return now->id();
  return publish(std::move(commit), Files::of_before);
}

Result<void> Table::Impl::add_columns(std::vector<columns::Field> fields) {
  // Rows of the journal are of the schema of the files: the tail is empty when that changes.
  const std::unique_lock no_appends(schema_mutex_);
  const std::lock_guard working(work_mutex_);
  RecordNo next = 0;
  {
    const std::lock_guard lock(mutex_);
    next = tail_.next();
  }
  BL_RETURN_IF_ERROR(fill_tail(next));
  while (true) {
    BL_TRY(const Flushed flushed, flush_part());
    if (flushed.rows == 0) break;
  }
  const auto altered = parts_.catalog.alter_table(token_, std::move(fields), {});
  if (!altered.ok() && altered.error().code != Code::outcome_unknown) return altered;
  BL_TRY(CatalogSnapshot snapshot, parts_.catalog.snapshot(name_));
  BL_TRY(layout_, layout_of(snapshot.properties, snapshot.schema));
  take_files(std::move(snapshot));
  mirror_lacks_ = RowsChange::yes;
  let_journal_go();
  return altered;
}

Result<void> Table::Impl::drop() {
  const std::unique_lock no_appends(schema_mutex_);
  const std::lock_guard working(work_mutex_);
  if (is_dropped_) return {};
  BL_RETURN_IF_ERROR(settle());
  auto dropped = parts_.catalog.drop_table(token_);
  if (!dropped.ok() && dropped.error().code == Code::outcome_unknown) {
    const auto newest = parts_.catalog.newest(name_);
    if (!newest.ok() && newest.error().code == Code::not_found) dropped = {};
  }
  BL_RETURN_IF_ERROR(dropped);
  is_dropped_ = true;
  // What was read from it stays with who read it: this table holds nothing any more.
  const std::lock_guard lock(mutex_);
  CatalogSnapshot empty = files_->snapshot();
  empty.files.clear();
  files_ = std::make_shared<const FileSet>(std::move(empty));
  tail_ = Tail(tail_.next());
  keys_.clear();
  tail_since_.reset();
  show_tail();
  return {};
}

// Looking ------------------------------------------------------------------------------------

Result<void> Table::Impl::verify_file(duck::Connection& connection, const DataFile& file,
                                      std::vector<Finding>& findings) {
  const auto find = [&](std::string what) { findings.push_back({file.key, std::move(what)}); };
  const auto info = parts_.store.head(file.key);
  if (!info.ok()) {
    if (info.error().code != Code::not_found) return info.error();
    find("the file is missing");
    return {};
  }
  if (info->size != file.bytes) {
    find(fmt::format("the file has {} bytes, and the catalog says {}", info->size, file.bytes));
    return {};
  }
  const DataFile* one = &file;
  BL_TRY(const LocalFiles local, data_.fetch({&one, 1}));
  const std::string& path = local.paths().front();
  if (const auto said = sum_in(file.key); !said.empty()) {
    BL_TRY(const std::string sum, sum_of(parts_.disk, path));
    if (sum != said) {
      find("the file's bytes are not those that were written: their sum is " + sum);
      return {};
    }
  }
  const auto footer = duck::read_footer(connection, path);
  if (!footer.ok()) {
    find(footer.error().message);
    return {};
  }
  if (footer->rows != file.rows) {
    find(fmt::format("the file has {} rows, and the catalog says {}", footer->rows, file.rows));
  }
  // A bound that is too narrow loses rows in silence.
  for (const auto& said : file.columns) {
    const auto is = std::find_if(footer->columns.begin(), footer->columns.end(),
                                 [&](const auto& column) { return column.path == said.path; });
    if (is == footer->columns.end()) {
      find("the catalog knows a column that the file has not: " + said.path.front());
    } else if ((said.min && is->min && *said.min != *is->min) ||
               (said.max && is->max && *said.max != *is->max)) {
      find(
          fmt::format("the values of the column {} go from {} to {}, and the catalog says {} to {}",
                      said.path.front(), is->min.value_or("?"), is->max.value_or("?"),
                      said.min.value_or("?"), said.max.value_or("?")));
    }
  }
  return {};
}

Result<std::vector<Finding>> Table::Impl::verify(
    const std::function<bool(std::size_t, std::size_t)>& progress) {
  const auto now = files();
  BL_TRY(const auto connection, parts_.engine.connect());
  std::vector<Finding> findings;
  const std::size_t all = now->files().size();
  for (std::size_t done = 0; done < all; ++done) {
    if (progress && !progress(done, all)) {
      return Error{Code::cancelled, "verifying was ended in the table: " + name_};
    }
    BL_RETURN_IF_ERROR(verify_file(*connection, now->files()[done], findings));
  }
  if (progress) (void)progress(all, all);
  return findings;
}

Result<std::set<std::string>> Table::Impl::mirrored(Timestamp removed_after) {
  if (mirror_ == nullptr) return std::set<std::string>();
  const std::lock_guard working(work_mutex_);
  return mirror_->listed(removed_after);
}

TableStatus Table::Impl::status() const {
  TableStatus status;
  status.name = name_;
  status.journal_first = journal_->first();
  status.journal_next = journal_->next();
  const std::lock_guard lock(mutex_);
  status.snapshot = files_->id();
  status.snapshot_at = files_->snapshot().at;
  status.removed_at = removed_at_;
  status.files = std::ssize(files_->files());
  status.rows = files_->rows();
  status.bytes = files_->bytes();
  status.tail_rows = tail_.rows();
  status.tail_bytes = tail_.bytes();
  const auto flushed = files_->watermarks().find(journal_->id());
  status.flushed_before = flushed == files_->watermarks().end() ? 1 : flushed->second;
  if (tail_since_) {
    status.lag_seconds =
        std::chrono::duration<double>(parts_.clock.steady_now() - *tail_since_).count();
  }
  status.fenced = fenced_;
  return status;
}

}  // namespace bl::lake
