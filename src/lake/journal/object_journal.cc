#include "lake/object_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/hash.h"
#include "lake/journal/certain_put.h"
#include "lake/journal/chain.h"
#include "lake/journal/group_commit.h"
#include "lake/journal/keys.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_sealed = "the journal was sealed";
constexpr int k_later_attempts_max = 2;  // of a later group, for an earlier one's put

// A group whose put nobody knows the outcome of.
struct PendingGroup {
  std::string object;
  Timestamp at;
  std::uint32_t records = 0;
  std::vector<std::pair<std::string, JournalKeys::Known>> keys;
};

class ObjectJournal final : public Journal, private GroupTarget {
 public:
  ObjectJournal(objects::ObjectStore& store, std::string prefix, const JournalId& id,
                const ObjectJournalLimits& limits, const ObjectJournalWorld& world,
                EarlierKeys earlier)
      : store_(store),
        prefix_(std::move(prefix)),
        id_(id),
        id_text_(to_hex(id)),
        limits_(limits),
        world_(world),
        metrics_(world.metrics),
        commit_(*this, limits_.journal, world_.clock, metrics_),
        earlier_(std::move(earlier)) {
    show_sizes();
  }

  Result<Ack> append(std::string_view payload, std::string_view key) override {
    return commit_.append(id_, payload, key);
  }
  Result<void> read(RecordNo first, const std::function<bool(const JournalRecord&)>& each) override;
  Result<void> trim(RecordNo no) override;
  RecordNo first() const override {
    const std::lock_guard lock(mutex_);
    return groups_.empty() ? 1 : groups_.front().first;
  }
  RecordNo next() const override {
    const std::lock_guard lock(mutex_);
    return next_;
  }
  const std::string& id() const override { return id_text_; }

 private:
  // A group that is durable.
  struct Group {
    std::uint64_t ordinal;
    RecordNo first, next;
  };
  // Of the trimmed records' keys.
  struct KeysWritten {
    KeysObject object;
    std::size_t count = 0;
  };

  Result<RecordNo> prepare(Timestamp at) override;
  std::optional<KnownRecord> find(std::string_view key) const override;
  Result<void> write(const NewGroup& group) override;

  Result<void> settle_pending();
  Result<void> put(PendingGroup group, bool in_doubt, int attempts_max);
  void take(const PendingGroup& group);
  Error sealed_error() const;
  std::string key_of(std::uint64_t ordinal) const { return object_key(prefix_, id_text_, ordinal); }
  void forget_keys(Timestamp now);
  Result<std::optional<std::string>> write_keys(const KeysObject& trimmed);
  void show_sizes();

  objects::ObjectStore& store_;
  const std::string prefix_;
  const JournalId id_;
  const std::string id_text_;
  const ObjectJournalLimits limits_;
  const ObjectJournalWorld world_;
  JournalMetrics metrics_;
  GroupCommit commit_;

  JournalKeys keys_;                     // guarded by writing()
  EarlierKeys earlier_;                  // guarded by writing()
  std::optional<PendingGroup> pending_;  // guarded by writing()
  bool is_sealed_ = false;               // guarded by writing()
  std::uint64_t next_ordinal_ = 1;       // guarded by writing()

  std::mutex trim_mutex_;
  std::optional<KeysWritten> newest_keys_;  // guarded by trim_mutex_

  mutable std::mutex mutex_;   // taken after the others
  std::vector<Group> groups_;  // guarded by mutex_
  RecordNo next_ = 1;          // guarded by mutex_; changed under writing() only
};

// Appending ----------------------------------------------------------------------------------

Result<RecordNo> ObjectJournal::prepare(Timestamp at) {
  forget_keys(at);
  if (pending_) BL_RETURN_IF_ERROR(settle_pending());
  if (is_sealed_) return sealed_error();
  return next_;
}

std::optional<KnownRecord> ObjectJournal::find(std::string_view key) const {
  if (const JournalKeys::Known* known = keys_.find(key)) {
    return KnownRecord{known->no, known->payload_sum, {}};
  }
  if (const auto known = earlier_.find(key)) {
    return KnownRecord{known->record.no, known->record.payload_sum, *known->journal};
  }
  return std::nullopt;
}

Result<void> ObjectJournal::write(const NewGroup& group) {
  PendingGroup pending{encode_object_header(id_, next_ordinal_, group.at).append(group.bytes),
                       group.at,
                       group.records,
                       {}};
  pending.keys.reserve(group.keys.size());
  for (const auto& [key, record] : group.keys) {
    pending.keys.emplace_back(key, JournalKeys::Known{record.no, record.payload_sum});
  }
  auto written = put(std::move(pending), false, limits_.put_attempts_max);
  if (pending_) metrics_.unknown.add();
  return written;
}

