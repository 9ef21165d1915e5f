#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/disk.h"
#include "base/random.h"
#include "base/testing/faulty_disk.h"
#include "engine/duck_engine.h"
#include "inference/lake_sweeps.h"
#include "inference/replica/tables.h"
#include "inference/store_sweep_editor.h"
#include "inference/sweep_replica.h"
#include "inference/tests/sweep_store.h"
#include "lake/keyed_rows.h"

// What the lake answers is what the store answers.
namespace bl::inference::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

struct ReplicaWorld : SweepStore {
  explicit ReplicaWorld(SweepReplicaLimits with = {}) : limits(with) { open_lake(); }
  ~ReplicaWorld() { close_lake(); }

  void close_lake() {
    replica.reset();
    lake_reader.reset();
    engine.reset();
    lake.reset();
  }
  Result<std::unique_ptr<lake::Lake>> lake_through(Disk& through) {
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/catalog.sqlite";
    options.housekeeping = false;
    options.delta = false;
    return lake::Lake::open(options, {through, clock, random, log, metrics});
  }
  void open_lake() {
    close_lake();
    auto opened = lake_through(*disk);
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    lake = *std::move(opened);
    auto made = engine::open_duck_engine(lake->store(), metrics, {});
    BL_CHECK(made.ok());
    engine = *std::move(made);
    lake_reader = std::make_unique<LakeSweepReader>(*lake, *engine, reader);
    replica = std::make_unique<SweepReplica>(*database, *lake, metrics, limits);
  }

  SweepRound refresh() {
    auto round = replica->refresh();
    if (!round.ok()) ADD_FAILURE() << round.error().message;
    return round.ok() ? *round : SweepRound{};
  }
  SweepComparison check(bool repair = false) {
    auto check = replica->check(repair);
    if (!check.ok()) ADD_FAILURE() << check.error().message;
    return check.ok() ? *check : SweepComparison{};
  }
  void purge(std::int64_t run, std::string_view attempts = "") {
    apply(fmt::format("[purged.{}]\n{}reason = \"wrong image\"\n", run, attempts));
  }
  void apply(std::string toml) {
    const auto overrides = Overrides::read({{"test.toml", std::move(toml)}});
    BL_CHECK(overrides.ok());
    const auto applied = StoreSweepEditor(*database, clock).apply(*overrides, {"u", "operator"});
    if (!applied.ok()) ADD_FAILURE() << applied.error().message;
  }
  /// Puts a row of a table in the place of what is there, as a fault would.
  void change_lake(const replica::Shape& shape, const std::string& select) {
    const auto table = replica::table_of(*lake, shape).value();
    lake::Change change;
    for (const lake::DataFile& file : table->snapshot().files().files()) {
      change.removed.push_back(file.key);
    }
    change.select = select;
    const auto replaced = table->replace(change);
    if (!replaced.ok()) ADD_FAILURE() << replaced.error().message;
  }

  SweepReplicaLimits limits;
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemRandom random;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<LakeSweepReader> lake_reader;
  std::unique_ptr<SweepReplica> replica;
};

