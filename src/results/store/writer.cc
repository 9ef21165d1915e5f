#include "results/store_writer.h"

#include "results/receipts.h"
#include "results/store/group.h"
#include "results/store/known_dimensions.h"

namespace bl::results {
namespace {

// A fault of one submission's rows, not of the store: the others of its group are free of it.
bool is_of_one(Code code) {
  return code == Code::invalid || code == Code::too_large || code == Code::conflict ||
         code == Code::internal || code == Code::corrupt || code == Code::not_found;
}

// The receipts of what was stored before; that of a new result stands beside its number.
Result<void> add_replays(store::Connection& connection, Timestamp now,
                         std::span<const PreparedSubmission* const> prepared,
                         std::span<const Result<Submitted>> outcomes) {
  std::vector<Receipts::Replay> replays;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].ok() || !outcomes[i]->replayed) continue;
    replays.push_back({*prepared[i]->submitter_no, &prepared[i]->submission, &*outcomes[i]});
  }
  return Receipts::add_replays(connection, now, replays);
}

// What those are told who were to be stored after it: of them nothing was.
Error not_tried(const Error& before) {
  if (before.code != Code::outcome_unknown) return before;
  return Error{Code::unavailable, "not stored, because the store went away before it"};
}

}  // namespace

WriterLimits writer_limits(store::Dialect dialect) {
  WriterLimits limits;
  if (dialect == store::Dialect::sqlite) return limits;
  limits.group_max = 250;
  limits.groups_max = 3;
  limits.beside_min = 6;
  limits.halved_min = 12;
  limits.gather_us_max = 1'000;
  return limits;
}

struct StoreResultWriter::Caller {
  std::condition_variable changed;
  bool is_single = false;  // it may come back as soon as it is answered
};

struct StoreResultWriter::Entry {
  explicit Entry(const Submission& of) : submission(of) {}
  void prepare(const HardwareKeys& keys) {
    if (!prepared) prepared.emplace(submission, keys);
  }
  const Submission& submission;
  std::optional<PreparedSubmission> prepared;
  Caller* caller = nullptr;  // who waits for it
  Result<Submitted> outcome = Error{Code::internal, "a submission was not stored"};
  bool done = false;  // guarded by the writer's mutex
};

StoreResultWriter::StoreResultWriter(store::Database& database, IdSource& ids, const Clock& clock,
                                     const WriterLimits& limits, Receipts* receipts,
                                     HardwareKeys keys)
    : database_(database),
      ids_(ids),
      clock_(clock),
      limits_(limits),
      receipts_(receipts),
      keys_(std::move(keys)),
      known_(std::make_unique<KnownDimensions>(limits.dimensions_max)) {}

StoreResultWriter::~StoreResultWriter() = default;

Result<Submitted> StoreResultWriter::submit(const Submission& submission) {
  Entry entry(submission);
  entry.prepare(keys_);  // on this thread: others do the same meanwhile
  run(std::span(&entry, 1));
  return std::move(entry.outcome);
}

std::vector<Result<Submitted>> StoreResultWriter::submit_many(
    std::span<const Submission> submissions) {
  std::vector<Entry> entries(submissions.begin(), submissions.end());
  run(entries);
  std::vector<Result<Submitted>> outcomes;
  outcomes.reserve(entries.size());
  for (Entry& entry : entries) outcomes.push_back(std::move(entry.outcome));
  return outcomes;
}

void StoreResultWriter::run(std::span<Entry> entries) {
  if (entries.empty()) return;
  std::unique_lock lock(mutex_);
  if (waiting_.size() + entries.size() > limits_.waiting_max) {
    for (Entry& entry : entries) {
      entry.outcome = Error{Code::overloaded, "too many submissions wait to be stored: " +
                                                  std::to_string(waiting_.size())};
    }
    return;
  }
  Caller caller;
  caller.is_single = entries.size() == 1;
  for (Entry& entry : entries) {
    entry.caller = &caller;
    waiting_.push_back(&entry);
  }
  if (caller.is_single && expected_ > 0) --expected_;
  if (gatherer_ != nullptr && is_gathered()) gatherer_->changed.notify_all();
  const auto all_done = [&] {
    return std::ranges::all_of(entries, [](const Entry& entry) { return entry.done; });
  };
  lock.unlock();
  // More than one transaction's worth: other hands fill the next ones meanwhile.
  std::vector<std::jthread> others;
  const std::size_t groups = (entries.size() + limits_.group_max - 1) / limits_.group_max;
  while (others.size() + 1 < std::min(groups, limits_.groups_max)) {
    others.emplace_back([&] { work_until(all_done, caller); });
  }
  work_until(all_done, caller);
  others.clear();
}

