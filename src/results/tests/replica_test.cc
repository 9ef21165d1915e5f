// The replica beside a real store: what the store says is in the lake, whatever happens.
#include "results/replica.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using replica::results_shape;
using replica::runs_shape;
using replica::samples_shape;
using replica::series_shape;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

constexpr std::int64_t k_month = 31LL * 24 * k_hour;

Draft at_hour(int hour, const std::string& name = "sort") {
  Draft draft = on_commit(hour);
  draft.name = name;
  draft.timestamp = Timestamp{k_start.micros + hour * k_hour};
  return draft;
}

TEST(Replica, first_refresh_exports_everything_by_month) {
  ReplicaWorld world;
  for (int i = 0; i < 5; ++i) world.submit(submission_of(at_hour(i)));
  Draft later = at_hour(6, "merge");
  later.timestamp = Timestamp{k_start.micros + k_month};
  const auto last = world.submit(submission_of(later));
  world.refresh_all();

  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.state, ReplicaRound::State::current);
  EXPECT_EQ(round.exported, 6);
  EXPECT_THAT(world.lake_values(results_shape(), "month"),
              ElementsAre("202408", "202408", "202408", "202408", "202408", "202409"));
  EXPECT_EQ(world.lake_ids().back(), last.id);
  EXPECT_THAT(world.lake_values(samples_shape(), "data"), SizeIs(6));
  EXPECT_THAT(world.lake_values(series_shape(), "name"), ElementsAre("merge", "sort"));
  EXPECT_THAT(world.lake_values(runs_shape(), "result_count"), SizeIs(6));
  EXPECT_THAT(world.lake_values(replica::commits_shape(), "sha"), SizeIs(6));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, new_results_are_one_small_file_and_nothing_is_made_again) {
  ReplicaWorld world;
  world.submit(submission_of(at_hour(0)));
  world.refresh();
  const auto before = world.files(results_shape());

  for (int i = 1; i < 4; ++i) world.submit(submission_of(at_hour(i)));
  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.changes, 3);
  EXPECT_EQ(round.rows, 3);
  EXPECT_EQ(world.files(results_shape()), before + 1);
  EXPECT_EQ(world.refresh().changes, 0);
  EXPECT_EQ(world.files(results_shape()), before + 1);
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, edits_and_deletes_go_over) {
  ReplicaWorld world;
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(world.submit(submission_of(at_hour(i))).id);
  world.refresh();

  const Editor who{.id = "u", .name = "operator"};
  ASSERT_OK(world.editor.annotate(
      ids[1], json::Value::object({{"begins_distribution_change", json::Value::boolean(true)}}),
      who));
  ASSERT_OK(world.editor.remove(ids[2], who));
  world.refresh();
  EXPECT_THAT(world.lake_values(results_shape(), "begins_change"),
              ElementsAre("false", "false", "true"));
  EXPECT_THAT(world.lake_ids(), ElementsAre(ids[0], ids[1], ids[3]));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, place_in_the_log_outlives_the_process) {
  ReplicaWorld world;
  for (int i = 0; i < 3; ++i) world.submit(submission_of(at_hour(i)));
  world.refresh();
  world.submit(submission_of(at_hour(4)));
  world.refresh();
  world.open_lake();
  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.exported, 0);
  EXPECT_EQ(round.changes, 0);
  EXPECT_THAT(world.lake_values(results_shape(), "result_no"), SizeIs(4));
}

// A number of the log is taken before its row is there to be seen.
TEST(Replica, nothing_is_passed_over_that_a_transaction_under_way_will_say) {
  ReplicaWorld world;
  if (world.database->dialect() == store::Dialect::sqlite) GTEST_SKIP() << "one writer at a time";
  const std::string first = world.submit(submission_of(at_hour(0))).id;
  world.refresh();
  ASSERT_OK(world.database->write([&](store::Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] auto changed,
           connection.execute("update benchmark_result set mean = 77 where id = $1",
                              {std::string_view(first)}));
    BL_TRY([[maybe_unused]] auto logged,
           connection.execute("insert into benchlake.change_log (op, result_id, result_timestamp, "
                              "at) values ('update', $1, 0, 0)",
                              {std::string_view(first)}));
    // Commits before us, with a later number.
    world.submit(submission_of(at_hour(1)));
    EXPECT_EQ(world.refresh().changes, 0);
    EXPECT_EQ(world.refresh().changes, 0);
    return {};
  }));
  EXPECT_EQ(world.refresh().changes, 2);
  EXPECT_THAT(world.lake_values(results_shape(), "mean", "WHERE mean > 50"), ElementsAre("77.0"));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, the_log_keeps_what_is_young_what_the_lake_has_not_and_its_newest_row) {
  ReplicaWorld world;
  world.limits.log_kept = std::chrono::hours(24);
  world.limits.prune_rows_max = 2;
  world.replicator = world.make_replicator();
  const auto rows = [&] { return world.value("select count(*) from bl_change_log"); };
  for (int i = 0; i < 7; ++i) world.submit(submission_of(at_hour(i)));
  world.refresh();
  EXPECT_EQ(rows(), "7") << "young";

  world.clock.advance(std::chrono::hours(25));
  world.submit(submission_of(at_hour(7)));
  EXPECT_EQ(world.refresh().log_pruned, 7);
  EXPECT_EQ(rows(), "1");
  world.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(world.refresh().log_pruned, 0) << "the row of the place";

  // Who comes back goes on from there, and finds nothing amiss.
  world.submit(submission_of(at_hour(8)));
  world.replicator = world.make_replicator();
  EXPECT_EQ(world.refresh().changes, 1);
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, what_a_result_left_that_came_and_went_between_two_refreshes_is_there) {
  ReplicaWorld world;
  world.submit(submission_of(at_hour(0)));
  world.refresh();
  const auto gone = world.submit(submission_of(at_hour(1)));
  ASSERT_OK(world.editor.remove(gone.id, {.id = "u", .name = "operator"}));
  world.refresh();
  EXPECT_THAT(world.lake_values(replica::commits_shape(), "sha"), SizeIs(2));
  EXPECT_THAT(world.differences(), IsEmpty());
}

