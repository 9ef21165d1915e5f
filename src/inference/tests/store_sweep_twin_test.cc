#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "inference/tests/sweep_store.h"

// The state of lines against a slow twin that reads the rule as it is written: sort all runs, take
// the newest, and those below it while they may be stacked.
namespace bl::inference::testing {
namespace {

struct DraftPoint {
  int line = 0;  // 0 or 1: the length of its answers
  int conc = 1;
  int image = 0;  // 0: none
};
// One store for all cases: each has a model and runs of its own.
struct Case {
  std::int64_t number = 0;
  std::string model() const { return fmt::format("model{}", number); }
  std::int64_t run_id(int id) const { return number * 100 + id; }
};

struct DraftRun {
  int id = 1, attempt = 1, day = 0;
  int started = -1;  // hours after midnight; -1: not said
  bool append_only = false;
  std::vector<DraftPoint> points;
};

Sweep sweep_of_draft(const Case& in, const DraftRun& draft, int value) {
  Sweep sweep = sweep_of(run_of(in.run_id(draft.id), draft.day, draft.attempt), {});
  sweep.run.append_only = draft.append_only;
  sweep.run.started_at = std::nullopt;
  if (draft.started >= 0) {
    sweep.run.started_at = sweep.run.created_at + std::chrono::hours{draft.started};
  }
  for (const DraftPoint& one : draft.points) {
    SweepPoint point = point_of(one.conc, value, fmt::format("image:{}", one.image));
    if (one.image == 0) point.row.image = std::nullopt;
    point.row.config.model = in.model();
    point.row.osl = one.line == 0 ? 1024 : 8192;
    sweep.points.push_back(std::move(point));
  }
  return sweep;
}

// Every key once; the last of a sweep counts.
class Twin {
 public:
  void write(const Sweep& sweep) {
    Sweep& stored = runs_[{sweep.run.github_run_id, sweep.run.attempt}];
    stored.run = sweep.run;
    for (const SweepPoint& point : sweep.points) {
      const auto same = std::ranges::find_if(stored.points, [&](const SweepPoint& other) {
        return other.row.osl == point.row.osl && other.row.conc == point.row.conc;
      });
      if (same == stored.points.end()) {
        stored.points.push_back(point);
      } else {
        *same = point;
      }
    }
  }

  // `osl/conc=run:tput`, sorted.
  std::set<std::string> points(const PointsWhen& when, LineRule rule) const {
    std::set<std::string> found;
    for (const std::int64_t osl : {1024, 8192}) {
      std::vector<const Sweep*> runs = runs_of(osl, when);
      std::set<std::int64_t> taken;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        if (rule == LineRule::snapshot && i > 0 && !stands_on(*runs[i - 1], *runs[i], osl)) break;
        for (const SweepPoint& point : runs[i]->points) {
          if (point.row.osl != osl || !taken.insert(point.row.conc).second) continue;
          found.insert(fmt::format("{}/{}={}:{}", osl, point.row.conc, runs[i]->run.github_run_id,
                                   *find_metric(point.row.metrics, "tput_per_gpu")));
        }
      }
    }
    return found;
  }

 private:
  static Timestamp known_at(const SweepRun& run) { return run.started_at.value_or(run.created_at); }
  static auto rank(const SweepRun& run) {
    return std::tuple(run.date, run.started_at.value_or(Timestamp{-1}), run.github_run_id,
                      run.attempt);
  }
  bool is_seen(const SweepRun& run) const {
    return std::ranges::none_of(runs_, [&](const auto& other) {
      return other.first.first == run.github_run_id && other.first.second > run.attempt;
    });
  }
  static std::optional<std::string> image_of(const Sweep& sweep, std::int64_t osl) {
    std::set<std::string> images;
    for (const SweepPoint& point : sweep.points) {
      if (point.row.osl == osl && point.row.image) images.insert(*point.row.image);
    }
    if (images.size() != 1) return std::nullopt;
    return *images.begin();
  }
  static bool stands_on(const Sweep& newer, const Sweep& older, std::int64_t osl) {
    const auto image = image_of(newer, osl);
    return newer.run.append_only && image && image == image_of(older, osl);
  }

