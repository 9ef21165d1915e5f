#include "lake/delta/log_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "lake/delta/loader.h"
#include "lake/delta/protocol.h"

namespace bl::lake {

using delta::Change;
using delta::LogEntry;
using delta::NameKind;
using delta::Patience;
using delta::Plan;
using delta::State;
using delta::Taken;

namespace {

constexpr int k_reads_before_list = 8;  // new commits that are looked for one after the other

Counter limit_counter(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_lake_delta_limit_hits_total",
                         "times that a limit of a Delta log was reached", {{"limit", limit}});
}

Counter commit_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_lake_delta_commits_total",
                         "commits to Delta logs that were asked for, by how they ended",
                         {{"outcome", outcome}});
}

Counter checkpoint_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_lake_delta_checkpoints_total",
                         "checkpoints of Delta logs, by how they ended", {{"outcome", outcome}});
}

}  // namespace

DeltaLog::Impl::Counters::Counters(Metrics& metrics)
    : commits(commit_counter(metrics, "made")),
      failures(commit_counter(metrics, "failed")),
      conflicts(metrics.counter("bl_lake_delta_conflicts_total",
                                "versions of Delta logs that another writer took first")),
      repeated(commit_counter(metrics, "repeated")),
      group_commits(metrics.counter("bl_lake_delta_versions_total",
                                    "versions of Delta logs that this process made")),
      in_doubt(commit_counter(metrics, "unknown")),
      checkpoints(checkpoint_counter(metrics, "made")),
      checkpoint_failures(checkpoint_counter(metrics, "failed")),
      cleaned(metrics.counter("bl_lake_delta_cleaned_total",
                              "objects of Delta logs that were removed as too old")),
      queue_limit(limit_counter(metrics, "queue_max")),
      time_limit(limit_counter(metrics, "commit_time_max")) {}

/// Waits for the turn, and gives it back.
class DeltaLog::Impl::Turn {
 public:
  explicit Turn(Impl& impl) : impl_(impl) {
    std::unique_lock lock(impl_.queue_mutex_);
    impl_.changed_.wait(lock, [&] { return !impl_.turn_taken_; });
    impl_.turn_taken_ = true;
  }
  ~Turn() {
    std::lock_guard lock(impl_.queue_mutex_);
    impl_.turn_taken_ = false;
    impl_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Impl& impl_;
};

DeltaLog::Impl::Impl(DeltaWorld world, const std::string& prefix, const DeltaLimits& limits)
    : world_(std::move(world)),
      limits_(limits),
      folder_(world_.store, prefix, limits_),
      counters_(world_.metrics) {}

delta::ParseContext DeltaLog::Impl::context() const {
  return {folder_.table(), limits_.text_bytes_max};
}

// ---- the state ----

Result<void> DeltaLog::Impl::load_newest() {
  BL_TRY(auto state, delta::load(world_, limits_, folder_, std::nullopt));
  std::lock_guard lock(state_mutex_);
  snapshot_ = state.snapshot();
  snapshot_is_old_ = false;
  state_ = std::move(state);
  looked_at_ = world_.clock.steady_now();
  broken_ = false;
  return {};
}

std::shared_ptr<const DeltaSnapshot> DeltaLog::Impl::snapshot() const {
  std::lock_guard lock(state_mutex_);
  if (snapshot_is_old_) {
    snapshot_ = state_->snapshot();
    snapshot_is_old_ = false;
  }
  return snapshot_;
}

Result<void> DeltaLog::Impl::apply(DeltaVersion version, const std::string& bytes) {
  auto actions = delta::parse_commit(bytes, context());
  if (!actions.ok()) return delta::in_commit(std::move(actions).error(), version);
  std::lock_guard lock(state_mutex_);
  auto applied = state_->apply(version, std::move(actions).value());
  if (applied.ok()) applied = state_->check();
  if (!applied.ok()) {
    broken_ = true;
    snapshot_is_old_ = false;  // the last good one that anybody asked for remains
    return delta::in_commit(std::move(applied).error(), version);
  }
  snapshot_is_old_ = true;
  return {};
}

Result<bool> DeltaLog::Impl::read_some() {
  const DeltaVersion next = state_->version() + 1;
  BL_TRY(const auto bytes, folder_.commit(next));
  if (!bytes) return false;
  BL_RETURN_IF_ERROR(apply(next, *bytes));
  return true;
}

Result<void> DeltaLog::Impl::check_not_cleaned() {
  const auto now = world_.clock.steady_now();
  if (now - looked_at_ >= limits_.trusted_for) {
    const DeltaVersion version = state_->version();
    BL_TRY(const auto entries, folder_.list(version));
    const bool same = std::any_of(entries.begin(), entries.end(), [&](const LogEntry& entry) {
      return entry.name.version == version;
    });
    const bool newer = !entries.empty() && entries.back().name.version > version;
    if (newer || !same) return load_newest();
  }
  looked_at_ = now;
  return {};
}

Result<void> DeltaLog::Impl::catch_up() {
  if (broken_) return load_newest();
  for (int i = 0; i < k_reads_before_list; ++i) {
    BL_TRY(const bool more, read_some());
    if (!more) return check_not_cleaned();
  }
  while (true) {
    std::vector<DeltaVersion> versions;
    DeltaVersion next = state_->version() + 1;
    BL_TRY(const auto entries, folder_.list(next));
    for (const auto& entry : entries) {
      if (entry.name.kind == NameKind::commit && entry.name.version == next) {
        versions.push_back(next++);
      }
      if (versions.size() == 256) break;
    }
    if (versions.empty()) return check_not_cleaned();
    BL_TRY(const auto texts, folder_.commits(versions));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      BL_RETURN_IF_ERROR(apply(versions[i], texts[i]));
    }
  }
}

Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::Impl::update() {
  const Turn turn(*this);
  BL_RETURN_IF_ERROR(catch_up());
  return snapshot();
}

Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::Impl::at_version(DeltaVersion version) {
  if (version < 0) {
    return Error{Code::not_found, "a table has no such version: " + std::to_string(version)};
  }
  BL_TRY(const auto state, delta::load(world_, limits_, folder_, version));
  return state.snapshot();
}

Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::Impl::at_time(Timestamp time) {
  BL_TRY(const auto newest, update());
  BL_TRY(const DeltaVersion version,
         delta::version_at(folder_, *newest->metadata, time, context()));
  return at_version(version);
}

