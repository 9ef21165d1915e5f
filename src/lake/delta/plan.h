#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "lake/delta/state.h"
#include "lake/delta_log.h"

/// What one commit will say, checked against the newest state (spec/events-delta.md 2.12). After a
/// conflict a new plan is made from what is there then. Pure. One thread.
namespace bl::lake::delta {

struct Evolution {
  columns::Schema wanted;
  std::map<std::string, std::string> properties;
};

class Plan {
 public:
  Plan(const State& state, Timestamp now) : state_(state), now_(now) {}

  /// nullopt: it is in the plan. Else the answer, without a commit. After an error nothing of the
  /// request is in the plan. Errors: as DeltaLog.
  Result<std::optional<DeltaCommitted>> add(const DeltaAppend& append);
  Result<std::optional<DeltaCommitted>> add(const DeltaReplace& replace);
  Result<std::optional<DeltaCommitted>> add(const Evolution& evolution);

  bool empty() const { return requests_ == 0; }
  std::size_t bytes() const { return lines_.size(); }
  /// The commit; `id` is its own for ever.
  std::string text(const std::string& id) const;

 private:
  Result<void> check_add(const DeltaFile& file, std::set<std::string>& paths) const;
  Result<std::vector<DeltaTombstone>> removals(const DeltaReplace& replace) const;
  bool is_repeated(const std::optional<DeltaTransaction>& transaction) const;
  void write(const std::optional<DeltaTransaction>& transaction,
             const std::vector<DeltaFile>& files, bool data_change);
  void note(const DeltaNote& note);

  const State& state_;
  const Timestamp now_;
  std::string lines_;
  std::size_t requests_ = 0;
  std::set<std::string> paths_;  // that this commit adds
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
  bool blind_ = true;
  DeltaNote note_;
};

/// The first commit of a table. Errors: invalid, unsupported (the schema).
Result<std::string> first_commit(const DeltaTable& table, const std::string& table_id,
                                 Timestamp now, const std::string& id);

/// By chance, in UUID's form (version 4).
std::string make_uuid(Random& random);

}  // namespace bl::lake::delta
