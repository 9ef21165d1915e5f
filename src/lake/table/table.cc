#include "lake/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <shared_mutex>

#include "base/json.h"
#include "lake/table/data_files.h"
#include "lake/table/records.h"
#include "lake/table/tail.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_compact = "compact";
constexpr std::string_view k_new_rows = "new_rows";
constexpr std::string_view k_offered = "benchlake_new_rows";
constexpr std::string_view k_removed_rows = "removed_rows";

struct TableMetrics {
  TableMetrics(Metrics& metrics, const std::string& table)
      : tail_rows(metrics.gauge("bl_lake_tail_rows", "Rows of lake tables that are in no file yet",
                                {{"table", table}})),
        tail_bytes(metrics.gauge("bl_lake_tail_bytes", "Memory of rows that are in no file yet",
                                 {{"table", table}})),
        files(metrics.gauge("bl_lake_files", "Files of the newest snapshot", {{"table", table}})),
        file_bytes(metrics.gauge("bl_lake_file_bytes", "Bytes of the files of the newest snapshot",
                                 {{"table", table}})),
        lag(metrics.gauge("bl_lake_lag_seconds", "Age of the oldest row that is in no file",
                          {{"table", table}})),
        rows(metrics.counter("bl_lake_rows_total", "Rows appended to lake tables",
                             {{"table", table}})),
        commits(
            metrics.counter("bl_lake_commits_total", "Snapshots published", {{"table", table}})),
        failures(metrics.counter("bl_lake_commit_failures_total",
                                 "Snapshots whose publishing failed or is not known to have "
                                 "happened",
                                 {{"table", table}})),
        tail_limit(metrics.counter("bl_lake_limit_hits_total",
                                   "Times that a limit of a lake table was reached",
                                   {{"table", table}, {"limit", "tail_bytes_max"}})),
        flush_seconds(metrics.histogram("bl_lake_flush_seconds",
                                        "Duration of a flush of the tail to files",
                                        Metrics::latency_bounds(), {{"table", table}})) {}
  Gauge tail_rows, tail_bytes, files, file_bytes, lag;
  Counter rows, commits, failures, tail_limit;
  Histogram flush_seconds;
};

Result<void> check_rows(const columns::Batch& batch, const columns::Schema& schema) {
  if (batch.rows() == 0) return Error{Code::invalid, "an append of no rows"};
  if (!(batch.schema() == schema)) {
    return Error{Code::invalid,
                 fmt::format("rows of another schema than the table's, which is {}: {}",
                             schema.text(), batch.schema().text())};
  }
  for (int i = 0; i < batch.columns(); ++i) {
    const auto& field = schema.fields()[static_cast<std::size_t>(i)];
    if (!field.nullable && batch.column(i).null_count() > 0) {
      return Error{Code::invalid, "null where none may be, in the column: " + field.name};
    }
  }
  return {};
}

// In the footers of a commit's files.
DataFiles::Texts texts_of(const Commit& commit, const Watermarks& before) {
  std::string ranges;
  json::Writer journals(ranges);
  journals.begin_object();
  for (const auto& [id, to] : commit.watermarks) {
    const auto from = before.find(id);
    journals.key(id);
    journals.begin_array();
    journals.value(static_cast<std::int64_t>(from == before.end() ? 1 : from->second));
    journals.value(static_cast<std::int64_t>(to));
    journals.end_array();
  }
  journals.end_object();
  Watermarks after = before;
  for (const auto& [id, to] : commit.watermarks) after[id] = to;
  std::string reached;
  json::Writer marks(reached);
  marks.begin_object();
  for (const auto& [id, to] : after) marks.member(id, to);
  marks.end_object();
  std::string keys;
  json::Writer removed(keys);
  removed.begin_array();
  for (const std::string& key : commit.removed) removed.value(key);
  removed.end_array();
  return {{"benchlake.commit", commit.id},
          {"benchlake.what", commit.what},
          {"benchlake.journals", ranges},
          {std::string(k_watermarks_text), reached},
          {"benchlake.removed", keys}};
}

}  // namespace

