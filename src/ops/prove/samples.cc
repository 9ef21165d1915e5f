#include "ops/prove/samples.h"

#include <set>

#include "base/json.h"

namespace bl::ops {
namespace {

constexpr std::size_t k_series_max = 64;  // whose size is asked for

struct Source {
  const char* name;
  const char* sql;  // id, fingerprint
};
#define BL_MEMBER                                                              \
  "join \"commit\" c on c.id = r.commit_id where r.error is null and c.sha = " \
  "c.fork_point_sha and c.timestamp is not null"
#define BL_FROM "select r.id, r.history_fingerprint from benchmark_result r "
constexpr Source k_sources[] = {
    {"newest by timestamp", BL_FROM "order by r.timestamp desc limit 512"},
    {"oldest by timestamp", BL_FROM "order by r.timestamp limit 512"},
    {"newest by id", BL_FROM "order by r.id desc limit 512"},
    {"oldest by id", BL_FROM "order by r.id limit 512"},
    {"latest errored", BL_FROM "where r.error is not null order by r.timestamp desc limit 512"},
    {"latest with a commit",
     BL_FROM "where r.commit_id is not null order by r.timestamp desc limit 512"},
    {"latest without a commit",
     BL_FROM "where r.commit_id is null order by r.timestamp desc limit 512"},
    {"latest with an unknown commit",
     BL_FROM "join \"commit\" c on c.id = r.commit_id where c.timestamp is null "
             "order by r.timestamp desc limit 512"},
    {"latest of a history", BL_FROM BL_MEMBER " order by r.timestamp desc limit 512"},
};

struct Row {
  std::string id, fingerprint;
};
using Candidates = std::map<std::string, std::vector<Row>, std::less<>>;

struct SeriesSize {
  std::int64_t results = 0, points = 0, units = 0;
};

/// nullopt: it took too long, which the manifest then says.
template <class Work>
Result<bool> in_time(store::Database& database, SampleManifest& manifest, std::string_view what,
                     const Work& work) {
  auto outcome = database.read(work);
  if (outcome.ok()) return true;
  if (outcome.error().code != Code::timeout) return std::move(outcome).error();
  manifest.warnings.push_back(std::string(what) + ": took too long");
  return false;
}

Result<Candidates> candidates_of(store::Database& database, SampleManifest& manifest) {
  Candidates candidates;
  for (const Source& source : k_sources) {
    std::vector<Row> rows;
    BL_TRY([[maybe_unused]] const bool done,
           in_time(database, manifest, source.name, [&](store::Connection& connection) {
             rows.clear();
             return connection.query(source.sql, {}, [&](const store::Row& row) {
               rows.push_back({std::string(row.text(0)), std::string(row.text(1))});
               return true;
             });
           }));
    candidates.emplace(source.name, std::move(rows));
  }
  return candidates;
}

Result<std::map<std::string, SeriesSize>> sizes_of(store::Database& database,
                                                   const Candidates& candidates,
                                                   SampleManifest& manifest) {
  std::map<std::string, SeriesSize> sizes;
  for (const auto& [name, rows] : candidates) {
    std::size_t taken = 0;
    for (const Row& row : rows) {
      if (taken == k_series_max / std::size(k_sources)) break;
      if (sizes.try_emplace(row.fingerprint).second) ++taken;
    }
  }
  for (auto& [fingerprint, size] : sizes) {
    BL_TRY([[maybe_unused]] const bool done,
           in_time(database, manifest, "the size of a series",
                   [&, &fingerprint = fingerprint, &size = size](store::Connection& connection) {
                     return connection.query(
                         "select count(*), count(*) filter (where r.error is null and c.sha = "
                         "c.fork_point_sha and c.timestamp is not null), count(distinct r.unit) "
                         "from benchmark_result r left join \"commit\" c on c.id = r.commit_id "
                         "where r.history_fingerprint = $1",
                         {std::string_view(fingerprint)}, [&](const store::Row& row) {
                           size = {row.integer(0), row.integer(1), row.integer(2)};
                           return true;
                         });
                   }));
  }
  return sizes;
}

/// The first row of a series that `is_better` prefers to all others.
template <class Better>
const Row* best_of(const Candidates& candidates, const std::map<std::string, SeriesSize>& sizes,
                   const Better& is_better) {
  const Row* best = nullptr;
  for (const auto& [name, rows] : candidates) {
    for (const Row& row : rows) {
      const auto size = sizes.find(row.fingerprint);
      if (size == sizes.end()) continue;
      if (is_better(size->second, best == nullptr ? nullptr : &sizes.at(best->fingerprint)))
        best = &row;
    }
  }
  return best;
}

void choose(const Candidates& candidates, const std::map<std::string, SeriesSize>& sizes,
            SampleManifest& manifest) {
  const auto put = [&](const char* category, const Row* row, const char* note) {
    if (row == nullptr) {
      manifest.warnings.push_back(std::string(category) + ": no row");
      return;
    }
    const auto size = sizes.find(row->fingerprint);
    manifest.categories[category] = {row->id, row->fingerprint,
                                     size == sizes.end() ? 0 : size->second.points, note};
  };
  const auto first = [&](const char* category, const char* source) {
    const std::vector<Row>& rows = candidates.at(source);
    put(category, rows.empty() ? nullptr : &rows.front(), source);
  };
  using Size = SeriesSize;
  put("long_history",
      best_of(candidates, sizes,
              [](const Size& a, const Size* b) {
                return a.points > 0 && (b == nullptr || a.points > b->points);
              }),
      "most points");
  put("short_history",
      best_of(candidates, sizes,
              [](const Size& a, const Size* b) {
                return a.points > 0 && (b == nullptr || a.points < b->points);
              }),
      "fewest points");
  put("high_volume_series",
      best_of(candidates, sizes,
              [](const Size& a, const Size* b) { return b == nullptr || a.results > b->results; }),
      "most results");
  put("mixed_unit",
      best_of(candidates, sizes,
              [](const Size& a, const Size* b) { return a.units > 1 && b == nullptr; }),
      "more than one unit");
  first("recent_result", "newest by timestamp");
  first("old_result", "oldest by timestamp");
  first("errored_result", "latest errored");
  first("with_commit", "latest with a commit");
  first("missing_commit", "latest without a commit");
  first("history_member", "latest of a history");
}

Result<void> pick_pair(store::Database& database, SampleManifest& manifest) {
  const auto longest = manifest.categories.find("long_history");
  if (longest == manifest.categories.end()) return {};
  const std::string& fingerprint = longest->second.history_fingerprint;
  std::vector<Row> comparable;  // id, unit
  BL_TRY([[maybe_unused]] const bool done,
         in_time(database, manifest, "a pair to compare", [&](store::Connection& connection) {
           comparable.clear();
           return connection.query(
               "select distinct on (c.timestamp) r.id, r.unit from benchmark_result r " BL_MEMBER
               " and r.history_fingerprint = $1 and r.unit in ('B', 'B/s', 's', 'ns', 'i/s') and "
               "cardinality(r.data) > 0 and array_position(r.data, null) is null "
               "order by c.timestamp desc limit 512",
               {std::string_view(fingerprint)}, [&](const store::Row& row) {
                 comparable.push_back({std::string(row.text(0)), std::string(row.text(1))});
                 return true;
               });
         }));
  for (std::size_t i = 1; i < comparable.size(); ++i) {
    if (comparable[i].fingerprint != comparable[0].fingerprint) continue;  // the unit
    manifest.compare = {comparable[i].id, comparable[0].id, fingerprint};
    return {};
  }
  manifest.warnings.emplace_back("a pair to compare: no row");
  return {};
}

Result<void> pick_report(store::Database& database, SampleManifest& manifest) {
  BL_TRY([[maybe_unused]] const bool done,
         in_time(database, manifest, "a run to report", [&](store::Connection& connection) {
           manifest.ci_report.reset();
           return connection.query(
               "select c.repository, c.sha, r.run_id from (select * from \"commit\" where sha = "
               "fork_point_sha and timestamp is not null order by timestamp desc limit 128) c "
               "join lateral (select run_id from benchmark_result where commit_id = c.id limit 1) "
               "r on true order by c.timestamp desc limit 1",
               {}, [&](const store::Row& row) {
                 manifest.ci_report = {std::string(row.text(0)), std::string(row.text(1)),
                                       std::string(row.text(2))};
                 return true;
               });
         }));
  if (!manifest.ci_report) manifest.warnings.emplace_back("a run to report: no row");
  return {};
}

}  // namespace

const std::vector<std::string>& sample_categories() {
  static const std::vector<std::string> names = {
      "long_history", "short_history",  "recent_result", "old_result",         "errored_result",
      "with_commit",  "missing_commit", "mixed_unit",    "high_volume_series", "history_member"};
  return names;
}

Result<SampleManifest> pick_samples(store::Database& database) {
  SampleManifest manifest;
  BL_TRY(const Candidates candidates, candidates_of(database, manifest));
  BL_TRY(const auto sizes, sizes_of(database, candidates, manifest));
  choose(candidates, sizes, manifest);
  BL_RETURN_IF_ERROR(pick_pair(database, manifest));
  BL_RETURN_IF_ERROR(pick_report(database, manifest));
  return manifest;
}

std::string encode(const SampleManifest& manifest, std::string_view generated_at) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("generated_at", generated_at).key("categories").begin_object();
  for (const auto& [name, sample] : manifest.categories) {
    writer.key(name)
        .begin_object()
        .member("result_id", sample.result_id)
        .member("history_fingerprint", sample.history_fingerprint)
        .member("point_count", sample.point_count)
        .member("note", sample.note)
        .end_object();
  }
  writer.end_object().key("warnings").begin_array();
  for (const std::string& warning : manifest.warnings) writer.value(warning);
  writer.end_array();
  if (manifest.compare) {
    writer.key("compare")
        .begin_object()
        .member("baseline_result_id", manifest.compare->baseline_id)
        .member("contender_result_id", manifest.compare->contender_id)
        .member("history_fingerprint", manifest.compare->history_fingerprint)
        .end_object();
  }
  if (manifest.ci_report) {
    writer.key("ci_report")
        .begin_object()
        .member("repository", manifest.ci_report->repository)
        .member("commit_sha", manifest.ci_report->commit_sha)
        .key("run_ids")
        .begin_array()
        .value(manifest.ci_report->run_id)
        .end_array()
        .end_object();
  }
  writer.end_object();
  return text;
}

}  // namespace bl::ops