void StoreResultWriter::work_until(const std::function<bool()>& done, Caller& caller) {
  Lock lock(mutex_);
  while (!done()) {
    if (!may_take()) {
      caller.changed.wait(lock);
      continue;
    }
    gather(lock, caller);
    const Group group = take_group();
    ++groups_;
    wake_one();
    lock.unlock();
    store(group);
    lock.lock();
    --groups_;
    answer(group);
    wake_one();
  }
  // What this caller leaves behind must not sleep on.
  wake_one();
}

bool StoreResultWriter::may_take() const {
  if (waiting_.empty() || gatherer_ != nullptr || groups_ >= limits_.groups_max) return false;
  return groups_ == 0 || waiting_.size() >= limits_.beside_min;
}

bool StoreResultWriter::is_gathered() const {
  return expected_ == 0 || waiting_.size() >= limits_.group_max;
}

void StoreResultWriter::gather(Lock& lock, Caller& caller) {
  if (is_gathered()) return;
  gatherer_ = &caller;
  caller.changed.wait_until(lock, expected_until_, [&] { return is_gathered(); });
  gatherer_ = nullptr;
  expected_ = 0;
}

void StoreResultWriter::answer(const Group& group) {
  std::size_t singles = 0;
  for (Entry* entry : group) {
    entry->done = true;
    if (entry->caller->is_single) ++singles;
    entry->caller->changed.notify_all();
  }
  const bool is_alone = singles + waiting_.size() < 2;
  if (is_alone || limits_.gather_us_max == 0 || gatherer_ != nullptr) return;
  expected_ = singles;
  expected_until_ =
      std::chrono::steady_clock::now() + std::chrono::microseconds(limits_.gather_us_max);
}

// One of those that wait works off what waits.
void StoreResultWriter::wake_one() {
  if (may_take()) waiting_.front()->caller->changed.notify_all();
}

StoreResultWriter::Group StoreResultWriter::take_group() {
  const auto is_single = [](const Entry* entry) { return entry->caller->is_single; };
  // Each of them brings a thread that may take the other half.
  const bool is_halved = groups_ == 0 && limits_.halved_min > 0 &&
                         waiting_.size() >= limits_.halved_min &&
                         std::ranges::all_of(waiting_, is_single);
  const std::size_t share = is_halved ? (waiting_.size() + 1) / 2 : waiting_.size();
  const std::size_t size = std::min(share, limits_.group_max);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(size);
  Group group(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return group;
}

void StoreResultWriter::store(const Group& group) {
  auto stored = store_once(group);
  if (stored.ok()) return;
  if (group.size() > 1 && is_of_one(stored.error().code)) return store_alone(group);
  for (Entry* entry : group) entry->outcome = stored.error();
}

void StoreResultWriter::store_alone(const Group& group) {
  std::optional<Error> away;  // the store's own fault: the rest of the group would wait for it too
  for (Entry* entry : group) {
    if (away) {
      entry->outcome = *away;
      continue;
    }
    const Group one{entry};
    auto stored = store_once(one);
    if (stored.ok()) continue;
    if (!is_of_one(stored.error().code)) away = not_tried(stored.error());
    entry->outcome = std::move(stored).error();
  }
}

Result<void> StoreResultWriter::store_once(const Group& group) {
  std::vector<const PreparedSubmission*> prepared;
  prepared.reserve(group.size());
  for (Entry* entry : group) {
    entry->prepare(keys_);  // of many: while the group before this one is stored
    prepared.push_back(&*entry->prepared);
  }
  for (Entry* entry : group) {
    if (receipts_ == nullptr) break;
    BL_TRY(entry->prepared->submitter_no, receipts_->submitter_number(entry->submission.submitter));
  }
  std::vector<const PreparedDimensions*> dimensions;
  dimensions.reserve(group.size());
  for (const auto* one : prepared) dimensions.push_back(&one->dimensions);
  DimensionRows rows;
  std::vector<Result<Submitted>> outcomes;
  const auto write = [&](const DimensionRows& known) {
    return database_.write([&](store::Connection& connection) -> Result<void> {
      const Timestamp now = clock_.now();
      rows = known;
      BL_RETURN_IF_ERROR(store_group(connection, ids_, now, prepared, rows, outcomes));
      if (receipts_ == nullptr) return {};
      return add_replays(connection, now, prepared, outcomes);
    });
  };
  DimensionRows known = rows_of(dimensions);
  const bool is_any_known = known_->find(known);
  auto stored = write(known);
  if (is_any_known && !stored.ok() && stored.error().code == Code::conflict) {
    known_->forget();  // one may be gone
    stored = write(rows_of(dimensions));
  }
  BL_RETURN_IF_ERROR(stored);
  known_->keep(rows);
  for (std::size_t i = 0; i < group.size(); ++i) group[i]->outcome = std::move(outcomes[i]);
  return {};
}

}  // namespace bl::results