/// Two results a month of two years, and one of the year that goes on.
struct ThreeYears : ReplicaWorld {
  ThreeYears() {
    limits.sealed_rows_per_file = 10;
    replicator = make_replicator();
    clock.advance(std::chrono::hours(24 * 366 * 2));
    for (int i = 0; i < 48; ++i) send(i / 2, i);
    send(28, 48);
    EXPECT_EQ(refresh().exported, 49);
  }
  void send(int month, int i) {
    Draft draft = on_commit(i);
    draft.name = "case-" + std::to_string(i % 5);
    draft.timestamp =
        Timestamp{replica::begin_of(202301 + month / 12 * 100 + month % 12).micros + i};
    results.push_back(submit(submission_of(draft)));
  }
  /// The groups in which files of the results lie.
  std::set<std::string> groups() {
    std::set<std::string> out;
    const auto table = lake->table("results").value();
    for (const lake::DataFile& file : table->snapshot().files().files()) {
      out.insert(replica::group_of_file("results", file.key)->name);
    }
    return out;
  }
  std::vector<Submitted> results;
};

TEST(Replica, years_that_ended_long_ago_are_sealed_one_at_a_time) {
  ThreeYears world;  // the first refresh sealed the first
  EXPECT_EQ(world.groups().count("202301"), 0u);
  EXPECT_EQ(world.groups().count("202401"), 1u);
  EXPECT_EQ(world.refresh().sealed, 2) << "the next year, of both tables";
  EXPECT_EQ(world.refresh().sealed, 0);
  const auto groups = world.groups();
  EXPECT_TRUE(groups.contains("202505")) << "the year that goes on stays by month";
  EXPECT_EQ(std::ranges::count_if(groups, [](auto& name) { return name.starts_with("2023-b"); }),
            std::ranges::count_if(groups, [](auto& name) { return name.starts_with("2024-b"); }));
  EXPECT_THAT(world.lake_ids(), SizeIs(49));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, sealed_years_take_late_results_edits_and_deletes) {
  ThreeYears world;
  world.refresh();
  const Editor who{.id = "u", .name = "operator"};
  ASSERT_OK(world.editor.remove(world.results[3].id, who));
  ASSERT_OK(world.editor.annotate(
      world.results[7].id,
      json::Value::object({{"begins_distribution_change", json::Value::boolean(true)}}), who));
  world.send(4, 100);
  EXPECT_EQ(world.refresh().sealed, 0) << "so few late rows wait";
  EXPECT_TRUE(world.groups().contains("202305"));
  EXPECT_THAT(world.lake_ids(), SizeIs(49));
  EXPECT_THAT(world.lake_values(results_shape(), "count(*)", "WHERE begins_change"),
              ElementsAre("1"));
  EXPECT_THAT(world.differences(), IsEmpty());
  for (int i = 101; i < 106; ++i) world.send(5, i);
  EXPECT_EQ(world.refresh().sealed, 2) << "now the year is made again";
  EXPECT_FALSE(world.groups().contains("202305"));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, what_is_wrong_in_a_sealed_year_is_found_and_mended) {
  ThreeYears world;
  world.refresh();
  const auto table = world.lake->table("results").value();
  std::string key;
  for (const lake::DataFile& file : table->snapshot().files().files()) {
    if (replica::group_of_file("results", file.key)->name.starts_with("2023-b")) key = file.key;
  }
  lake::Change change;
  change.removed = {key};
  change.group = replica::group_of_file("results", key)->name;
  change.select =
      "(SELECT * EXCLUDE place REPLACE (CASE WHEN place = 2 THEN 202402 ELSE \"month\" END AS "
      "\"month\") FROM (SELECT *, row_number() OVER (ORDER BY result_no) AS place FROM "
      "removed_rows) WHERE place <> 1)";
  ASSERT_OK(table->replace(change));
  EXPECT_THAT(world.differences(),
              ::testing::UnorderedElementsAre("results missing", "results wrong month"));
  ASSERT_OK(world.replicator->check(ReplicaRepair::yes));
  EXPECT_THAT(world.differences(), IsEmpty());
  EXPECT_THAT(world.lake_ids(), SizeIs(49));
}