std::string text_of(const ServingConfig& c) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", c.hardware, c.framework,
                     c.model, c.precision, c.spec_method, c.disagg, c.is_multinode, c.prefill_tp,
                     c.prefill_ep, c.prefill_dp_attention, c.prefill_num_workers, c.decode_tp,
                     c.decode_ep, c.decode_dp_attention, c.decode_num_workers, c.num_prefill_gpu,
                     c.num_decode_gpu);
}
std::string text_of(const Metrics& metrics) {
  std::string text;
  for (const auto& [name, value] : metrics) text += fmt::format("{}={} ", name, value);
  return text;
}
template <class T>
std::string or_none(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "none";
}
std::string text_of(const StoredPoint& p) {
  return fmt::format(
      "{} {} [{}] {} {} {} {} {} [{}] {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", p.id,
      p.config_id, text_of(p.row.config), p.row.benchmark_type, or_none(p.row.isl),
      or_none(p.row.osl), p.row.conc, or_none(p.row.image), text_of(p.row.metrics),
      or_none(p.row.offload_mode), or_none(p.row.recipe_fingerprint),
      or_none(p.row.kv_transfer_lib), json::to_text(p.row.workers),
      json::to_text(p.row.power_audit), fmt::join(p.row.power_invalid_reasons, ","),
      p.origin.artifact, p.origin.path, p.date, p.github_run_id, p.attempt, or_none(p.html_url),
      p.has_server_log, p.curve_date, p.curve_run_id,
      p.curve_started_at ? p.curve_started_at->micros : -1);
}
std::string text_of(const Availability& a) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", a.model, or_none(a.isl), or_none(a.osl),
                     a.precision, a.hardware, a.framework, a.spec_method, a.disagg,
                     a.benchmark_type, a.date);
}
std::string text_of(const SweepRun& r) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", r.github_run_id, r.attempt, r.name,
                     or_none(r.status), or_none(r.conclusion), or_none(r.head_sha),
                     or_none(r.head_branch), or_none(r.html_url), r.created_at.micros,
                     r.started_at ? r.started_at->micros : -1, r.date, r.append_only);
}
std::string text_of(const StoredChangelog& c) {
  return fmt::format("{} {} {} {} [{}] {} {} {} {}", c.github_run_id, c.date, c.base_ref,
                     c.head_ref, fmt::join(c.entry.config_keys, ","), c.entry.description,
                     or_none(c.entry.pr_link), c.entry.evals_only, c.entry.append_only);
}
std::string text_of(const StoredEval& e) {
  return fmt::format("{} {} [{}] {} {} {} {} {} [{}] {} {} {} {} {} {} {}", e.id, e.config_id,
                     text_of(e.row.config), e.row.task, or_none(e.row.isl), or_none(e.row.osl),
                     or_none(e.row.conc), or_none(e.row.lm_eval_version), text_of(e.row.metrics),
                     e.origin.artifact, e.origin.path, e.date, e.github_run_id, e.attempt,
                     or_none(e.html_url), e.run_created_at.micros);
}
std::string text_of(const DatedRunStat& s) {
  return fmt::format("{} {} {} {}", s.stat.hardware, s.stat.n_success, s.stat.total, s.date);
}
std::string text_of(const SubmissionSummary& s) {
  return fmt::format("[{}] {} {} {} {} {} {}", text_of(s.config), s.date, s.points,
                     s.distinct_sequences, s.distinct_concurrencies, s.max_concurrency,
                     or_none(s.image));
}
std::string text_of(const SubmissionVolume& v) {
  return fmt::format("{} {} {}", v.date, v.hardware, v.points);
}

// Every answer of a reader, one line for each of its rows.
class Answers {
 public:
  template <class Row>
  void add(const std::string& question, const Result<std::vector<Row>>& rows) {
    if (!rows.ok()) {
      lines.push_back(question + ": " + name_of(rows.error().code));
      return;
    }
    for (const Row& row : *rows) lines.push_back(question + ": " + text_of(row));
    lines.push_back(fmt::format("{}: {} rows", question, rows->size()));
  }
  std::vector<std::string> lines;
};

std::vector<std::string> answers_of(SweepReader& reader, int days, std::int64_t runs) {
  Answers answers;
  const std::vector<std::string> one = {"dsr1"}, two = {"dsr1", "gptoss120b"}, none;
  std::vector<std::pair<std::string, PointsWhen>> whens = {{"now", {}}};
  for (int day = 0; day < days; ++day) {
    const std::string date = fmt::format("2026-08-{:02}", day + 1);
    whens.push_back({date, {.date = date}});
    whens.push_back({"exactly " + date, {.date = date, .exact = true}});
    const auto info = reader.workflow_info(date);
    EXPECT_TRUE(info.ok());
    if (!info.ok()) continue;
    answers.add("runs of " + date, Result<std::vector<SweepRun>>(info->runs));
    answers.add("changes of " + date, Result<std::vector<StoredChangelog>>(info->changelogs));
    answers.add("configs of " + date, Result<std::vector<Availability>>(info->configs));
  }
  for (std::int64_t run = 1; run <= runs; ++run) {
    whens.push_back({fmt::format("run {}", run), {.run_id = run}});
    whens.push_back({fmt::format("exactly run {}", run), {.exact = true, .run_id = run}});
  }
  for (const auto& [name, when] : whens) {
    answers.add("state " + name, reader.points(two, when, LineRule::snapshot));
    answers.add("newest " + name, reader.points(one, when, LineRule::newest_points));
  }
  answers.add("none", reader.points(none, {}, LineRule::snapshot));
  answers.add("history", reader.history(two, 1024, 1024));
  answers.add("history of users", reader.history(one, std::nullopt, std::nullopt));
  answers.add("available", reader.availability());
  answers.add("evals", reader.evaluations());
  answers.add("reliability", reader.reliability());
  const auto submissions = reader.submissions();
  EXPECT_TRUE(submissions.ok());
  if (submissions.ok()) {
    answers.add("submissions", Result<std::vector<SubmissionSummary>>(submissions->summary));
    answers.add("volume", Result<std::vector<SubmissionVolume>>(submissions->volume));
  }
  return answers.lines;
}

void expect_the_same(ReplicaWorld& world, int days, std::int64_t runs) {
  const auto stored = answers_of(world.reader, days, runs);
  const auto lake = answers_of(*world.lake_reader, days, runs);
  ASSERT_EQ(stored.size(), lake.size())
      << fmt::format("{}\n--\n{}", fmt::join(stored, "\n"), fmt::join(lake, "\n"));
  for (std::size_t i = 0; i < stored.size(); ++i) ASSERT_EQ(lake[i], stored[i]);
}

