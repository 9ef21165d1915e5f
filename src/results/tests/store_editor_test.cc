#include "results/store_editor.h"

#include <gtest/gtest.h>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

json::Value object(std::string_view text) {
  return json::parse(text).value();
}

struct Edited : StoreFixture {
  StoreResultEditor editor{*database, clock};

  std::string annotations(const std::string& id) {
    return json::to_text(runs.result(id).value().change_annotations);
  }
  std::vector<int> segments(const std::string& fingerprint) {
    std::vector<int> found;
    const auto read = history.history(fingerprint);
    for (const HistoryPoint& point : read->points) {
      found.push_back(point.lookback.segment);
    }
    return found;
  }
};

TEST(ResultEditor, annotations_are_merged_and_null_removes_a_key) {
  Edited store;
  const std::string id = store.submit(submission_of(on_commit(1))).id;
  ASSERT_TRUE(store.editor.annotate(id, object(R"({"a":1,"b":{"c":null}})"), {}).ok());
  ASSERT_TRUE(store.editor.annotate(id, object(R"({"a":null,"d":"x"})"), {}).ok());
  EXPECT_EQ(store.annotations(id), R"({"b":{"c":null},"d":"x"})");
}

TEST(ResultEditor, a_marked_change_begins_a_segment_until_the_mark_is_removed) {
  Edited store;
  std::vector<Submitted> results;
  for (int i = 0; i < 4; ++i) results.push_back(store.submit(submission_of(on_commit(i))));
  const std::string& series = results[0].history_fingerprint;
  store.refresh_all();
  ASSERT_TRUE(
      store.editor.annotate(results[2].id, object(R"({"begins_distribution_change":true})"), {})
          .ok());
  EXPECT_EQ(store.segments(series), (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(store.value("select count(*) from bl_series where change_count <> fresh_count"), "1")
      << "its status is judged again";
  ASSERT_TRUE(
      store.editor.annotate(results[2].id, object(R"({"begins_distribution_change":null})"), {})
          .ok());
  EXPECT_EQ(store.segments(series), (std::vector<int>{0, 0, 0, 0}));
}

TEST(ResultEditor, annotations_do_not_grow_without_end) {
  Edited store;
  const std::string id = store.submit(submission_of(on_commit(1))).id;
  StoreResultEditor narrow(*store.database, store.clock, {.stored_bytes_max = 20});
  ASSERT_TRUE(narrow.annotate(id, object(R"({"a":"0123456789"})"), {}).ok());
  const auto more = narrow.annotate(id, object(R"({"b":"0123456789"})"), {});
  EXPECT_EQ(more.error().code, Code::invalid);
  EXPECT_EQ(store.annotations(id), R"({"a":"0123456789"})");
}

TEST(ResultEditor, who_changed_what_is_kept_with_the_change) {
  Edited store;
  const std::string id = store.submit(submission_of(on_commit(1))).id;
  ASSERT_TRUE(store.editor.annotate(id, object(R"({"a":1})"), {"t1", "ann"}).ok());
  ASSERT_TRUE(store.editor.remove(id, {"t2", "bob"}).ok());
  const auto audit = [&](const std::string& column, int row) {
    return store.value("select " + column + " from bl_audit order by seq limit 1 offset " +
                       std::to_string(row));
  };
  EXPECT_EQ(audit("action", 0), "result.annotate");
  EXPECT_EQ(audit("actor_name", 0), "ann");
  EXPECT_EQ(audit("detail", 0), R"({"change_annotations":{"a":1}})");
  EXPECT_EQ(audit("action", 1), "result.delete");
  EXPECT_EQ(audit("actor_id", 1), "t2");
  EXPECT_EQ(audit("object", 1), id);
  EXPECT_EQ(store.value("select count(*) from bl_change_log where result_id = '" + id +
                        "' and op in ('update', 'delete')"),
            "2");
}

TEST(ResultEditor, what_is_not_there_is_neither_changed_nor_removed) {
  Edited store;
  EXPECT_EQ(store.editor.annotate("nope", object("{}"), {}).error().code, Code::not_found);
  EXPECT_EQ(store.editor.remove("nope", {}).error().code, Code::not_found);
  EXPECT_EQ(store.value("select count(*) from bl_audit"), "0");
}

TEST(ResultEditor, the_last_result_takes_its_series_and_its_run_along) {
  Edited store;
  const Submitted result = store.submit(submission_of(on_commit(1)));
  ASSERT_TRUE(store.editor.remove(result.id, {}).ok());
  EXPECT_EQ(store.runs.result(result.id).error().code, Code::not_found);
  EXPECT_TRUE(store.runs.recent_runs(std::nullopt, 10)->empty());
  EXPECT_TRUE(store.health.series({})->series.empty());
  EXPECT_EQ(store.health.facts()->results, 0);
  EXPECT_EQ(store.editor.remove(result.id, {}).error().code, Code::not_found);
}

TEST(ResultEditor, the_submission_key_of_a_removed_result_is_free_again) {
  Edited store;
  Draft draft = on_commit(1);
  draft.key = "once";
  const Submission submission = submission_of(draft);
  const std::string first = store.submit(submission).id;
  ASSERT_TRUE(store.editor.remove(first, {}).ok());
  const Submitted second = store.submit(submission);
  EXPECT_FALSE(second.replayed);
  EXPECT_NE(second.id, first);
  EXPECT_TRUE(store.submit(submission).replayed);
  EXPECT_EQ(store.submit(submission).id, second.id);
}

// A restored database, or one that another program writes to.
TEST(ResultEditor, a_result_that_nothing_derived_knows_of_is_changed_and_removed) {
  Edited store;
  const Submitted known = store.submit(submission_of(on_commit(1)));
  const Submitted foreign = store.submit(submission_of(on_commit(2)));
  store.run_sql("delete from bl_result_number where id = '" + foreign.id + "'");
  store.run_sql("update bl_series set result_count = 1, point_count = 1");
  store.run_sql("update bl_run set result_count = 1");
  ASSERT_TRUE(store.editor.annotate(foreign.id, object(R"({"a":1})"), {}).ok());
  EXPECT_EQ(store.annotations(foreign.id), R"({"a":1})");
  ASSERT_TRUE(store.editor.remove(foreign.id, {}).ok());
  EXPECT_EQ(store.value("select result_count from bl_series"), "1");
  EXPECT_EQ(store.value("select result_count from bl_run"), "1");
  EXPECT_TRUE(store.runs.result(known.id).ok());
}

}  // namespace
}  // namespace bl::results::testing
