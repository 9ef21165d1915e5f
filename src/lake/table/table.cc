#include "lake/table/table_impl.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "lake/table/records.h"

namespace bl::lake {

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
  Watermarks after = before;
  for (const auto& [id, to] : commit.watermarks) after[id] = to;
  std::string reached;
  json::Writer marks(reached);
  marks.begin_object();
  for (const auto& [id, to] : after) marks.member(id, to);
  marks.end_object();
  return {{"benchlake.commit", commit.id},
          {"benchlake.what", commit.what},
          {std::string(k_watermarks_text), reached}};
}

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
    const std::uint64_t bytes = batch->bytes();
    const std::lock_guard lock(mutex_);
    if (!tail_.has(record.no)) {
      tail_.add(record.no, *std::move(batch), bytes);
      note_key(record.no, record.key);
    }
    if (!tail_since_) tail_since_ = parts_.clock.steady_now();
    return true;
  }));
  if (error) return *std::move(error);
  const std::lock_guard lock(mutex_);
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
  if (files_ == nullptr) removed_at_ = files->id();
  files_ = std::move(files);
}

// Appending and reading ----------------------------------------------------------------------

Result<Ack> Table::Impl::append(const columns::Batch& batch, std::string_view key) {
  const std::shared_lock no_change_of_schema(schema_mutex_);
  BL_RETURN_IF_ERROR(still_there());
  std::shared_ptr<const FileSet> now;
  std::uint64_t held = 0;
  {
    const std::lock_guard lock(mutex_);
    now = files_;
    held = tail_.bytes();
  }
  BL_RETURN_IF_ERROR(check_rows(batch, now->schema()));
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
    tail_.add(ack.no, batch, bytes);
    note_key(ack.no, key);
    if (!tail_since_) tail_since_ = parts_.clock.steady_now();
    show_tail();
  }
  metrics_.rows.add(static_cast<double>(batch.rows()));
  return ack;
}

// With the mutex.
void Table::Impl::show_tail() {
  metrics_.tail_rows.set(static_cast<double>(tail_.rows()));
  metrics_.tail_bytes.set(static_cast<double>(tail_.bytes()));
}

Snapshot Table::Impl::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {files_, tail_.batches()};
}

// Keys ---------------------------------------------------------------------------------------

// With the mutex.
void Table::Impl::note_key(RecordNo no, std::string_view key) {
  if (parts_.keeper != nullptr && parts_.keeper->wants(key)) keys_.emplace(no, key);
}

std::vector<std::string> Table::Impl::unflushed_keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(keys_.size());
  for (const auto& [no, key] : keys_) out.push_back(key);
  return out;
}

// Of the records before `to`, which are about to be in files.
Result<void> Table::Impl::keep_keys(RecordNo to) {
  std::vector<std::string> keys;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [no, key] : keys_) {
      if (no >= to) break;
      keys.push_back(key);
    }
  }
  if (keys.empty()) return {};
  return parts_.keeper->keep(name_, keys);
}

// Flushing -----------------------------------------------------------------------------------

bool Table::Impl::flush_is_due() const {
  const std::lock_guard lock(mutex_);
  const auto age = tail_since_ ? parts_.clock.steady_now() - *tail_since_
                               : std::chrono::steady_clock::duration::zero();
  metrics_.lag.set(std::chrono::duration<double>(age).count());
  if (tail_.rows() == 0) return false;
  if (tail_.rows() >= limits_.flush_rows || tail_.bytes() >= limits_.flush_bytes) return true;
  return tail_since_ && age >= limits_.flush_ms_max;
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
  auto kept = keep_keys(part.to);
  auto written = kept.ok() ? write_rows(commit, part.batches) : std::move(kept).error();
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
    std::vector<std::string> keys;
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
      if (parts_.keeper != nullptr && parts_.keeper->wants(record.key)) {
        keys.emplace_back(record.key);
      }
      next = record.no + 1;
      return count < limits_.flush_rows_max;
    }));
    if (error) return *std::move(error);
    if (rows.empty()) return next;
    if (!keys.empty()) BL_RETURN_IF_ERROR(parts_.keeper->keep(name_, keys));
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

Result<void> Table::Impl::still_there() const {
  if (is_dropped_) return Error{Code::not_found, "the table was dropped: " + name_};
  return {};
}

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
  BL_RETURN_IF_ERROR(still_there());
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
  if (commit.what == k_settle) {
    metrics_.dropped.add(static_cast<double>(this->files()->rows() - files->rows()));
  }
  metrics_.files.set(static_cast<double>(files->files().size()));
  metrics_.file_bytes.set(static_cast<double>(files->bytes()));
  {
    // Rows leave the tail in the moment in which they are in the files.
    const std::lock_guard lock(mutex_);
    files_ = std::move(files);
    if (!commit.removed.empty()) removed_at_ = id;
    if (tail_.is_flushing()) tail_.end_flush();
    if (const auto flushed = commit.watermarks.find(journal_->id());
        flushed != commit.watermarks.end()) {
      keys_.erase(keys_.begin(), keys_.lower_bound(flushed->second));
    }
    if (tail_.rows() == 0) tail_since_.reset();
    show_tail();
  }
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
std::vector<std::string> Table::unflushed_keys() const {
  return impl_->unflushed_keys();
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
std::timed_mutex& Table::turn() {
  return impl_->turn();
}
Result<Compacted> Table::compact() {
  return impl_->compact();
}
void Table::compact_with(Compaction compaction) {
  impl_->compact_with(std::move(compaction));
}
Result<std::int64_t> Table::roll_back(std::int64_t to_snapshot) {
  return impl_->roll_back(to_snapshot);
}
Result<void> Table::add_columns(std::vector<columns::Field> fields) {
  return impl_->add_columns(std::move(fields));
}
Result<void> Table::drop() {
  return impl_->drop();
}
Result<std::vector<Finding>> Table::verify(
    const std::function<bool(std::size_t, std::size_t)>& progress) {
  return impl_->verify(progress);
}
Result<std::set<std::string>> Table::mirrored(Timestamp removed_after) {
  return impl_->mirrored(removed_after);
}
TableStatus Table::status() const {
  return impl_->status();
}

}  // namespace bl::lake