TEST(SweepReplica, the_lake_answers_every_question_as_the_store_does) {
  ReplicaWorld world;
  world.write(everything());
  Sweep later = sweep_of(run_of(2, 1), {point_of(1, 120), point_of(8, 300)});
  later.run.append_only = true;
  world.write(later);

  const SweepRound round = world.refresh();

  EXPECT_TRUE(round.is_current);
  EXPECT_EQ(round.runs, 2);
  expect_the_same(world, 3, 3);
  EXPECT_EQ(*world.lake_reader->revision(), world.revision());
  EXPECT_THAT(world.check().findings, IsEmpty());
}

TEST(SweepReplica, until_its_first_export_is_done_the_store_answers) {
  ReplicaWorld world;
  EXPECT_EQ(replica_revision(*world.lake).value(), std::nullopt);
  expect_the_same(world, 1, 1);
  world.write(everything());
  expect_the_same(world, 1, 1);
  world.refresh();
  EXPECT_EQ(replica_revision(*world.lake).value(), world.revision());
}

TEST(SweepReplica, it_answers_as_of_its_last_refresh) {
  ReplicaWorld world;
  world.write(sweep_of(run_of(1, 0), {point_of(1, 100)}));
  world.refresh();
  world.write(sweep_of(run_of(2, 1), {point_of(1, 200)}));
  const std::vector<std::string> models = {"dsr1"};
  EXPECT_EQ(testing::text_of(*world.lake_reader->points(models, {}, LineRule::snapshot)), "1=100");
  EXPECT_LT(*world.lake_reader->revision(), world.revision());
}

TEST(SweepReplica, what_did_not_change_is_not_brought_again) {
  ReplicaWorld world;
  world.write(everything());
  world.refresh();
  EXPECT_EQ(world.refresh().runs, 0);
  world.write(everything());  // the same
  EXPECT_EQ(world.refresh().runs, 0);
  world.write(sweep_of(run_of(2, 1), {point_of(1)}));
  EXPECT_EQ(world.refresh().runs, 1) << "the other run is left alone";
  expect_the_same(world, 2, 2);
}

TEST(SweepReplica, purges_attempts_and_corrections_come_over) {
  ReplicaWorld world;
  world.write(everything());
  world.write(sweep_of(run_of(2, 0), {point_of(1, 50)}));
  world.refresh();

  world.write(sweep_of(run_of(2, 0, 2), {point_of(1, 60), point_of(2, 70)}));
  EXPECT_EQ(world.refresh().removed, 1) << "the earlier attempt";
  expect_the_same(world, 2, 3);
  world.purge(2, "attempts = [2]\n");
  world.refresh();
  expect_the_same(world, 2, 3);
  world.purge(1);
  world.refresh();
  expect_the_same(world, 2, 3);
  world.apply("[conclusions.2]\nconclusion = \"failure\"\nreason = \"the runner was lost\"\n");
  world.refresh();
  expect_the_same(world, 2, 3);
  EXPECT_THAT(world.check().findings, IsEmpty());
}

TEST(SweepReplica, a_first_export_in_many_parts_ends_the_same) {
  ReplicaWorld world({.points_max = 3});
  for (int day = 0; day < 6; ++day) {
    world.write(sweep_of(run_of(day + 1, day), {point_of(1, day), point_of(2, day)}));
  }
  int calls = 0;
  const auto first = world.replica->refresh(
      [&](std::string_view, std::size_t, std::size_t) { return ++calls < 2; });
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->is_current) << "it was ended early";
  EXPECT_EQ(replica_revision(*world.lake).value(), std::nullopt);
  expect_the_same(world, 6, 6);
  EXPECT_EQ(world.refresh().runs, 4) << "the rest";
  expect_the_same(world, 6, 6);
}