// Its writers have been told that nobody knows: who comes now waits for it, and is not stored when
// it cannot be settled.
Result<void> ObjectJournal::settle_pending() {
  PendingGroup group = std::move(*pending_);
  pending_.reset();
  auto settled = put(std::move(group), true, k_later_attempts_max);
  if (settled.ok() || !pending_) return settled;
  return Error{Code::unavailable,
               "the journal takes nothing until the outcome of an earlier group is known: " +
                   settled.error().message};
}

// After `outcome_unknown` the group is pending_.
Result<void> ObjectJournal::put(PendingGroup group, bool in_doubt, int attempts_max) {
  const PutOutcome outcome = put_certainly(store_, key_of(next_ordinal_), group.object, in_doubt,
                                           attempts_max, limits_, world_.wait);
  switch (outcome.kind) {
    case PutOutcome::Kind::made:
      take(group);
      return {};
    case PutOutcome::Kind::taken:
      is_sealed_ = true;
      metrics_.seals.add();
      world_.log.warning("a journal was sealed by another process",
                         {{"journal", id_text_}, {"object", key_of(next_ordinal_)}});
      return sealed_error();
    case PutOutcome::Kind::failed:
      return outcome.error;
    case PutOutcome::Kind::unknown:
      break;
  }
  pending_ = std::move(group);
  return Error{Code::outcome_unknown, outcome.error.message};
}

void ObjectJournal::take(const PendingGroup& group) {
  {
    const std::lock_guard lock(mutex_);
    groups_.push_back({next_ordinal_, next_, next_ + group.records});
    next_ += group.records;
  }
  ++next_ordinal_;
  for (const auto& [key, known] : group.keys) keys_.add(key, group.at, known);
  show_sizes();
}

Error ObjectJournal::sealed_error() const {
  return Error{Code::conflict, fmt::format("{}, another process has taken over: {}", k_sealed,
                                           key_of(next_ordinal_))};
}

void ObjectJournal::forget_keys(Timestamp now) {
  const Timestamp before = now - std::chrono::seconds(limits_.journal.keys_seconds_min);
  const std::size_t count_min = limits_.journal.keys_min;
  earlier_.forget(count_min > keys_.size() ? count_min - keys_.size() : 0, before);
  keys_.forget(count_min, before);
}

void ObjectJournal::show_sizes() {
  metrics_.keys.set(static_cast<double>(keys_.size() + earlier_.size()));
  const std::lock_guard lock(mutex_);
  metrics_.segments.set(static_cast<double>(groups_.size()));
}

// Trimming -----------------------------------------------------------------------------------

// The last group stays: it tells who seals the chain where it ends.
Result<void> ObjectJournal::trim(RecordNo no) {
  const std::lock_guard trimming(trim_mutex_);
  std::vector<Group> gone;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i + 1 < groups_.size() && groups_[i].next <= no; ++i) {
      gone.push_back(groups_[i]);
    }
  }
  if (!gone.empty()) {
    KeysObject trimmed;
    trimmed.first = gone.front().first;
    trimmed.next = gone.back().next;
    trimmed.ordinal = gone.back().ordinal + 1;
    BL_TRY(const auto replaced, write_keys(trimmed));
    for (const Group& group : gone) {
      BL_RETURN_IF_ERROR(store_.remove(key_of(group.ordinal)));
      const std::lock_guard lock(mutex_);
      groups_.erase(groups_.begin());
    }
    if (replaced) BL_RETURN_IF_ERROR(store_.remove(*replaced));
    const std::lock_guard writing(commit_.writing());
    show_sizes();
  }
  return sweep_chains(store_, prefix_, limits_, world_.clock);
}

// Gives the key of the object that is not needed any more: a small one is replaced by one with its
// keys.
Result<std::optional<std::string>> ObjectJournal::write_keys(const KeysObject& trimmed) {
  KeysWritten written{trimmed, 0};
  std::string bytes;
  bool replaces = false;
  {
    const std::lock_guard writing(commit_.writing());
    forget_keys(world_.clock.now());
    KeysObject& object = written.object;
    written.count = keys_.count(object.first, object.next);
    replaces = newest_keys_ && newest_keys_->count + written.count <= limits_.keys_per_object_max;
    if (replaces) {
      object.first = newest_keys_->object.first;
      written.count = keys_.count(object.first, object.next);
    }
    bytes = keys_.encode(id_, object.first, object.next);
  }
  written.object.key = keys_object_key(prefix_, id_text_, written.object, world_.random.next_u64());
  BL_RETURN_IF_ERROR(store_.put_if_absent(written.object.key, bytes));
  const auto former = std::exchange(newest_keys_, std::move(written));
  return replaces ? std::optional(former->object.key) : std::nullopt;
}

// Reading ------------------------------------------------------------------------------------