class Table::Impl {
 public:
  Impl(const TableParts& parts, std::string name, PublisherToken token, Layout layout,
       std::unique_ptr<Journal> journal, std::unique_ptr<Mirror> mirror, const TableLimits& limits,
       RecordNo next)
      : parts_(parts),
        name_(std::move(name)),
        token_(std::move(token)),
        journal_(std::move(journal)),
        mirror_(std::move(mirror)),
        limits_(limits),
        metrics_(parts.metrics, name_),
        data_(parts.store, parts.disk, parts.scratch, parts.ids, name_),
        layout_(std::move(layout)),
        tail_(next) {}

  Result<void> start(CatalogSnapshot snapshot);
  Result<Ack> append(const columns::Batch& batch, std::string_view key);
  Snapshot snapshot() const;
  std::set<std::int64_t> held() const { return pins_.held(); }
  Result<RecordNo> adopt(const std::string& journal, const ReadJournal& read);
  bool flush_is_due() const;
  Result<Flushed> flush();
  Result<std::int64_t> replace(const Change& change);
  Result<Compacted> compact();
  Result<std::int64_t> roll_back(std::int64_t to_snapshot);
  Result<void> add_columns(std::vector<columns::Field> fields);
  Result<std::vector<Finding>> verify(
      const std::function<void(std::size_t, std::size_t)>& progress);
  Result<std::set<std::string>> mirrored(Timestamp removed_after);
  TableStatus status() const;

  const std::string& name() const { return name_; }
  std::shared_ptr<const FileSet> files() const {
    const std::lock_guard lock(mutex_);
    return files_;
  }

 private:
  Result<void> fill_tail(RecordNo from);
  Result<void> fill_gap();
  Result<Flushed> flush_part();
  Result<std::vector<DataFile>> write_rows(const Commit& commit,
                                           const std::vector<columns::Batch>& rows);
  Result<std::int64_t> commit_change(const Change& change);
  enum class Files : unsigned char { made, of_before };  // the ones that a commit adds
  // A commit that was published, or not: the answer was lost.
  struct Pending {
    Commit commit;
    Files files;
    Timestamp at;
  };
  Result<std::int64_t> publish(Commit commit, Files files);
  Result<void> settle();
  void apply(const Commit& commit, std::int64_t id, Timestamp at);
  void undo(const Commit& commit, Files files);
  void let_journal_go();
  void take_files(CatalogSnapshot snapshot);
  void show_tail();
  Commit new_commit(std::string what) {
    return {parts_.ids.next(), std::move(what), {}, {}, {}, {}};
  }
  Result<Change> next_compaction(std::set<std::string>& done) const;
  Result<void> verify_file(duck::Connection& connection, const DataFile& file,
                           std::vector<Finding>& findings);

  const TableParts parts_;
  const std::string name_;
  const PublisherToken token_;
  const std::unique_ptr<Journal> journal_;
  const std::unique_ptr<Mirror> mirror_;
  const TableLimits limits_;
  TableMetrics metrics_;
  DataFiles data_;

  // Taken in this order. Appends share the first, so that the schema stands still for them.
  std::shared_mutex schema_mutex_;
  std::mutex work_mutex_;           // one change of the files at a time
  mutable std::mutex mutex_;        // for moments
  Layout layout_;                   // changed under all
  std::optional<Pending> pending_;  // guarded by work_mutex_
  // What the mirror does not have yet; guarded by work_mutex_.
  std::optional<RowsChange> mirror_lacks_ = RowsChange::yes;

  std::shared_ptr<const FileSet> files_;                             // guarded by mutex_
  Tail tail_;                                                        // guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> tail_since_;  // guarded by mutex_
  std::string fenced_;                                               // guarded by mutex_
  std::atomic<std::uint64_t> reserved_bytes_ = 0;  // of rows on their way to the journal
  Pins pins_;
};

// Opening ------------------------------------------------------------------------------------

Result<void> Table::Impl::start(CatalogSnapshot snapshot) {
  const RecordNo from = tail_.next();
  if (journal_->first() > from) {
    return Error{Code::corrupt,
                 fmt::format("records {} to {} of the journal {} are gone, and in no file of the "
                             "table: {}",
                             from, journal_->first() - 1, journal_->id(), name_)};
  }
  if (journal_->next() < from) {
    return Error{
        Code::corrupt,
        fmt::format("the journal {} ends before record {}, which is in files of the table: "
                    "{}",
                    journal_->id(), from, name_)};
  }
  take_files(std::move(snapshot));
  BL_RETURN_IF_ERROR(fill_tail(from));
  let_journal_go();
  return {};
}