  // Newest first.
  std::vector<const Sweep*> runs_of(std::int64_t osl, const PointsWhen& when) const {
    const SweepRun* as_of = nullptr;
    for (const auto& [key, sweep] : runs_) {
      if (when.run_id == key.first && is_seen(sweep.run)) as_of = &sweep.run;
    }
    std::vector<const Sweep*> runs;
    for (const auto& [key, sweep] : runs_) {
      const SweepRun& run = sweep.run;
      const bool on_line = std::ranges::any_of(
          sweep.points, [&](const SweepPoint& point) { return point.row.osl == osl; });
      if (!on_line || !is_seen(run)) continue;
      if (when.date && (when.exact ? run.date != *when.date : run.date > *when.date)) continue;
      if (as_of && (rank(run) > rank(*as_of) || known_at(run) > known_at(*as_of))) continue;
      if (as_of && when.exact && run.github_run_id != as_of->github_run_id) continue;
      runs.push_back(&sweep);
    }
    std::ranges::sort(runs, std::ranges::greater{},
                      [](const Sweep* sweep) { return rank(sweep->run); });
    return runs;
  }

  std::map<std::pair<std::int64_t, std::int64_t>, Sweep> runs_;
};

std::set<std::string> found_in(SweepStore& store, const Case& in, const PointsWhen& when,
                               LineRule rule) {
  const std::vector<std::string> models = {in.model()};
  const auto points = store.reader.points(models, when, rule);
  RC_ASSERT(points.ok());
  std::set<std::string> found;
  for (const StoredPoint& point : *points) {
    const auto [at, is_new] =
        found.insert(fmt::format("{}/{}={}:{}", *point.row.osl, point.row.conc, point.github_run_id,
                                 *find_metric(point.row.metrics, "tput_per_gpu")));
    RC_ASSERT(is_new);
  }
  return found;
}

// Small ranges are elements: inRange() narrows with the size.
rc::Gen<DraftRun> any_run() {
  const auto point = rc::gen::build<DraftPoint>(
      rc::gen::set(&DraftPoint::line, rc::gen::element(0, 1)),
      rc::gen::set(&DraftPoint::conc, rc::gen::element(1, 2, 3)),
      rc::gen::set(&DraftPoint::image, rc::gen::element(0, 1, 1, 1, 1, 2)));
  return rc::gen::build<DraftRun>(
      rc::gen::set(&DraftRun::id, rc::gen::element(1, 2, 3, 4, 5, 6)),
      rc::gen::set(&DraftRun::attempt, rc::gen::element(1, 1, 1, 2)),
      rc::gen::set(&DraftRun::started, rc::gen::element(-1, -1, 0, 3, 30, 59)),
      rc::gen::set(&DraftRun::append_only, rc::gen::element(true, true, false)),
      rc::gen::set(&DraftRun::points, rc::gen::container<std::vector<DraftPoint>>(point)));
}

RC_GTEST_PROP(StoreSweeps, lines_are_as_a_slow_twin_has_them, ()) {
  static SweepStore store;
  static Case in;
  ++in.number;
  Twin twin;
  const auto drafts = *rc::gen::resize(15, rc::gen::container<std::vector<DraftRun>>(any_run()));
  std::map<std::pair<int, int>, DraftRun> written;
  int value = 0;
  for (DraftRun draft : drafts) {
    draft.day = draft.id / 2;
    // A run that is written again keeps what it is; only its points differ.
    const auto [first, is_new] = written.emplace(std::pair(draft.id, draft.attempt), draft);
    draft.started = first->second.started;
    draft.append_only = first->second.append_only;
    const Sweep sweep = sweep_of_draft(in, draft, ++value);
    store.write(sweep);
    twin.write(sweep);
  }
  RC_ASSERT(store.faults() == "");
  for (const LineRule rule : {LineRule::snapshot, LineRule::newest_points}) {
    std::vector<PointsWhen> whens = {{}};
    for (int day = 0; day < 4; ++day) {
      const std::string date = fmt::format("2026-08-0{}", day + 1);
      whens.push_back({.date = date});
      whens.push_back({.date = date, .exact = true});
    }
    for (const auto& [key, draft] : written) {
      whens.push_back({.run_id = in.run_id(key.first)});
      whens.push_back({.exact = true, .run_id = in.run_id(key.first)});
    }
    for (const PointsWhen& when : whens) {
      RC_ASSERT(found_in(store, in, when, rule) == twin.points(when, rule));
    }
  }
}

}  // namespace
}  // namespace bl::inference::testing
