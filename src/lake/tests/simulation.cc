#include "lake/tests/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "lake/maintenance.h"
#include "lake/testing/table_world.h"

namespace bl::lake {
namespace {

using objects::testing::ObjectFault;
using testing::CatalogFault;
using Numbers = std::vector<std::int64_t>;

// Thrown where a rule is broken: with the seed and what was done it replays.
struct Broken {
  std::string what;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, duck::Database& engine)
      : chance_(seed), random_(seed + 1), engine_(engine) {
    std::filesystem::create_directories(scratch_);
    limits_.compact_files_min = 3;
    limits_.flush_rows_max = 40;
    Layout layout{.order = {{"name", false}, {"at", true}}, .group = "", .row_group_rows = 2'048};
    if (one_of(3)) layout.group = "CASE WHEN name < 'series-3' THEN 'a' ELSE 'b' END";
    check(catalog_.create_table({"points", Points::schema(), properties_of(layout)}), "create");
  }
  ~Simulation() {
    held_.clear();
    table_.reset();
    std::filesystem::remove_all(scratch_);
  }

  std::string run(int steps) {
    try {
      open();
      for (int i = 0; i < steps; ++i) step();
      end();
      return "";
    } catch (const Broken& broken) {
      std::string story = broken.what + "\n";
      for (const std::string& line : done_) story += "  " + line + "\n";
      return story;
    }
  }

 private:
  bool one_of(std::uint64_t n) { return chance_.below(n) == 0; }
  void note(std::string line) { done_.push_back(std::move(line)); }
  template <class T>
  void check(const Result<T>& result, const char* what) {
    if (!result.ok()) throw Broken{fmt::format("{}: {}", what, result.error().message)};
  }

  void step() {
    static constexpr void (Simulation::* k_steps[])() = {
        &Simulation::append,    &Simulation::append,    &Simulation::append,
        &Simulation::append,    &Simulation::flush,     &Simulation::flush,
        &Simulation::compact,   &Simulation::replace,   &Simulation::crash,
        &Simulation::hold,      &Simulation::read_held, &Simulation::keep_order,
        &Simulation::look,      &Simulation::trouble,   &Simulation::take_over,
        &Simulation::roll_back, &Simulation::pass_time};
    (this->*k_steps[chance_.below(std::size(k_steps))])();
    if (one_of(3)) look();
  }

  // The world ---------------------------------------------------------------------------------

  void trouble() {
    const auto store_per_mille = static_cast<std::uint32_t>(chance_.below(4) * 100);
    store_.set_plan(
        objects::testing::faults_by_chance(chance_.next_u64(), {store_per_mille, false}));
    const std::uint64_t one_in = 2 + chance_.below(8);
    auto dice = std::make_shared<SeededRandom>(chance_.next_u64());
    catalog_.set_plan([dice, one_in](std::uint64_t, bool) {
      if (dice->below(one_in) != 0) return CatalogFault::none;
      constexpr CatalogFault k_faults[] = {CatalogFault::fails, CatalogFault::lost_done,
                                           CatalogFault::lost_undone};
      return k_faults[dice->below(3)];
    });
    note(fmt::format("trouble: store {} per mille, catalog 1 of {}", store_per_mille, one_in));
  }
  void peace() {
    store_.set_plan({});
    catalog_.set_plan({});
  }
  void pass_time() {
    clock_.advance(std::chrono::minutes(1 + chance_.below(90)));
    store_.deliver_delayed();
    note("time passes");
  }

  Result<std::unique_ptr<Table>> open_on(Disk& disk) {
    BL_TRY(auto journal, open_file_journal(disk, "journals/points", JournalLimits{}, clock_,
                                           random_, log_, metrics_));
    const TableParts parts{catalog_, store_, engine_, *real_disk_, scratch_,
                           ids_,     clock_, log_,    metrics_};
    return Table::open(parts, "points", std::move(journal), nullptr, limits_);
  }

  void open() {
    peace();
    auto table = open_on(*disk_);
    check(table, "open");
    table_ = *std::move(table);
    look();
  }

  // The process dies: at once, or while its disk fails; what was not synced may be gone.
  void crash() {
    if (one_of(2)) {
      const std::uint64_t at = 1 + chance_.below(12);
      note(fmt::format("the disk fails at call {}", at));
      table_.reset();
      FaultyDisk dying(*disk_, {at, FaultPlan::Lasting::for_good, Code::io});
      if (auto table = open_on(dying); table.ok()) {
        table_ = *std::move(table);
        for (int i = 0; i < 3; ++i) append();
        if (one_of(2)) flush();
        held_.clear();
        table_.reset();
      }
    }
    held_.clear();
    table_.reset();
    const std::uint64_t seed = chance_.below(20);
    disk_ = disk_->after_power_cut(seed);
    note(fmt::format("crash, power cut {}", seed));
    open();
  }

  // Another process takes the table; this one must be refused, and takes it back.
  void take_over() {
    peace();
    note("another process takes the table over");
    MemoryDisk other_disk;
    auto other = open_on(other_disk);
    check(other, "take over");
    const std::int64_t no = next_++;
    check((*other)->append(points(no)), "the other's append");
    check((*other)->flush(), "the other's flush");
    stored_.insert(no);
    append();
    peace();
    const auto refused = table_->flush();
    if (refused.ok() && refused->rows > 0) throw Broken{"a stale publisher was not refused"};
    other->reset();
    table_.reset();
    held_.clear();
    open();
  }

  // What it does ------------------------------------------------------------------------------

  void append() {
    if (!unsure_.empty() && one_of(2)) return append_again();
    const std::int64_t count = 1 + static_cast<std::int64_t>(chance_.below(20));
    const std::string key = one_of(2) ? fmt::format("key-{}", next_) : "";
    const std::int64_t from = next_;
    next_ += count;
    send(from, count, key);
  }
  // A client that was not told sends the same again.
  void append_again() {
    const auto [from, sent] = *unsure_.begin();
    unsure_.erase(unsure_.begin());
    send(from, sent.first, sent.second);
  }
  void send(std::int64_t from, std::int64_t count, const std::string& key) {
    const auto ack = table_->append(points(from, count), key);
    note(fmt::format("append {}+{} {}: {}", from, count, key,
                     ack.ok() ? "stored" : ack.error().message));
    const Numbers numbers = counting(from, count);
    if (ack.ok()) {
      stored_.insert(numbers.begin(), numbers.end());
      for (const std::int64_t no : numbers) maybe_.erase(no);
    } else if (ack.error().code == Code::outcome_unknown) {
      maybe_.insert(numbers.begin(), numbers.end());
      if (!key.empty()) unsure_[from] = {count, key};
    }
  }
  void flush() {
    const auto flushed = table_->flush();
    note("flush: " + (flushed.ok() ? std::to_string(flushed->rows) : flushed.error().message));
  }
  void flush_all() {
    while (true) {
      const auto flushed = table_->flush();
      check(flushed, "flush");
      if (flushed->rows == 0) return;
    }
  }
  void compact() {
    const auto compacted = table_->compact();
    note("compact: " +
         (compacted.ok() ? std::to_string(compacted->commits) : compacted.error().message));
  }
  void replace() {
    peace_of_store();
    const Snapshot now = table_->snapshot();
    if (now.files().files().empty()) return;
    const DataFile& file = now.files().files()[chance_.below(now.files().files().size())];
    Change change;
    change.removed = {file.key};
    Numbers gone;
    if (one_of(2)) {
      change.select = "(SELECT * FROM removed_rows WHERE no % 5 <> 0)";
      for (const std::int64_t no : numbers_of(Snapshot(one_file(now, file), {}))) {
        if (no % 5 == 0) gone.push_back(no);
      }
    } else {
      gone = take_out(now, file, change);
    }
    const auto replaced = table_->replace(change);
    note("replace " + file.key + ": " + (replaced.ok() ? "done" : replaced.error().message));
    if (!replaced.ok() && replaced.error().code != Code::outcome_unknown) return;
    peace();
    check(table_->flush(), "flush after replace");  // settles
    const bool is_done = replaced.ok() || table_->snapshot().files().find(file.key) == nullptr;
    if (!is_done) return;
    for (const std::int64_t no : gone) stored_.erase(no);
    forget_past();
  }
  // Rows by their places: some, none or all of them.
  Numbers take_out(const Snapshot& now, const DataFile& file, Change& change) {
    const Numbers in_order = numbers_of(now, file);
    const std::uint64_t one_in = 1 + chance_.below(6);
    Numbers gone;
    for (std::size_t i = 0; i < in_order.size(); ++i) {
      if (!one_of(one_in)) continue;
      change.without[file.key].push_back(static_cast<std::int64_t>(i));
      gone.push_back(in_order[i]);
    }
    change.select = "removed_rows";
    return gone;
  }
  void peace_of_store() { store_.set_plan({}); }
  void roll_back() {
    if (past_.empty()) return;
    peace();
    flush_all();
    const auto& [id, rows] = past_[chance_.below(past_.size())];
    const auto done = table_->roll_back(id);
    note(fmt::format("roll back to {}: {}", id, done.ok() ? "done" : done.error().message));
    if (!done.ok() && done.error().code == Code::not_found) return;  // expired
    check(done, "roll back");
    stored_ = std::set<std::int64_t>(rows.begin(), rows.end());
    forget_past();
  }
  void forget_past() { past_.clear(); }
  void hold() {
    if (held_.size() < 4) {
      const Snapshot snapshot = table_->snapshot();
      held_.emplace_back(snapshot, numbers_of(snapshot));
      if (snapshot.tail().empty()) past_.emplace_back(snapshot.id(), held_.back().second);
    }
  }
  void read_held() {
    if (held_.empty()) return;
    const std::size_t i = chance_.below(held_.size());
    if (numbers_of(held_[i].first) != held_[i].second) {
      throw Broken{"a snapshot that was held has other rows now"};
    }
    if (one_of(2)) held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void keep_order() {
    const std::shared_ptr<Table> table(table_.get(), [](Table*) {});
    const Timestamp now = clock_.now();
    const auto expired =
        expire(catalog_, store_, {&table, 1}, {}, now, now - std::chrono::minutes(60));
    const auto swept = sweep(catalog_, store_, *table_, now - std::chrono::hours(24));
    note(fmt::format("expire: {}, sweep: {}",
                     expired.ok() ? std::to_string(expired->files) : expired.error().message,
                     swept.ok() ? std::to_string(*swept) : swept.error().message));
  }

  // What must hold ----------------------------------------------------------------------------

  std::shared_ptr<const FileSet> one_file(const Snapshot& snapshot, const DataFile& file) const {
    CatalogSnapshot one = snapshot.files().snapshot();
    one.files = {file};
    return std::make_shared<const FileSet>(std::move(one));
  }

  // Of the files and the tail; what cannot be read is broken. A file never changes: it is read
  // once, and then it must be there.
  Numbers numbers_of(const Snapshot& snapshot) {
    Numbers out;
    for (const DataFile& file : snapshot.files().files()) {
      check(memory_.head(file.key), "a file of a snapshot");
      const auto [known, is_new] = read_.try_emplace(file.key);
      if (is_new) known->second = numbers_of(snapshot, file);
      out.insert(out.end(), known->second.begin(), known->second.end());
    }
    for (const columns::Batch& batch : snapshot.tail()) {
      const auto rows = Points::read(batch);
      check(rows, "a batch of the tail");
      for (std::int64_t i = 0; i < rows->size(); ++i) out.push_back(rows->column<"no">()[i]);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  Numbers numbers_of(const Snapshot& snapshot, const DataFile& file) {
    DataFiles data(memory_, *real_disk_, scratch_, ids_, "points");
    const DataFile* one = &file;
    const auto local = data.fetch({&one, 1});
    check(local, "read");
    const auto sql = select_of_files(snapshot.schema(), {&one, 1}, local->paths());
    check(sql, "select");
    auto answer = reader_->query("SELECT no FROM (" + *sql + ")");
    check(answer, "query");
    const auto batch = answer->all();
    check(batch, "rows");
    const auto no = batch->column(0).as<std::int64_t>();
    Numbers out;
    for (std::int64_t i = 0; i < batch->rows(); ++i) out.push_back((*no)[i]);
    return out;
  }

  void look() {
    const Numbers seen = numbers_of(table_->snapshot());
    if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {
      throw Broken{
          fmt::format("a row is there twice: {}", *std::adjacent_find(seen.begin(), seen.end()))};
    }
    const std::set<std::int64_t> all(seen.begin(), seen.end());
    for (const std::int64_t no : stored_) {
      if (!all.contains(no)) throw Broken{fmt::format("an acknowledged row is gone: {}", no)};
    }
    for (const std::int64_t no : all) {
      if (stored_.contains(no)) continue;
      if (maybe_.erase(no) == 0) throw Broken{fmt::format("a row that nobody stored: {}", no)};
      stored_.insert(no);  // who was not told may be right; it stays
    }
  }

  // Peace, time, order: then nothing is left but the files of the newest snapshot.
  void end() {
    held_.clear();
    table_.reset();
    open();
    flush_all();
    check(table_->compact(), "the last compaction");
    store_.deliver_delayed();
    clock_.advance(std::chrono::hours(72));
    keep_order();
    keep_order();
    look();
    const auto findings = table_->verify();
    check(findings, "verify");
    for (const Finding& finding : *findings) {
      throw Broken{"verify found " + finding.key + ": " + finding.what};
    }
    const Snapshot last = table_->snapshot();
    const auto objects = memory_.list({.prefix = "tables/"});
    check(objects, "list");
    for (const auto& object : objects->objects) {
      if (last.files().find(object.key) == nullptr) {
        throw Broken{"a file that nobody lists was left: " + object.key};
      }
    }
  }

  SeededRandom chance_, random_;
  duck::Database& engine_;
  ManualClock clock_{k_test_start};
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  IdSource ids_{clock_, random_};
  const std::string scratch_ =
      std::filesystem::temp_directory_path() /
      ("bl-simulation-" + IdSource(SystemClock(), TableWorld::k_system).next());
  std::unique_ptr<Disk> real_disk_ = make_real_disk();
  std::unique_ptr<MemoryDisk> disk_ = std::make_unique<MemoryDisk>();
  objects::testing::MemoryStore memory_{clock_, *real_disk_};
  objects::testing::FaultyStore store_{memory_, *real_disk_, {}};
  testing::MemoryCatalog catalog_{clock_};
  TableLimits limits_;
  std::unique_ptr<Table> table_;

  std::int64_t next_ = 1;                  // the next row's number
  std::set<std::int64_t> stored_, maybe_;  // acknowledged; sent without an answer
  std::map<std::int64_t, std::pair<std::int64_t, std::string>> unsure_;  // to be sent again
  std::vector<std::pair<Snapshot, Numbers>> held_;
  std::vector<std::pair<std::int64_t, Numbers>> past_;  // snapshots without a tail
  std::unique_ptr<duck::Connection> reader_ = engine_.connect().value();
  std::map<std::string, Numbers> read_;  // of files
  std::vector<std::string> done_;
};

}  // namespace

std::string simulate(std::uint64_t seed, int steps, duck::Database& engine) {
  return Simulation(seed, engine).run(steps);
}

}  // namespace bl::lake