// Every record from there on that the tail has not.
Result<void> Table::Impl::fill_tail(RecordNo from) {
  const columns::Schema schema = files()->schema();
  std::optional<Error> error;
  BL_RETURN_IF_ERROR(journal_->read(from, [&](const JournalRecord& record) {
    auto batch = batch_of_record(record.payload, schema);
    if (!batch.ok()) {
      error = std::move(batch).error().with_context(
          fmt::format("record {} of the journal {}", record.no, journal_->id()));
      return false;
    }
    const std::lock_guard lock(mutex_);
    if (!tail_.has(record.no)) tail_.add(record.no, *std::move(batch));
    if (!tail_since_) tail_since_ = parts_.clock.steady_now();
    return true;
  }));
  if (error) return *std::move(error);
  show_tail();
  return {};
}

// A record whose outcome was unknown to who appended it may be durable after all.
Result<void> Table::Impl::fill_gap() {
  RecordNo from = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool has_gap = tail_.has_gap();
    const bool may_miss_last = tail_.rows() == 0 && journal_->next() > tail_.next();
    if (!has_gap && !may_miss_last) return {};
  }
  const std::unique_lock no_appends(schema_mutex_);
  {
    const std::lock_guard lock(mutex_);
    from = tail_.next();
  }
  return fill_tail(from);
}

void Table::Impl::take_files(CatalogSnapshot snapshot) {
  auto files = std::make_shared<const FileSet>(std::move(snapshot));
  pins_.add(files);
  metrics_.files.set(static_cast<double>(files->files().size()));
  metrics_.file_bytes.set(static_cast<double>(files->bytes()));
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
}

// Appending and reading ----------------------------------------------------------------------

Result<Ack> Table::Impl::append(const columns::Batch& batch, std::string_view key) {
  const std::shared_lock no_change_of_schema(schema_mutex_);
  std::uint64_t held = 0;
  {
    const std::lock_guard lock(mutex_);
    BL_RETURN_IF_ERROR(check_rows(batch, files_->schema()));
    held = tail_.bytes();
  }
  const std::uint64_t bytes = batch.bytes();
  const std::uint64_t reserved = reserved_bytes_.fetch_add(bytes);
  struct Release {
    std::atomic<std::uint64_t>& reserved;
    std::uint64_t bytes;
    ~Release() { reserved -= bytes; }
  } const release{reserved_bytes_, bytes};
  if (held + reserved > 0 && held + reserved + bytes > limits_.tail_bytes_max) {
    metrics_.tail_limit.add();
    return Error{Code::overloaded,
                 fmt::format("the tail of the table {} is full, bytes: {}", name_, held)};
  }
  thread_local std::string payload;
  payload.clear();
  BL_RETURN_IF_ERROR(append_record(batch, payload));
  BL_TRY(const Ack ack, journal_->append(payload, key));
  if (ack.replayed) return ack;
  {
    const std::lock_guard lock(mutex_);
    tail_.add(ack.no, batch);
    if (!tail_since_) tail_since_ = parts_.clock.steady_now();
  }
  metrics_.rows.add(static_cast<double>(batch.rows()));
  show_tail();
  return ack;
}

void Table::Impl::show_tail() {
  const std::lock_guard lock(mutex_);
  metrics_.tail_rows.set(static_cast<double>(tail_.rows()));
  metrics_.tail_bytes.set(static_cast<double>(tail_.bytes()));
}

Snapshot Table::Impl::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {files_, tail_.batches()};
}

// Flushing -----------------------------------------------------------------------------------

bool Table::Impl::flush_is_due() const {
  const std::lock_guard lock(mutex_);
  if (tail_.rows() == 0) return false;
  if (tail_.rows() >= limits_.flush_rows || tail_.bytes() >= limits_.flush_bytes) return true;
  return tail_since_ && parts_.clock.steady_now() - *tail_since_ >= limits_.flush_ms_max;
}

Result<Flushed> Table::Impl::flush() {
  BL_RETURN_IF_ERROR(fill_gap());
  const std::lock_guard working(work_mutex_);
  return flush_part();
}