// A submission that ended before its result left its dimensions.
TEST(Replica, a_dimension_that_no_result_names_need_not_be_there) {
  ReplicaWorld world;
  world.submit(submission_of(at_hour(0)));
  world.refresh();
  ASSERT_OK(world.database->write([](store::Connection& connection) -> Result<void> {
    const store::Sql sql("insert into info (id, tags) values ($1, $2)");
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(sql, {std::string_view("00000000000000000000000000000001"),
                                    std::string_view("{\"left\": \"alone\"}")}));
    return {};
  }));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, a_change_without_effect_is_not_pruned_before_the_lake_says_so) {
  ReplicaWorld world;
  world.limits.log_kept = std::chrono::hours(1);
  world.replicator = world.make_replicator();
  const auto first = world.submit(submission_of(at_hour(0)));
  world.refresh();
  // A result that comes and goes between two refreshes leaves nothing to commit.
  const auto gone = world.submit(submission_of(at_hour(1)));
  ASSERT_OK(world.editor.remove(gone.id, {.id = "u", .name = "operator"}));
  world.clock.advance(std::chrono::hours(2));
  world.refresh();
  world.replicator = world.make_replicator();
  EXPECT_EQ(world.refresh().state, ReplicaRound::State::current) << "its place is still there";
  EXPECT_THAT(world.lake_ids(), ElementsAre(first.id));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, a_commit_that_becomes_known_changes_its_results) {
  ReplicaWorld world;
  Draft unknown = at_hour(3);
  unknown.commit_time.reset();
  unknown.branch.reset();
  world.submit(submission_of(unknown));
  world.refresh();
  EXPECT_THAT(world.lake_values(results_shape(), "commit_timestamp"), ElementsAre("-"));
  world.submit(submission_of(at_hour(3)));
  world.refresh();
  EXPECT_THAT(world.lake_values(results_shape(), "commit_timestamp",
                                "WHERE commit_timestamp IS "
                                "NOT NULL"),
              SizeIs(2));
  EXPECT_THAT(world.lake_values(replica::commits_shape(), "sha"), SizeIs(1));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, an_id_that_another_program_made_is_kept_as_it_is) {
  ReplicaWorld world;
  const std::string id = world.submit(submission_of(at_hour(0))).id;
  world.submit(submission_of(at_hour(1)));
  world.run_sql("update benchmark_result set id = 'Some other id' where id = '" + id + "'");
  world.run_sql("update bl_result_number set id = 'Some other id' where id = '" + id + "'");
  world.refresh();
  EXPECT_THAT(world.lake_ids(), ::testing::Contains("Some other id"));
  ASSERT_OK(world.editor.remove("Some other id", {.id = "u", .name = "operator"}));
  world.refresh();
  EXPECT_THAT(world.lake_ids(), SizeIs(1));
  EXPECT_THAT(world.differences(), IsEmpty());
}

// docs/formats/replica.md is written by hand.
TEST(Replica, the_page_of_the_format_lists_every_column) {
  const char* const source = std::getenv("BL_TEST_SOURCE");
  if (source == nullptr) GTEST_SKIP() << "BL_TEST_SOURCE is not set";
  std::ifstream file(std::string(source) + "/docs/formats/replica.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(page.empty());
  const auto type_of = [](columns::Kind kind) -> std::string {
    switch (kind) {
      case columns::Kind::boolean:
        return "BOOLEAN";
      case columns::Kind::int64:
        return "BIGINT";
      case columns::Kind::float64:
        return "DOUBLE";
      case columns::Kind::timestamp:
        return "TIMESTAMPTZ";
      default:
        return "VARCHAR";
    }
  };
  std::vector<const replica::Shape*> shapes(replica::all_shapes().begin(),
                                            replica::all_shapes().end());
  shapes.push_back(&replica::repositories_shape());
  for (const replica::Shape* shape : shapes) {
    const auto begin = page.find("### `" + std::string(shape->name) + "`");
    ASSERT_NE(begin, std::string::npos) << shape->name;
    const std::string section =
        page.substr(begin, page.find("\n\n", page.find("|---", begin)) - begin);
    for (const replica::Column& column : shape->columns) {
      EXPECT_THAT(section,
                  HasSubstr("| `" + std::string(column.name) + "` | " + type_of(column.kind) +
                            " | " + (column.nullable ? "yes" : "no") + " |"))
          << shape->name;
    }
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(section, '\n')),
              shape->columns.size() + 3)
        << shape->name;
  }
}

}  // namespace
}  // namespace bl::results::testing