Result<void> ObjectJournal::read(RecordNo first,
                                 const std::function<bool(const JournalRecord&)>& each) {
  std::vector<Group> groups;
  {
    const std::lock_guard lock(mutex_);
    if (!groups_.empty() && first < groups_.front().first) {
      return Error{Code::not_found, fmt::format("the journal begins at record {}, behind {}",
                                                groups_.front().first, first)};
    }
    const auto begin = std::ranges::upper_bound(groups_, first, {}, &Group::next);
    groups.assign(begin, groups_.end());
  }
  for (const Group& group : groups) {
    BL_TRY(const auto read, read_object(store_, id_, group.ordinal, key_of(group.ordinal)));
    const auto& records = read->group.records;
    if (read->group.first != group.first || group.first + records.size() != group.next) {
      return Error{Code::corrupt, "an object of a journal has other records than were written: " +
                                      key_of(group.ordinal)};
    }
    for (const JournalRecord& record : records) {
      if (record.no >= first && !each(record)) return {};
    }
  }
  return {};
}

// Opening ------------------------------------------------------------------------------------

Result<EarlierKeys> read_listed_keys(objects::ObjectStore& store, const std::string& prefix,
                                     const ObjectJournalLimits& limits) {
  BL_TRY(const auto chains, list_chains(store, prefix, limits.list_objects_max));
  std::uint64_t bytes = 0;
  std::size_t objects = 0;
  for (const Chain& chain : chains) {
    for (const ChainObject& object : chain.objects) bytes += object.bytes;
    for (const KeysObject& object : chain.keys) bytes += object.bytes;
    objects += chain.objects.size() + chain.keys.size();
  }
  if (objects > limits.open_objects_max || bytes > limits.open_bytes_max) {
    return Error{
        Code::too_large,
        fmt::format("the journals of earlier processes hold {} objects with {} bytes, at "
                    "most {} with {} are read for their keys; bring their records into "
                    "files and trim them: {}",
                    objects, bytes, limits.open_objects_max, limits.open_bytes_max, prefix)};
  }
  std::vector<std::pair<std::string, JournalKeys>> keys;
  for (const Chain& chain : chains) {
    BL_TRY(JournalKeys of_chain, read_chain_keys(store, chain));
    if (of_chain.size() > 0) keys.emplace_back(chain.id, std::move(of_chain));
  }
  return EarlierKeys(std::move(keys));
}

// What was listed may be trimmed when it is read: its keys stand elsewhere then.
Result<EarlierKeys> read_earlier_keys(objects::ObjectStore& store, const std::string& prefix,
                                      const ObjectJournalLimits& limits) {
  auto keys = read_listed_keys(store, prefix, limits);
  for (int attempt = 1; attempt < limits.open_attempts_max; ++attempt) {
    if (keys.ok() || keys.error().code != Code::not_found) break;
    keys = read_listed_keys(store, prefix, limits);
  }
  return keys;
}

}  // namespace

Result<std::unique_ptr<Journal>> open_object_journal(objects::ObjectStore& store,
                                                     const std::string& prefix,
                                                     const ObjectJournalLimits& limits,
                                                     ObjectJournalWorld world) {
  BL_TRY(EarlierKeys earlier, read_earlier_keys(store, prefix, limits));
  JournalId id;
  world.random.fill(id);
  return std::unique_ptr<Journal>(
      std::make_unique<ObjectJournal>(store, prefix, id, limits, world, std::move(earlier)));
}

bool is_sealed(const Error& error) {
  return error.code == Code::conflict && error.message.starts_with(k_sealed);
}

Result<std::vector<std::string>> list_object_journals(objects::ObjectStore& store,
                                                      const std::string& prefix) {
  std::vector<std::string> ids;
  objects::ListRequest request{prefix + "/", {}, 1};
  while (true) {
    BL_TRY(const objects::Listing page, store.list(request));
    if (page.objects.empty() && !page.next) return ids;
    if (page.objects.empty()) {
      request.after = *page.next;
      continue;
    }
    const std::string& key = page.objects.front().key;
    const std::size_t slash = key.find('/', request.prefix.size());
    const std::string id = key.substr(request.prefix.size(), slash - request.prefix.size());
    const bool is_chain = slash != std::string::npos && parse_journal_id(id).has_value();
    if (is_chain) ids.push_back(id);
    // Behind all keys of the chain: '0' comes after '/'.
    request.after = is_chain ? request.prefix + id + "0" : key;
  }
}

Result<ChainEnd> read_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                     const std::string& id, RecordNo first,
                                     const std::function<bool(const JournalRecord&)>& each,
                                     const ObjectJournalLimits& limits) {
  BL_TRY(const Chain chain, list_chain(store, prefix, id, limits.list_objects_max));
  return read_chain(store, chain, first, [&](const ObjectGroup& group) {
    return std::ranges::all_of(group.records, [&](const JournalRecord& record) {
      return record.no < first || each(record);
    });
  });
}

}  // namespace bl::lake