// With the work mutex.
Result<Flushed> Table::Impl::flush_part() {
  const auto began = parts_.clock.steady_now();
  BL_RETURN_IF_ERROR(settle());
  Commit commit = new_commit("flush");
  Tail::Part part;
  {
    const std::lock_guard lock(mutex_);
    part = tail_.begin_flush(limits_.flush_rows_max);
    if (part.batches.empty()) return Flushed{};
    tail_since_ = began;
  }
  commit.watermarks[journal_->id()] = part.to;
  auto written = write_rows(commit, part.batches);
  if (!written.ok()) {
    undo(commit, Files::made);
    return std::move(written).error();
  }
  commit.added = *std::move(written);
  Flushed flushed{part.rows, std::ssize(commit.added), 0};
  for (const DataFile& file : commit.added) flushed.bytes += file.bytes;
  BL_RETURN_IF_ERROR(publish(std::move(commit), Files::made));
  metrics_.flush_seconds.observe(
      std::chrono::duration<double>(parts_.clock.steady_now() - began).count());
  return flushed;
}

Result<RecordNo> Table::Impl::adopt(const std::string& journal, const ReadJournal& read) {
  const std::lock_guard working(work_mutex_);
  while (true) {
    BL_RETURN_IF_ERROR(settle());
    const auto now = files();
    const auto reached = now->watermarks().find(journal);
    RecordNo next = reached == now->watermarks().end() ? 1 : reached->second;
    std::vector<columns::Batch> rows;
    std::int64_t count = 0;
    std::optional<Error> error;
    BL_RETURN_IF_ERROR(read(next, [&](const JournalRecord& record) {
      auto batch = batch_of_record(record.payload, now->schema());
      if (!batch.ok()) {
        error = std::move(batch).error().with_context(
            fmt::format("record {} of the journal {}", record.no, journal));
        return false;
      }
      count += batch->rows();
      rows.push_back(*std::move(batch));
      next = record.no + 1;
      return count < limits_.flush_rows_max;
    }));
    if (error) return *std::move(error);
    if (rows.empty()) return next;
    Commit commit = new_commit("adopt");
    commit.watermarks[journal] = next;
    BL_TRY(commit.added, write_rows(commit, rows));
    BL_RETURN_IF_ERROR(publish(std::move(commit), Files::made));
  }
}

Result<std::vector<DataFile>> Table::Impl::write_rows(const Commit& commit,
                                                      const std::vector<columns::Batch>& rows) {
  const columns::Schema schema = files()->schema();
  BL_TRY(const auto connection, parts_.engine.connect());
  BL_TRY(const auto offered,
         connection->offer(k_offered, schema, rows,
                           layout_.order.empty() ? duck::RowOrder::kept : duck::RowOrder::any));
  return data_.write(*connection, schema, layout_, duck::quoted_name(k_offered), std::nullopt,
                     texts_of(commit, files()->watermarks()));
}

// Publishing ---------------------------------------------------------------------------------

// With the work mutex. What is published is applied; what surely is not, is undone.
Result<std::int64_t> Table::Impl::publish(Commit commit, Files files) {
  const Timestamp at = parts_.clock.now();
  auto published = parts_.catalog.publish(token_, commit);
  if (published.ok()) {
    apply(commit, *published, at);
    return published;
  }
  metrics_.failures.add();
  if (published.error().code == Code::outcome_unknown) {
    pending_ = Pending{std::move(commit), files, at};
    return published;
  }
  if (published.error().code == Code::conflict) {
    const std::lock_guard lock(mutex_);
    fenced_ = published.error().message;
  }
  undo(commit, files);
  return published;
}

// A commit whose outcome is unknown is looked for before anything else happens.
Result<void> Table::Impl::settle() {
  if (!pending_) return {};
  BL_TRY(const auto id, parts_.catalog.committed(token_, pending_->commit.id));
  const Pending pending = *std::exchange(pending_, std::nullopt);
  if (id) {
    apply(pending.commit, *id, pending.at);
  } else {
    undo(pending.commit, pending.files);
  }
  return {};
}