std::vector<DeltaTombstone> DeltaLog::Impl::tombstones() const {
  std::lock_guard lock(state_mutex_);
  std::vector<DeltaTombstone> out;
  for (const auto& [key, tombstone] : state_->tombstones()) out.push_back(tombstone);
  return out;
}

// ---- creation ----

Result<bool> DeltaLog::Impl::make(const DeltaTable& table) {
  const std::string id = delta::make_uuid(world_.random);
  BL_TRY(const std::string bytes,
         delta::first_commit(table, delta::make_uuid(world_.random), world_.clock.now(), id));
  // A log whose first versions were cleaned away is a table too.
  BL_TRY(const auto names, folder_.list(0));
  if (!names.empty()) return false;
  Patience patience(world_, limits_);
  BL_TRY(const Taken taken, delta::take_version(folder_, 0, bytes, id, patience));
  return taken == Taken::by_us;
}

Result<void> DeltaLog::Impl::check_same(const DeltaTable& table) {
  const auto there = snapshot();
  const DeltaMetadata& metadata = *there->metadata;
  BL_TRY(const std::string wanted, delta_schema_text(table.schema));
  const auto other = [&](std::string_view what) {
    return Error{Code::conflict,
                 fmt::format("another table is there, with other {}: {}", what, folder_.table())};
  };
  BL_TRY(const auto schema, delta_schema(wanted));
  if (!(schema == metadata.schema)) return other("columns");
  if (table.partition_columns != metadata.partition_columns) return other("partition columns");
  for (const auto& [key, value] : table.configuration) {
    if (delta::property(metadata, key, "") != value) return other("properties (" + key + ")");
  }
  return {};
}

// ---- commits ----

DeltaLog::Impl::Group DeltaLog::Impl::take_group() {
  Group group{queue_.front()};
  queue_.pop_front();
  std::set<std::string> apps;
  std::size_t files = 0;
  const auto joins = [&](const Waiting& waiting) {
    const auto* append = std::get_if<const DeltaAppend*>(&waiting.request);
    if (append == nullptr) return false;
    files += (*append)->files.size();
    if (files > limits_.group_files_max) return false;
    const auto& txn = (*append)->transaction;
    return !txn || apps.insert(txn->app_id).second;
  };
  if (!joins(*group[0])) return group;
  while (!queue_.empty() && group.size() < limits_.group_commits_max && joins(*queue_.front())) {
    group.push_back(queue_.front());
    queue_.pop_front();
  }
  return group;
}

Result<DeltaCommitted> DeltaLog::Impl::commit(Request request) {
  Waiting mine{request, std::nullopt};
  std::unique_lock lock(queue_mutex_);
  if (queue_.size() >= limits_.queue_max) {
    counters_.queue_limit.add();
    return Error{
        Code::overloaded,
        fmt::format("too many commits wait for the Delta log, at most {}", limits_.queue_max)};
  }
  queue_.push_back(&mine);
  changed_.wait(lock, [&] { return mine.answer || !turn_taken_; });
  if (!mine.answer) {
    turn_taken_ = true;
    while (!mine.answer) {
      const Group group = take_group();
      lock.unlock();
      Answers answers = commit_group(group);
      lock.lock();
      for (std::size_t i = 0; i < group.size(); ++i) group[i]->answer = std::move(answers[i]);
      checkpoint_due_ = checkpoint_due_ || std::exchange(made_due_, false);
      changed_.notify_all();
    }
    turn_taken_ = false;
    changed_.notify_all();
  }
  const bool due = checkpoint_due_ && !checkpointing_;
  if (due) {
    checkpointing_ = true;
    checkpoint_due_ = false;
  }
  lock.unlock();
  if (due) checkpoint_quietly();
  return *std::move(mine.answer);
}

