#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "events/open_log.h"
#include "lake/journal.h"
#include "lake/object_journal.h"
#include "objects/object_store.h"
#include "objects/world.h"

/// What processes have acknowledged and the table has not yet: each appends to a journal of its
/// own, beside the table. Who comes later takes over what those left that are gone.
namespace bl::events::delta {

/// A record of a journal: the events of one append, each as its length and protobuf.
void append_record(std::string& record, const BuildEvent& event);
/// Errors: corrupt.
Result<std::vector<BuildEvent>> events_of_record(std::string_view record);

/// A journal whose process is gone; nobody else has it while this lives. One thread.
class LeftJournal {
 public:
  virtual ~LeftJournal() = default;
  virtual const std::string& id() const = 0;
  virtual Result<void> read(lake::RecordNo first,
                            const std::function<bool(const lake::JournalRecord&)>& each) = 0;
  /// Records before `no` are in the table.
  virtual Result<void> trim(lake::RecordNo no) = 0;
};

/// The journals of one table. Threads: own() any, the others one at a time.
class Journals {
 public:
  virtual ~Journals() = default;
  /// This process's. It may hold records of a process before.
  virtual lake::Journal& own() = 0;
  /// A key for a record, where the journal finds a lost answer by it; else empty.
  virtual std::string key_of(std::string_view record) const = 0;
  /// What others have left, and nobody has taken.
  virtual Result<std::vector<std::unique_ptr<LeftJournal>>> left() = 0;
  /// Says that we live; to be called every third of k_alive_time.
  virtual Result<void> stay_alive() = 0;
  /// Begins a new one of our own, when the old one was taken from us and all of it is in the table.
  virtual Result<void> renew() = 0;
};
inline constexpr std::chrono::seconds k_alive_time{120};

/// Folders of segments below `folder`, each with a lock; they are used again and again.
Result<std::unique_ptr<Journals>> open_file_journals(const std::string& folder,
                                                     const LogWorld& world);
/// Chains of objects below `prefix`. A chain whose process has not said for k_alive_time that it
/// lives is sealed: should it live, it begins another.
Result<std::unique_ptr<Journals>> open_object_journals(objects::ObjectStore& store,
                                                       const std::string& prefix,
                                                       const lake::ObjectJournalLimits& limits,
                                                       const LogWorld& world, objects::Wait wait);

}  // namespace bl::events::delta