void Table::Impl::apply(const Commit& commit, std::int64_t id, Timestamp at) {
  CatalogSnapshot next = files()->snapshot();
  next.id = id;
  next.at = at;
  std::erase_if(next.files, [&](const DataFile& file) {
    return std::find(commit.removed.begin(), commit.removed.end(), file.key) !=
           commit.removed.end();
  });
  next.files.insert(next.files.end(), commit.added.begin(), commit.added.end());
  std::sort(next.files.begin(), next.files.end(),
            [](const DataFile& a, const DataFile& b) { return a.key < b.key; });
  for (const auto& [journal, to] : commit.watermarks) next.watermarks[journal] = to;
  if (!commit.note.empty()) next.note = commit.note;
  auto files = std::make_shared<const FileSet>(std::move(next));
  pins_.add(files);
  metrics_.commits.add();
  metrics_.files.set(static_cast<double>(files->files().size()));
  metrics_.file_bytes.set(static_cast<double>(files->bytes()));
  {
    // Rows leave the tail in the moment in which they are in the files.
    const std::lock_guard lock(mutex_);
    files_ = std::move(files);
    if (tail_.is_flushing()) tail_.end_flush();
    if (tail_.rows() == 0) tail_since_.reset();
  }
  show_tail();
  const bool is_first = !mirror_lacks_;
  mirror_lacks_ = is_first && commit.what == k_compact ? RowsChange::no : RowsChange::yes;
  let_journal_go();
}

void Table::Impl::undo(const Commit& commit, Files files) {
  if (files == Files::made) data_.discard(commit.added);
  const std::lock_guard lock(mutex_);
  if (tail_.is_flushing()) tail_.cancel_flush();
}

// The journal keeps what the mirror has not, so that either log can be made from the other and it.
void Table::Impl::let_journal_go() {
  const auto now = files();
  if (mirror_ != nullptr && mirror_lacks_) {
    if (const auto followed = mirror_->follow(now->snapshot(), *mirror_lacks_); !followed.ok()) {
      parts_.log.warning("a table's second log did not follow; the next commit tries again",
                         {{"table", name_}, {"error", followed.error().message}});
      return;
    }
  }
  mirror_lacks_.reset();
  const auto flushed = now->watermarks().find(journal_->id());
  if (flushed == now->watermarks().end()) return;
  if (const auto trimmed = journal_->trim(flushed->second); !trimmed.ok()) {
    parts_.log.warning("a journal was not trimmed; the next commit tries again",
                       {{"table", name_}, {"error", trimmed.error().message}});
  }
}

// Changing -----------------------------------------------------------------------------------

Result<std::int64_t> Table::Impl::replace(const Change& change) {
  const std::lock_guard working(work_mutex_);
  BL_RETURN_IF_ERROR(settle());
  return commit_change(change);
}

// With the work mutex, settled.
Result<std::int64_t> Table::Impl::commit_change(const Change& change) {
  const auto now = files();
  std::vector<const DataFile*> removed;
  for (const std::string& key : change.removed) {
    removed.push_back(now->find(key));
    if (removed.back() == nullptr) {
      return Error{Code::not_found, "no file of the newest snapshot: " + key};
    }
  }
  for (const auto& batch : change.rows) BL_RETURN_IF_ERROR(check_rows(batch, now->schema()));
  Commit commit = new_commit(change.what);
  commit.removed = change.removed;
  commit.note = change.note;
  if (!change.select.empty()) {
    BL_TRY(const LocalFiles local, data_.fetch(removed));
    BL_TRY(const auto connection, parts_.engine.connect());
    BL_TRY(const auto offered, connection->offer(k_offered, now->schema(), change.rows));
    BL_TRY(std::string old_rows, select_of_files(now->schema(), removed, local.paths()));
    const std::string new_rows = fmt::format("SELECT * FROM {}", duck::quoted_name(k_offered));
    if (old_rows.empty()) old_rows = new_rows + " LIMIT 0";
    const std::string from =
        fmt::format("(WITH {} AS ({}), {} AS ({}) SELECT * FROM {})", k_removed_rows, old_rows,
                    k_new_rows, new_rows, change.select);
    BL_TRY(commit.added, data_.write(*connection, now->schema(), layout_, from, change.group,
                                     texts_of(commit, now->watermarks())));
  }
  // A group without rows needs no file.
  std::vector<DataFile> empty;
  std::erase_if(commit.added, [&](const DataFile& file) {
    if (file.rows == 0) empty.push_back(file);
    return file.rows == 0;
  });
  data_.discard(empty);
  return publish(std::move(commit), Files::made);
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
    Change change{
        .what = std::string(k_compact), .select = std::string(k_removed_rows), .group = group};
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
  return Change{.what = "", .select = ""};
}