TEST(SweepReplica, a_check_finds_what_differs_and_repair_mends_it) {
  ReplicaWorld world;
  world.write(everything());
  world.write(sweep_of(run_of(2, 1), {point_of(1), point_of(2)}));
  world.refresh();
  const auto damage = [&](const char* what, const replica::Shape& shape, const std::string& select,
                          SweepDifference::Kind kind) {
    SCOPED_TRACE(what);
    world.change_lake(shape, select);
    const SweepComparison check = world.check(true);
    ASSERT_THAT(check.findings, SizeIs(1));
    EXPECT_EQ(check.findings[0].kind, kind);
    EXPECT_EQ(check.findings[0].table, shape.name);
    EXPECT_TRUE(check.repaired);
    EXPECT_THAT(world.check().findings, IsEmpty());
    expect_the_same(world, 2, 2);
  };
  using enum SweepDifference::Kind;
  damage("another number", replica::points_shape(),
         "(SELECT * REPLACE (CASE WHEN github_run_id = 2 AND conc = 2 THEN 1.5 ELSE tput_per_gpu "
         "END AS tput_per_gpu) FROM removed_rows)",
         stale);
  damage("a row less", replica::evals_shape(), "(SELECT * FROM removed_rows WHERE false)", missing);
  damage("a row twice", replica::run_stats_shape(),
         "(SELECT * FROM removed_rows UNION ALL SELECT * FROM removed_rows WHERE hardware = "
         "'b200')",
         surplus);
  damage("a row of a run that is not", replica::changelogs_shape(),
         "(SELECT * FROM removed_rows UNION ALL SELECT * REPLACE (99 AS run_no, 99 AS "
         "changelog_no) FROM removed_rows WHERE position = 0)",
         surplus);
}

TEST(SweepReplica, histories_by_chance_are_the_same_on_both_sides) {
  ReplicaWorld world;
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const auto any = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  for (int step = 0; step < 24; ++step) {
    const std::int64_t run = 1 + any(6);
    Sweep sweep = sweep_of(run_of(run, static_cast<int>(run) / 2, 1 + any(2)), {});
    sweep.run.append_only = run % 2 == 0;
    if (run % 3 == 0) sweep.run.started_at = std::nullopt;
    for (int i = any(4); i >= 0; --i) {
      SweepPoint point = any(4) == 0 ? agentic_point(1 + any(3), step)
                                     : point_of(1 + any(3), step, fmt::format("image:{}", any(2)));
      if (any(3) == 0) point.row.config.model = "gptoss120b";
      if (any(5) == 0) point.row.image = std::nullopt;
      sweep.points.push_back(std::move(point));
    }
    world.write(sweep);
    if (any(6) == 0) world.purge(1 + any(6));
    if (any(3) == 0) world.refresh();
    if (any(8) == 0) {
      for (const replica::Shape* shape : replica::all_shapes()) {
        if (const auto table = world.lake->table(std::string(shape->name)); table.ok()) {
          ASSERT_TRUE((*table)->compact().ok());
        }
      }
    }
  }
  world.refresh();
  expect_the_same(world, 4, 6);
  EXPECT_THAT(world.check().findings, IsEmpty());
}

// Whatever call of the disk fails, the next refresh ends with the same rows.
TEST(SweepReplica, a_refresh_that_fails_anywhere_is_mended_by_the_next) {
  const char* const store = std::getenv("BL_TEST_STORE");
  if (store != nullptr) GTEST_SKIP() << "the disk is the lake's: SQLite says it all";
  const auto disk = make_real_disk();
  int struck = 0;
  for (std::uint64_t n = 1; n < 1'000; n += n < 60 ? 23 : 97) {
    ReplicaWorld world;
    world.write(everything());
    world.refresh();
    world.write(sweep_of(run_of(1, 0, 2), {point_of(1, 5)}));
    world.write(sweep_of(run_of(2, 1), {point_of(1, 6)}));
    FaultyDisk faulty(*disk, {.fail_at = n});
    world.close_lake();
    if (const auto lake = world.lake_through(faulty); lake.ok()) {
      (void)SweepReplica(*world.database, **lake, world.metrics).refresh();
    }
    world.open_lake();
    world.refresh();
    expect_the_same(world, 2, 2);
    if (!faulty.struck()) break;
    ++struck;
  }
  EXPECT_GT(struck, 2);
}

// docs/formats/replica.md is written by hand.
TEST(SweepReplica, the_page_of_the_format_lists_every_column) {
  const char* const source = std::getenv("BL_TEST_SOURCE");
  if (source == nullptr) GTEST_SKIP() << "BL_TEST_SOURCE is not set";
  std::ifstream file(std::string(source) + "/docs/formats/replica.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  for (const replica::Shape* shape : replica::all_shapes()) {
    const auto begin = page.find("### `" + std::string(shape->name) + "`");
    ASSERT_NE(begin, std::string::npos) << shape->name;
    const std::string section =
        page.substr(begin, page.find("\n\n", page.find("|---", begin)) - begin);
    for (const replica::Column& column : shape->columns) {
      EXPECT_THAT(section, ::testing::HasSubstr(fmt::format("| `{}` |", column.name)))
          << shape->name;
    }
    std::ptrdiff_t listed = 0;
    for (auto at = section.find("\n| `"); at != std::string::npos;
         at = section.find("\n| `", at + 1)) {
      ++listed;
    }
    EXPECT_EQ(listed, std::ssize(shape->columns)) << shape->name;
  }
}

}  // namespace
}  // namespace bl::inference::testing
