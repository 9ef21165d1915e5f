#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inference/store_sweep_check.h"
#include "inference/store_sweep_editor.h"
#include "inference/tests/sweep_store.h"

namespace bl::inference::testing {
namespace {

using ::testing::HasSubstr;

Overrides overrides_of(std::string text) {
  auto overrides = Overrides::read({{"overrides.toml", std::move(text)}});
  if (!overrides.ok()) ADD_FAILURE() << overrides.error().message;
  BL_CHECK(overrides.ok());
  return *overrides;
}

constexpr const char* k_purge_second = R"(
[purged.7]
attempts = [2]
reason = "wrong image"
)";

// Attempts 1 and 2 of run 7, and run 8.
void fill(SweepStore& store) {
  Sweep first = sweep_of(run_of(7, 0), {point_of(1, 10), point_of(2, 20)});
  first.server_logs.push_back({{"server_logs_x.zip", "server.log"}, "text"});
  first.points[0].server_log = 0;
  first.stats = {{"mi355x", 1, 2}};
  store.write(first);
  Sweep second = sweep_of(run_of(7, 0, 2), {point_of(1, 11)});
  second.stats = {{"mi355x", 2, 2}};
  store.write(second);
  SweepPoint other = point_of(1, 80);
  other.row.osl = 8192;
  store.write(sweep_of(run_of(8, 1), {other}));
}

TEST(StoreSweepEditor, a_preview_says_what_would_go_and_changes_nothing) {
  SweepStore store;
  fill(store);
  StoreSweepEditor editor(*store.database, store.clock);
  const std::int64_t revision = store.revision();

  const auto edits =
      *editor.preview(overrides_of("[purged.7]\nreason = \"r\"\n[purged.99]\n"
                                   "reason = \"not here\"\n"));

  ASSERT_EQ(edits.size(), 2u);
  EXPECT_EQ(edits[0].attempt, 1);
  EXPECT_EQ(edits[0].points, 2);
  EXPECT_EQ(edits[0].server_logs, 1);
  EXPECT_EQ(edits[0].stats, 1);
  EXPECT_EQ(edits[1].points, 1);
  EXPECT_EQ(store.revision(), revision);
}

TEST(StoreSweepEditor, a_purged_run_is_gone_with_all_its_rows) {
  SweepStore store;
  fill(store);
  StoreSweepEditor editor(*store.database, store.clock);
  const Overrides overrides = overrides_of("[purged.7]\nreason = \"r\"\n");
  const std::int64_t revision = store.revision();

  const auto done = *editor.apply(overrides, {"u1", "Ada"});

  EXPECT_EQ(done.size(), 2u);
  EXPECT_EQ(text_of(store.points()), "1=80");
  EXPECT_EQ(store.reader.availability()->size(), 1u);
  EXPECT_TRUE(store.reader.reliability()->empty());
  EXPECT_EQ(store.value("select count(*) from @inference_point"), "1");
  EXPECT_EQ(store.value("select count(*) from @inference_server_log"), "0");
  EXPECT_EQ(store.value("select count(*) from @inference_run"), "1");
  EXPECT_EQ(store.revision(), revision + 1);
  EXPECT_EQ(store.value("select count(*) from @audit where action = 'inference.purge' and object = "
                        "'7' and actor_name = 'Ada'"),
            "2");
  EXPECT_TRUE(editor.apply(overrides, {})->empty()) << "a second time there is nothing to do";
  EXPECT_EQ(store.revision(), revision + 1);
}

TEST(StoreSweepEditor, behind_a_purged_attempt_the_one_before_is_seen) {
  SweepStore store;
  fill(store);
  StoreSweepEditor editor(*store.database, store.clock);

  const auto done = *editor.apply(overrides_of(k_purge_second), {});

  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].attempt, 2);
  EXPECT_EQ(done[0].reason, "wrong image");
  EXPECT_EQ(text_of(store.points()), "1=10 2=20 1=80");
  EXPECT_EQ((*store.reader.reliability())[0].stat.n_success, 1);
}

TEST(StoreSweepEditor, a_conclusion_is_put_right_in_every_attempt) {
  SweepStore store;
  fill(store);
  StoreSweepEditor editor(*store.database, store.clock);
  const Overrides overrides =
      overrides_of("[conclusions.7]\nconclusion = \"cancelled\"\nreason = \"r\"\n");

  const auto done = *editor.apply(overrides, {});

  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].conclusion_before, "success");
  EXPECT_EQ(done[0].conclusion_after, "cancelled");
  EXPECT_EQ(store.reader.workflow_info("2026-08-01")->runs[0].conclusion, "cancelled");
  EXPECT_TRUE(editor.preview(overrides)->empty());
}

TEST(Overrides, are_read_strictly) {
  const auto fault = [](std::string text) {
    const auto read = Overrides::read({{"o.toml", std::move(text)}});
    return read.ok() ? "" : read.error().message;
  };
  EXPECT_THAT(fault("[purged.x7]\nreason = \"r\"\n"), HasSubstr("is not the id of a run"));
  EXPECT_THAT(fault("[purged.7]\nattempts = [1.5]\nreason = \"r\"\n"),
              HasSubstr("is not the number of an attempt"));
  EXPECT_THAT(fault("[purged.7]\n"), HasSubstr("reason"));
  EXPECT_THAT(fault("[purge.7]\nreason = \"r\"\n"), HasSubstr("purge"));
}

TEST(Overrides, say_what_may_be_seen_and_how_runs_ended) {
  const Overrides overrides = overrides_of(k_purge_second);
  EXPECT_NE(overrides.purge_of(7, 2), nullptr);
  EXPECT_EQ(overrides.purge_of(7, 1), nullptr);
  EXPECT_EQ(overrides.purge_of(8, 2), nullptr);

  const Overrides built_in = *Overrides::read(Overrides::built_in_files());
  EXPECT_EQ(built_in.purged().size(), 8u);
  EXPECT_NE(built_in.purge_of(20286769842, 3), nullptr);
  SweepRun run = run_of(22806827144, 0);
  run.conclusion = "failure";
  built_in.correct(run);
  EXPECT_EQ(run.conclusion, "success");
}

TEST(SweepCheck, counts_rows_and_names_what_does_not_hold) {
  SweepStore store;
  fill(store);
  const auto check = *check_sweeps(*store.database);
  EXPECT_THAT(check.counts, ::testing::Contains(std::pair<std::string, std::int64_t>("points", 4)));
  EXPECT_THAT(check.counts, ::testing::Contains(std::pair<std::string, std::int64_t>(
                                "points_with_median_ttft", 4)));
  EXPECT_EQ(check.last_date, "2026-08-02");
  EXPECT_EQ(store.faults(), "");

  EXPECT_EQ(store.refusal("update @inference_line_run set image = 'other'"), "");
  EXPECT_THAT(store.faults(), HasSubstr("on other lines than their points"));
  EXPECT_EQ(store.refusal("update @inference_line_run set image = 'vllm:1'"), "");

  EXPECT_EQ(store.refusal("update @inference_submission set points = points + 1"), "");
  EXPECT_THAT(store.faults(), HasSubstr("more or less of a configuration than is said"));
  EXPECT_EQ(store.refusal("update @inference_submission set points = points - 1"), "");

  EXPECT_EQ(store.refusal("update @inference_run set is_newest = (0 = 1)"), "");
  EXPECT_THAT(store.faults(), HasSubstr("newest attempt is not the one that is seen"));
  EXPECT_EQ(store.refusal("update @inference_run set is_newest = (attempt = 2 or github_run_id = "
                          "8)"),
            "");
}

}  // namespace
}  // namespace bl::inference::testing