Result<Compacted> Table::Impl::compact() {
  Compacted report;
  std::set<std::string> done;  // groups with nothing to put together
  while (true) {
    const std::lock_guard working(work_mutex_);
    BL_RETURN_IF_ERROR(settle());
    BL_TRY(const Change change, next_compaction(done));
    if (change.removed.empty()) return report;
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
    const std::function<void(std::size_t, std::size_t)>& progress) {
  const auto now = files();
  BL_TRY(const auto connection, parts_.engine.connect());
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < now->files().size(); ++i) {
    if (progress) progress(i, now->files().size());
    BL_RETURN_IF_ERROR(verify_file(*connection, now->files()[i], findings));
  }
  if (progress) progress(now->files().size(), now->files().size());
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

// --------------------------------------------------------------------------------------------

Result<std::unique_ptr<Table>> Table::open(const TableParts& parts, const std::string& name,
                                           std::unique_ptr<Journal> journal,
                                           std::unique_ptr<Mirror> mirror,
                                           const TableLimits& limits) {
  BL_TRY(PublisherToken token, parts.catalog.take(name));
  BL_TRY(CatalogSnapshot snapshot, parts.catalog.snapshot(name));
  BL_TRY(Layout layout, layout_of(snapshot.properties, snapshot.schema));
  const auto flushed = snapshot.watermarks.find(journal->id());
  const RecordNo next = flushed == snapshot.watermarks.end() ? 1 : flushed->second;
  auto impl = std::make_unique<Impl>(parts, name, std::move(token), std::move(layout),
                                     std::move(journal), std::move(mirror), limits, next);
  BL_RETURN_IF_ERROR(impl->start(std::move(snapshot)));
  return std::unique_ptr<Table>(new Table(std::move(impl)));
}

Table::Table(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Table::~Table() = default;
const std::string& Table::name() const {
  return impl_->name();
}
columns::Schema Table::schema() const {
  return impl_->files()->schema();
}
Result<Ack> Table::append(const columns::Batch& batch, std::string_view key) {
  return impl_->append(batch, key);
}
Snapshot Table::snapshot() const {
  return impl_->snapshot();
}
std::set<std::int64_t> Table::held() const {
  return impl_->held();
}
Result<RecordNo> Table::adopt(const std::string& journal, const ReadJournal& read) {
  return impl_->adopt(journal, read);
}
bool Table::flush_is_due() const {
  return impl_->flush_is_due();
}
Result<Flushed> Table::flush() {
  return impl_->flush();
}
Result<std::int64_t> Table::replace(const Change& change) {
  return impl_->replace(change);
}
Result<Compacted> Table::compact() {
  return impl_->compact();
}
Result<std::int64_t> Table::roll_back(std::int64_t to_snapshot) {
  return impl_->roll_back(to_snapshot);
}
Result<void> Table::add_columns(std::vector<columns::Field> fields) {
  return impl_->add_columns(std::move(fields));
}
Result<std::vector<Finding>> Table::verify(
    const std::function<void(std::size_t, std::size_t)>& progress) {
  return impl_->verify(progress);
}
Result<std::set<std::string>> Table::mirrored(Timestamp removed_after) {
  return impl_->mirrored(removed_after);
}
TableStatus Table::status() const {
  return impl_->status();
}

Result<std::unique_ptr<TableReader>> TableReader::open(Catalog& catalog, const std::string& name) {
  std::unique_ptr<TableReader> reader(new TableReader(catalog, name));
  BL_RETURN_IF_ERROR(reader->refresh());
  return reader;
}

Snapshot TableReader::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {files_, {}};
}

std::set<std::int64_t> TableReader::held() const {
  return pins_.held();
}

Result<bool> TableReader::refresh() {
  BL_TRY(const std::int64_t newest, catalog_.newest(name_));
  {
    const std::lock_guard lock(mutex_);
    if (files_ != nullptr && files_->id() == newest) return false;
  }
  BL_TRY(CatalogSnapshot snapshot, catalog_.snapshot(name_));
  auto files = std::make_shared<const FileSet>(std::move(snapshot));
  pins_.add(files);
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  return true;
}

}  // namespace bl::lake