DeltaLog::Impl::Answers DeltaLog::Impl::commit_group(const Group& group) {
  Answers answers(group.size());
  Patience patience(world_, limits_);
  // Who is slower than we are would never get a version.
  if (std::exchange(met_others_, false)) (void)patience.pause();
  Result<void> done;
  const bool old = world_.clock.steady_now() - looked_at_ >= limits_.trusted_for;
  if (broken_ || old) done = catch_up();
  const auto waits = [](const auto& answer) { return !answer.has_value(); };
  while (done.ok() && std::any_of(answers.begin(), answers.end(), waits)) {
    done = attempt(group, answers, patience);
  }
  for (auto& answer : answers) {
    if (!answer) answer.emplace(done.error());
    if (answer->ok()) {
      ((*answer)->repeated ? counters_.repeated : counters_.commits).add();
    } else {
      const bool unknown = answer->error().code == Code::outcome_unknown;
      (unknown ? counters_.in_doubt : counters_.failures).add();
    }
  }
  return answers;
}

Result<void> DeltaLog::Impl::attempt(const Group& group, Answers& answers, Patience& patience) {
  Plan plan(*state_, world_.clock.now());
  std::vector<std::size_t> planned;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (answers[i]) continue;
    if (!planned.empty() && plan.bytes() > limits_.commit_bytes_max / 2) break;
    auto added =
        std::visit([&](const auto* request) { return plan.add(*request); }, group[i]->request);
    if (!added.ok()) {
      answers[i].emplace(std::move(added).error());
    } else if (added->has_value()) {
      answers[i].emplace(**added);
    } else {
      planned.push_back(i);
    }
  }
  if (plan.empty()) return {};
  const std::string id = delta::make_uuid(world_.random);
  const std::string bytes = plan.text(id);
  if (bytes.size() > limits_.commit_bytes_max) {
    return Error{Code::too_large, fmt::format("a commit has more than {} bytes: {}",
                                              limits_.commit_bytes_max, bytes.size())};
  }
  const DeltaVersion version = state_->version() + 1;
  BL_TRY(const Taken taken, delta::take_version(folder_, version, bytes, id, patience));
  if (taken == Taken::by_others) return after_conflict(patience);
  for (const std::size_t i : planned) answers[i].emplace(DeltaCommitted{version, false});
  made(version, bytes);
  return {};
}

Result<void> DeltaLog::Impl::after_conflict(Patience& patience) {
  counters_.conflicts.add();
  met_others_ = true;
  BL_RETURN_IF_ERROR(catch_up());
  if (patience.pause()) return {};
  if (patience.stopped()) return Error{Code::cancelled, "the program is stopping"};
  counters_.time_limit.add();
  return Error{Code::timeout,
               fmt::format("other writers took every version of the Delta log for {} ms",
                           limits_.commit_time_max.count())};
}

void DeltaLog::Impl::made(DeltaVersion version, const std::string& bytes) {
  counters_.group_commits.add();
  looked_at_ = world_.clock.steady_now();
  if (!apply(version, bytes).ok()) {
    broken_ = true;  // it is made all the same
    return;
  }
  const auto interval =
      delta::number_property(state_->metadata(), "delta.checkpointInterval", k_checkpoint_interval);
  if (interval > 0 && version % interval == 0) made_due_ = true;
}

// ---- checkpoints and cleaning ----

Result<DeltaVersion> DeltaLog::Impl::checkpoint() {
  std::vector<std::string> lines;
  DeltaVersion version = 0;
  std::size_t files = 0;
  BL_TRY(const Timestamp now, folder_.careful_now(world_.clock));
  {
    std::lock_guard lock(state_mutex_);
    const Timestamp since = now - deleted_file_retention(state_->metadata());
    state_->forget_removed(since);
    lines = state_->checkpoint_lines(since);
    version = state_->version();
    files = state_->active();
  }
  auto written = delta::write_checkpoint(world_, folder_, version, lines, files);
  (written.ok() ? counters_.checkpoints : counters_.checkpoint_failures).add();
  if (!written.ok()) return std::move(written).error();
  return version;
}

