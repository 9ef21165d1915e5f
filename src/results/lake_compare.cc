#include "results/lake_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/comparison.h"
#include "results/replica/batch_row.h"
#include "results/replica/facts.h"
#include "results/replica/points.h"
#include "results/replica/sources.h"
#include "results/store/ancestry.h"
#include "results/store_distributions.h"

namespace bl::results {

using replica::Fact;
using replica::Sources;

namespace {

class LakeCommits final : public AncestryCommits {
 public:
  explicit LakeCommits(const Sources& sources) : sources_(sources) {}

  Result<ForkPoint> fork_point(const StoredCommit& commit) override {
    ForkPoint found;
    replica::Where where;
    where.equal("repository", commit.repository);
    where.equal("sha", *commit.fork_point_sha);
    BL_TRY(const columns::Batch batch,
           sources_.select(replica::commits_shape(), "\"timestamp\"", where));
    BL_TRY(const auto times, batch.column(0).as<Timestamp>());
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      found.is_there = true;
      if (const auto time = times.get(i)) found.time = *time;
    }
    return found;
  }

  Result<void> add_branch(const StoredCommit& commit, std::int64_t count_max,
                          std::vector<Ancestor>& into) override {
    replica::Where where;
    where.equal("repository", commit.repository);
    where.equal("branch", *commit.branch);
    where.equal("fork_point_sha", *commit.fork_point_sha);
    where.add("sha <> fork_point_sha");
    return add(std::move(where), *commit.timestamp, count_max, into);
  }

  Result<void> add_default_branch(std::string_view repository, Timestamp until,
                                  std::int64_t count_max, std::vector<Ancestor>& into) override {
    replica::Where where;
    where.equal("repository", std::string(repository));
    where.add("sha = fork_point_sha");
    return add(std::move(where), until, count_max, into);
  }

 private:
  Result<void> add(replica::Where where, Timestamp until, std::int64_t count_max,
                   std::vector<Ancestor>& into) {
    where.between("timestamp", std::nullopt, lake::Bound(until));
    BL_TRY(const columns::Batch batch,
           sources_.select(replica::commits_shape(), "id, sha, \"timestamp\"", where,
                           fmt::format("ORDER BY \"timestamp\" DESC, sha LIMIT {}", count_max)));
    return replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
      into.push_back({std::string(row.text(0)), std::string(row.text(1)), row.integer(2)});
      return {};
    });
  }

  const Sources& sources_;
};

struct Side {
  CompareSide side;
  std::optional<StoredCommit> commit;
};

Result<Side> read_side(const Sources& sources, std::string_view id, std::string_view role,
                       SummaryMode mode) {
  BL_TRY(Fact fact,
         replica::fact_by_id(sources, id, fmt::format("no benchmark result has the {} id ", role)));
  const std::span<const Fact> one(&fact, 1);
  BL_TRY(const auto commits, replica::commits_of(sources, one));
  BL_TRY(const auto summaries, replica::summaries_of(sources, one, mode));
  Side found;
  found.commit = replica::commit_of(commits, fact);
  found.side = {std::move(fact.id),   std::move(fact.run_id), std::move(fact.history_fingerprint),
                std::move(fact.unit), summaries[0],           fact.failed};
  return found;
}

// The results of a series at commits, as they are judged: good ones with a mean.
Result<std::vector<verdict::LookbackRow>> rows_at(const Sources& sources,
                                                  std::string_view fingerprint,
                                                  std::int64_t repository_no,
                                                  std::span<const Ancestor> ancestors,
                                                  SummaryMode mode) {
  std::map<std::string, std::int64_t, std::less<>> times;
  std::vector<std::string> ids;
  for (const Ancestor& one : ancestors) {
    times.emplace(one.commit_id, one.commit_time);
    ids.push_back(one.commit_id);
  }
  const auto [oldest, newest] = std::ranges::minmax(ancestors, {}, &Ancestor::commit_time);
  replica::Where where = replica::of_series(fingerprint, repository_no);
  where.between("commit_timestamp", lake::Bound(Timestamp{oldest.commit_time}),
                lake::Bound(Timestamp{newest.commit_time}));
  where.one_of("commit_id", std::move(ids));
  where.add("NOT failed");
  // A mean that no double holds is one: summary_mean has what samples give where there is none.
  where.add("(mean IS NOT NULL OR summary_mean IS NULL)");
  BL_TRY(const columns::Batch batch,
         sources.select(replica::results_shape(),
                        "result_no, repository_no, fingerprint64, \"month\", \"timestamp\", "
                        "commit_id, unit, \"min\", \"max\", mean, begins_change",
                        where, "ORDER BY result_no"));
  std::vector<Fact> facts;
  std::vector<bool> begins;
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    Fact& fact = facts.emplace_back();
    fact.result_no = row.integer(0);
    fact.repository_no = row.integer(1);
    fact.fingerprint64 = row.integer(2);
    fact.month = row.integer(3);
    fact.timestamp = Timestamp{row.integer(4)};
    fact.commit_id = row.text(5);
    fact.unit = row.text(6);
    fact.min = row.real_or_null(7);
    fact.max = row.real_or_null(8);
    fact.mean = row.real_or_null(9);
    begins.push_back(row.integer(10) != 0);
    return {};
  }));
  BL_TRY(const auto summaries, replica::summaries_of(sources, facts, mode));
  std::vector<verdict::LookbackRow> rows;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!summaries[i].value) continue;
    rows.push_back({times.find(*facts[i].commit_id)->second, facts[i].timestamp.micros,
                    *summaries[i].value, begins[i]});
  }
  return rows;
}

Result<verdict::Distribution> distribution_at(const Sources& sources, const StoredCommit& commit,
                                              std::string_view fingerprint, SummaryMode mode,
                                              int commits) {
  const int count = ancestry_commits(commits);
  LakeCommits of_lake(sources);
  BL_TRY(const Ancestry ancestry, ancestry_of(of_lake, commit, count));
  if (ancestry.commits.empty()) return verdict::Distribution{};
  BL_TRY(const auto place, replica::place_of(sources, fingerprint));
  if (!place || !place->repository_no) return verdict::Distribution{};
  BL_TRY(const auto rows,
         rows_at(sources, fingerprint, *place->repository_no, ancestry.commits, mode));
  if (rows.empty()) return verdict::Distribution{};
  return verdict::distribution(rows, ancestry_window(count));
}

}  // namespace

Result<CompareInput> LakeCompareReader::compare(std::string_view baseline_id,
                                                std::string_view contender_id) {
  CompareInput input;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(Side baseline, read_side(sources, baseline_id, "baseline", mode_));
  BL_TRY(Side contender, read_side(sources, contender_id, "contender", mode_));
  BL_RETURN_IF_ERROR(check_comparable(baseline.side, contender.side));
  if (baseline.commit) {
    BL_TRY(input.distribution, distribution_at(sources, *baseline.commit,
                                               baseline.side.history_fingerprint, mode_, commits_));
  }
  input.baseline = std::move(baseline.side);
  input.contender = std::move(contender.side);
  return input;
}

Result<verdict::Distribution> LakeCompareReader::distribution(std::string_view baseline_id,
                                                              std::string_view fingerprint) {
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(const Side baseline, read_side(sources, baseline_id, "baseline", mode_));
  if (!baseline.commit) return verdict::Distribution{};
  return distribution_at(sources, *baseline.commit, fingerprint, mode_, commits_);
}

}  // namespace bl::results
