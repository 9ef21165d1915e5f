#include "lake/delta/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lake/delta/checkpoint.h"
#include "lake/delta/protocol.h"

namespace bl::lake::delta {
namespace {

constexpr std::size_t k_commits_at_a_time = 64;
constexpr int k_loads_max = 3;  // a cleaner may take away what was listed

struct Commits {
  std::vector<LogEntry> entries;  ///< in order of versions
  DeltaVersion newest = -1;       ///< of commits and checkpoints
};

Commits commits_of(const std::vector<LogEntry>& entries) {
  Commits out;
  for (const auto& entry : entries) {
    if (entry.name.kind == NameKind::commit) out.entries.push_back(entry);
  }
  if (!out.entries.empty()) out.newest = out.entries.back().name.version;
  return out;
}

/// One attempt to load, from one look at the folder.
class Load {
 public:
  Load(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
       std::optional<DeltaVersion> wanted)
      : world_(world), limits_(limits), folder_(folder), wanted_(wanted) {}

  Result<State> run(bool trust_hint) {
    BL_RETURN_IF_ERROR(look(trust_hint));
    if (target_ < 0) {
      return Error{Code::not_found, "there is no Delta table here: " + folder_.table()};
    }
    if (wanted_ && *wanted_ > target_) {
      return Error{Code::not_found,
                   fmt::format("the table's newest version is {}, not yet: {}", target_, *wanted_)};
    }
    if (wanted_) target_ = *wanted_;
    for (const auto& checkpoint : complete_checkpoints(entries_, target_)) {
      State state(folder_.table(), limits_.files_max);
      auto read = read_checkpoint(world_, limits_, folder_, checkpoint, state);
      if (read.ok()) return finish(std::move(state), checkpoint.version);
      if (!may_fall_back(read.error())) return std::move(read).error();
      damage_ = std::move(read).error().with_context("the checkpoint of version " +
                                                     std::to_string(checkpoint.version));
    }
    if (from_ > 0) {  // older checkpoints and commits were not looked at
      return run(false);
    }
    return finish(State(folder_.table(), limits_.files_max), -1);
  }

 private:
  Result<void> look(bool trust_hint) {
    from_ = 0;
    if (trust_hint) {
      BL_TRY(const auto hint, folder_.hint());
      if (hint && (!wanted_ || *hint <= *wanted_)) from_ = *hint;
    }
    BL_TRY(entries_, folder_.list(from_));
    commits_ = commits_of(entries_);
    target_ = commits_.newest;
    // A table whose commits are all gone, but for a checkpoint.
    const auto checkpoints =
        complete_checkpoints(entries_, std::numeric_limits<DeltaVersion>::max());
    if (!checkpoints.empty()) target_ = std::max(target_, checkpoints[0].version);
    if (checkpoints.empty() && from_ > 0) return look(false);
    return {};
  }

  static bool may_fall_back(const Error& error) {
    return error.code == Code::not_found || error.code == Code::corrupt ||
           error.code == Code::malformed || error.code == Code::invalid;
  }

  /// The commits behind a state.
  Result<State> finish(State state, DeltaVersion have) {
    if (have >= 0) BL_RETURN_IF_ERROR(state.check_complete());
    if (static_cast<std::size_t>(target_ - have) > limits_.tail_commits_max) {
      return Error{Code::too_large, fmt::format("a log has too many commits behind its checkpoint, "
                                                "at most {}: {}",
                                                limits_.tail_commits_max, target_ - have)};
    }
    BL_RETURN_IF_ERROR(check_no_gap(have + 1));
    const ParseContext context{folder_.table(), limits_.text_bytes_max};
    for (DeltaVersion next = have + 1; next <= target_;) {
      std::vector<DeltaVersion> versions;
      while (next <= target_ && versions.size() < k_commits_at_a_time) versions.push_back(next++);
      BL_TRY(const auto texts, folder_.commits(versions));
      for (std::size_t i = 0; i < texts.size(); ++i) {
        auto actions = parse_commit(texts[i], context);
        if (!actions.ok()) return in_commit(std::move(actions).error(), versions[i]);
        auto applied = state.apply(versions[i], std::move(actions).value());
        if (!applied.ok()) return in_commit(std::move(applied).error(), versions[i]);
      }
    }
    BL_RETURN_IF_ERROR(state.check());
    return state;
  }