void DeltaLog::Impl::checkpoint_quietly() {
  Result<void> done;
  if (const auto made = checkpoint(); !made.ok()) {
    done = made.error();
  } else if (delta::flag_property(*snapshot()->metadata, "delta.enableExpiredLogCleanup", true)) {
    if (const auto cleaned = clean_log(); !cleaned.ok()) done = cleaned.error();
  }
  if (!done.ok()) {
    world_.log.warning("delta_checkpoint_failed",
                       {{"table", folder_.table()}, {"error", done.error().message}});
  }
  std::lock_guard lock(queue_mutex_);
  checkpointing_ = false;
}

Result<std::optional<DeltaVersion>> DeltaLog::Impl::cleaning_point(
    const std::vector<LogEntry>& entries, Timestamp before) {
  const auto checkpoints =
      delta::complete_checkpoints(entries, std::numeric_limits<DeltaVersion>::max());
  for (const auto& checkpoint : checkpoints) {
    const bool old = std::all_of(checkpoint.files.begin(), checkpoint.files.end(),
                                 [&](const LogEntry& file) { return file.modified < before; });
    if (!old) continue;
    // Nothing that it stands for goes before it was read.
    State state(folder_.table(), limits_.files_max);
    BL_RETURN_IF_ERROR(delta::read_checkpoint(world_, limits_, folder_, checkpoint, state));
    BL_RETURN_IF_ERROR(state.check_complete());
    return std::optional(checkpoint.version);
  }
  return std::optional<DeltaVersion>();
}

Result<std::uint64_t> DeltaLog::Impl::clean_log() {
  using namespace std::chrono_literals;
  const auto metadata = snapshot()->metadata;
  const auto kept = std::max<std::chrono::microseconds>(
      delta::interval_property(*metadata, "delta.logRetentionDuration", 24h * 30), 1h);
  BL_TRY(const Timestamp now, folder_.careful_now(world_.clock));
  const Timestamp before = now - kept;
  BL_TRY(const auto entries, folder_.list(0));
  BL_TRY(const auto point, cleaning_point(entries, before));
  std::uint64_t removed = 0;
  for (const auto& entry : entries) {
    if (!point || entry.name.version >= *point || removed == limits_.cleanup_objects_max) break;
    if (entry.modified >= before) continue;
    BL_RETURN_IF_ERROR(world_.store.remove(entry.key));
    ++removed;
    counters_.cleaned.add();
  }
  return removed;
}

// ---- the public face ----

DeltaLog::DeltaLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeltaLog::~DeltaLog() = default;

Result<std::unique_ptr<DeltaLog>> DeltaLog::create(DeltaWorld world, const std::string& prefix,
                                                   const DeltaTable& table,
                                                   const DeltaLimits& limits) {
  BL_RETURN_IF_ERROR(world.disk.make_folder(world.scratch));
  auto impl = std::make_unique<Impl>(std::move(world), prefix, limits);
  BL_TRY(const bool ours, impl->make(table));
  BL_RETURN_IF_ERROR(impl->load_newest());
  if (!ours) BL_RETURN_IF_ERROR(impl->check_same(table));
  return std::unique_ptr<DeltaLog>(new DeltaLog(std::move(impl)));
}

Result<std::unique_ptr<DeltaLog>> DeltaLog::open(DeltaWorld world, const std::string& prefix,
                                                 const DeltaLimits& limits) {
  BL_RETURN_IF_ERROR(world.disk.make_folder(world.scratch));
  auto impl = std::make_unique<Impl>(std::move(world), prefix, limits);
  BL_RETURN_IF_ERROR(impl->load_newest());
  return std::unique_ptr<DeltaLog>(new DeltaLog(std::move(impl)));
}

std::shared_ptr<const DeltaSnapshot> DeltaLog::snapshot() const {
  return impl_->snapshot();
}
Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::update() {
  return impl_->update();
}
Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::at_version(DeltaVersion version) {
  return impl_->at_version(version);
}
Result<std::shared_ptr<const DeltaSnapshot>> DeltaLog::at_time(Timestamp time) {
  return impl_->at_time(time);
}
Result<DeltaCommitted> DeltaLog::append(DeltaAppend append) {
  return impl_->commit(&append);
}
Result<DeltaCommitted> DeltaLog::replace(DeltaReplace replace) {
  return impl_->commit(&replace);
}
Result<DeltaCommitted> DeltaLog::evolve(const columns::Schema& wanted,
                                        const std::map<std::string, std::string>& properties) {
  const delta::Evolution evolution{wanted, properties};
  return impl_->commit(&evolution);
}
Result<DeltaVersion> DeltaLog::checkpoint() {
  return impl_->checkpoint();
}
Result<std::uint64_t> DeltaLog::clean_log() {
  return impl_->clean_log();
}
std::vector<DeltaTombstone> DeltaLog::tombstones() const {
  return impl_->tombstones();
}

}  // namespace bl::lake
