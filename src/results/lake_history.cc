#include "results/lake_history.h"

#include "results/replica/batch_row.h"
#include "results/replica/facts.h"
#include "results/replica/id_order.h"
#include "results/replica/points.h"
#include "results/replica/sources.h"

namespace bl::results {

using replica::Sources;

namespace {

// Most points of a series share a few infos: each is read once.
Result<void> read_infos_of(const Sources& sources, History& history) {
  ById<json::Value> infos;
  for (const HistoryPoint& point : history.points) infos.try_emplace(std::string(point.info_id));
  BL_RETURN_IF_ERROR(replica::read_infos(sources, infos));
  for (const auto& [id, tags] : infos) {
    history.infos.emplace(id, tags.is_null() ? "" : json::to_stored_text(tags));
  }
  return {};
}

}  // namespace

Result<History> LakeHistoryReader::history(std::string_view fingerprint) {
  History history;
  history.fingerprint = fingerprint;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(auto place, replica::place_of(sources, fingerprint));
  if (!place) {
    return Error{Code::not_found, "no series has the fingerprint " + std::string(fingerprint)};
  }
  history.repository = std::move(place->repository);
  history.hardware_hash = std::move(place->hardware_hash);
  if (!place->repository_no) return history;
  BL_TRY(const auto points, replica::read_points(sources, fingerprint, *place->repository_no,
                                                 {of_, mode_}, history.texts));
  std::vector<verdict::LookbackRow> rows;
  history.points.reserve(points.size());
  rows.reserve(points.size());
  for (const replica::Point& one : points) {
    history.points.push_back(one.point);
    rows.push_back({one.point.commit_timestamp.micros, one.point.result_timestamp.micros,
                    *one.point.summary.value, one.begins_change});
  }
  const auto stats = verdict::lookback(rows, {.commits = commits_});
  for (std::size_t i = 0; i < stats.size(); ++i) history.points[i].lookback = stats[i];
  BL_RETURN_IF_ERROR(read_infos_of(sources, history));
  return history;
}

Result<HistoryDetails> LakeHistoryReader::details(std::string_view fingerprint) {
  HistoryDetails details;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(const auto place, replica::place_of(sources, fingerprint));
  if (!place || !place->repository_no) return details;
  replica::Where where = replica::of_series(fingerprint, *place->repository_no);
  where.add(of_ == store::Dialect::sqlite ? "NOT failed AND commit_timestamp IS NOT NULL"
                                          : "NOT has_error");
  BL_TRY(const columns::Batch batch,
         sources.select(replica::results_shape(),
                        "result_no, " + std::string(replica::k_id_text) +
                            ", case_id, context_id, commit_id, repository_no, fingerprint64, "
                            "\"month\"",
                        where));
  std::vector<replica::Fact> facts;
  replica::Commits commits;
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    replica::Fact& fact = facts.emplace_back();
    fact.result_no = row.integer(0);
    fact.id = row.text(1);
    fact.case_id = row.text(2);
    fact.context_id = row.text(3);
    fact.commit_id = row.text_or_null(4);
    fact.repository_no = row.integer(5);
    fact.fingerprint64 = row.integer(6);
    fact.month = row.integer(7);
    if (fact.commit_id) commits.try_emplace(*fact.commit_id);
    return {};
  }));
  if (of_ == store::Dialect::sqlite) {
    BL_RETURN_IF_ERROR(replica::read_commits(sources, commits));
    std::erase_if(facts, [&](const replica::Fact& fact) {
      const auto commit = replica::commit_of(commits, fact);
      return !commit || !commit->on_default_branch();
    });
  }
  if (facts.empty()) return details;
  std::vector<const replica::Fact*> wanted;
  for (const replica::Fact& fact : facts) wanted.push_back(&fact);
  BL_TRY(const columns::Batch rows, replica::samples_of(sources, wanted, "times"));
  std::map<std::int64_t, std::string> times;
  BL_RETURN_IF_ERROR(replica::for_each_row(rows, [&](const store::Row& row) -> Result<void> {
    times.emplace(row.integer(0), row.text_or_null(1).value_or("[]"));
    return {};
  }));
  for (const replica::Fact& fact : facts) {
    const auto found = times.find(fact.result_no);
    if (found == times.end()) continue;  // removed since the results were pinned
    details.case_id = fact.case_id;
    details.context_id = fact.context_id;
    details.times_jsons.emplace(fact.id, found->second);
  }
  return details;
}

Result<std::string> LakeHistoryReader::fingerprint_of(std::string_view result_id) {
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(replica::Fact fact,
         replica::fact_by_id(sources, result_id, "no benchmark result has the id "));
  return std::move(fact.history_fingerprint);
}

}  // namespace bl::results