  Result<void> check_no_gap(DeltaVersion next) const {
    for (const auto& entry : commits_.entries) {
      if (entry.name.version < next) continue;
      if (entry.name.version > target_) break;
      if (entry.name.version != next) break;
      ++next;
    }
    if (next > target_) return {};
    if (damage_) return *damage_;
    return Error{Code::corrupt,
                 fmt::format("the log has no version {}, though it has version {}", next, target_)};
  }

  const DeltaWorld& world_;
  const DeltaLimits& limits_;
  LogFolder& folder_;
  const std::optional<DeltaVersion> wanted_;
  std::vector<LogEntry> entries_;
  Commits commits_;
  DeltaVersion from_ = 0;
  DeltaVersion target_ = -1;
  std::optional<Error> damage_;
};

/// Times of commits as readers see them: each later than the one before.
std::vector<std::pair<DeltaVersion, Timestamp>> commit_times(const std::vector<LogEntry>& entries) {
  std::vector<std::pair<DeltaVersion, Timestamp>> out;
  for (const auto& entry : entries) {
    if (entry.name.kind != NameKind::commit) continue;
    Timestamp at = entry.modified;
    if (!out.empty()) at = std::max(at, out.back().second + std::chrono::milliseconds(1));
    out.emplace_back(entry.name.version, at);
  }
  return out;
}

Result<std::optional<Timestamp>> in_commit_time(LogFolder& folder, DeltaVersion version,
                                                const ParseContext& context) {
  BL_TRY(const auto bytes, folder.commit(version));
  if (!bytes) return std::optional<Timestamp>();
  const std::string_view line = std::string_view(*bytes).substr(0, bytes->find('\n'));
  BL_TRY(const auto action, parse_action(line, context));
  const auto* info = action ? std::get_if<CommitInfo>(&*action) : nullptr;
  if (info == nullptr || !info->in_commit_ms) {
    return Error{Code::corrupt, "a commit does not begin with its time: " + commit_name(version)};
  }
  return std::optional(Timestamp::from_millis(*info->in_commit_ms));
}

}  // namespace

Error in_commit(Error error, DeltaVersion version) {
  return std::move(error).with_context(commit_name(version));
}

Result<State> load(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
                   std::optional<DeltaVersion> version) {
  for (int attempt = 1;; ++attempt) {
    Load one(world, limits, folder, version);
    auto state = one.run(attempt == 1);
    if (state.ok() || state.error().code != Code::not_found || attempt == k_loads_max) return state;
    // Nothing there, or not yet: looking again finds the same.
    BL_TRY(const auto names, folder.list(0));
    const auto commits = commits_of(names);
    const bool empty = commits.entries.empty();
    if (empty || (version && *version > commits.newest)) return state;
  }
}

Result<DeltaVersion> version_at(LogFolder& folder, const DeltaMetadata& newest, Timestamp time,
                                const ParseContext& context) {
  BL_TRY(const auto entries, folder.list(0));
  auto times = commit_times(entries);
  const bool own = flag_property(newest, "delta.enableInCommitTimestamps", false);
  const DeltaVersion since = number_property(newest, "delta.inCommitTimestampEnablementVersion", 0);
  // From `since` on, the log says its times itself; they ascend too.
  const auto first_own = own ? std::find_if(times.begin(), times.end(),
                                            [&](const auto& t) { return t.first >= since; })
                             : times.end();
  std::optional<DeltaVersion> found;
  std::size_t low = static_cast<std::size_t>(first_own - times.begin()), high = times.size();
  const std::size_t own_from = low;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    BL_TRY(const auto at, in_commit_time(folder, times[middle].first, context));
    if (at && *at <= time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low > own_from) return times[low - 1].first;
  for (std::size_t i = 0; i < own_from && times[i].second <= time; ++i) found = times[i].first;
  if (found) return *found;
  return Error{Code::not_found, "the table has no version of that time: " + to_rfc3339(time)};
}

}  // namespace bl::lake::delta
