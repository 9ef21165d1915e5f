// What every engine owes to those who ask it.
#include <thread>

#include "engine/tests/engine_world.h"

namespace bl::engine {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

enum class Which { duck, worker };

class Engines : public ::testing::TestWithParam<Which> {
 protected:
  void SetUp() override {
    // Rows in two files, and five in none.
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(world.points->append(lake::points(1 + i * 10, 10)).ok());
      ASSERT_TRUE(world.points->flush().ok());
    }
    ASSERT_TRUE(world.points->append(lake::points(21, 5)).ok());
    engine = GetParam() == Which::duck ? world.duck_engine()
                                       : world.worker_engine(world.worker_options());
  }
  Result<Answered> ask(std::string sql, duck::Values parameters = {}) {
    return all(*engine, world.query(std::move(sql), std::move(parameters)));
  }

  EngineWorld world;
  std::unique_ptr<Engine> engine;
};

INSTANTIATE_TEST_SUITE_P(Both, Engines, ::testing::Values(Which::duck, Which::worker),
                         [](const auto& which) {
                           return which.param == Which::duck ? "duck" : "worker";
                         });

TEST_P(Engines, rows_of_files_and_of_the_tail_are_read_once_each) {
  EXPECT_EQ(number(ask("SELECT count(*)::BIGINT FROM points")), 25);
  EXPECT_EQ(number(ask("SELECT sum(no)::BIGINT FROM points")), 25 * 26 / 2);
  EXPECT_EQ(number(ask("SELECT count(DISTINCT name)::BIGINT FROM POINTS")), 7);
}

TEST_P(Engines, a_pinned_snapshot_stands_still) {
  Query before = world.query("SELECT count(*)::BIGINT FROM points");
  ASSERT_TRUE(world.points->append(lake::points(26, 5)).ok());
  ASSERT_TRUE(world.points->flush().ok());
  EXPECT_EQ(number(all(*engine, std::move(before))), 25);
  EXPECT_EQ(number(ask("SELECT count(*)::BIGINT FROM points")), 30);
}

TEST_P(Engines, a_table_without_rows_has_its_columns) {
  const auto answered = ask("SELECT * FROM kinds");
  ASSERT_TRUE(answered.ok()) << outcome(answered);
  EXPECT_EQ(answered->rows.rows(), 0);
  ASSERT_EQ(answered->rows.columns(), 9);
  EXPECT_EQ(answered->rows.schema().fields()[7].type.kind, columns::Kind::timestamp);
  EXPECT_EQ(answered->statistics.rows, 0);
}

TEST_P(Engines, every_type_of_a_column_comes_back_also_null_from_file_and_tail) {
  Kinds::Builder builder;
  const std::vector<double> samples = {1.5, -0.0};
  ASSERT_TRUE(builder.append(1, true, -7, 0.25, std::string_view("ä'\""),
                             columns::Bytes{std::string_view("\0\xff", 2)}, columns::Date{19'000},
                             lake::k_test_start, samples));
  ASSERT_TRUE(builder.append(2, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                             std::nullopt, std::nullopt, std::nullopt, std::vector<double>{}));
  const columns::Batch rows = builder.finish().value();
  ASSERT_TRUE(world.kinds->append(rows).ok());
  const auto of_tail = ask("SELECT * FROM kinds ORDER BY no");
  ASSERT_TRUE(world.kinds->flush().ok());
  const auto of_file = ask("SELECT * FROM kinds ORDER BY no");
  for (const auto* answered : {&of_tail, &of_file}) {
    ASSERT_TRUE(answered->ok()) << outcome(*answered);
    const auto read = Kinds::read((*answered)->rows);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->size(), 2);
    EXPECT_EQ(read->column<"is_on">().get(0), true);
    EXPECT_EQ(read->column<"small">()[0], -7);
    EXPECT_EQ(read->column<"share">()[0], 0.25);
    EXPECT_EQ(read->column<"name">()[0], "ä'\"");
    EXPECT_EQ(read->column<"raw">()[0].bytes, std::string_view("\0\xff", 2));
    EXPECT_EQ(read->column<"day">()[0].days, 19'000);
    EXPECT_EQ(read->column<"at">()[0], lake::k_test_start);
    EXPECT_EQ(read->column<"samples">().size(0), 2);
    EXPECT_EQ(read->column<"samples">().size(1), 0);
    EXPECT_FALSE(read->column<"name">().get(1).has_value());
    EXPECT_FALSE(read->column<"at">().get(1).has_value());
  }
}

TEST_P(Engines, parameters_are_bound_by_position_and_never_read_as_sql) {
  EXPECT_EQ(number(ask("SELECT count(*)::BIGINT FROM points WHERE no BETWEEN ? AND ?",
                       {std::int64_t{3}, std::int64_t{5}})),
            3);
  EXPECT_EQ(number(ask("SELECT count(*)::BIGINT FROM points WHERE name = $1",
                       {std::string("'; DROP TABLE points; --")})),
            0);
  EXPECT_EQ(number(ask("SELECT octet_length(?::BLOB)::BIGINT", {columns::Bytes{"abc"}})), 3);
  EXPECT_EQ(number(ask("SELECT epoch_us(?)::BIGINT", {Timestamp{7}})), 7);
  EXPECT_EQ(number(ask("SELECT len(?)::BIGINT", {std::vector<std::string>{"a", "b"}})), 2);
  EXPECT_EQ(number(ask("SELECT list_sum(?)::BIGINT", {std::vector<std::int64_t>{1, 2}})), 3);
  EXPECT_EQ(number(ask("SELECT (? IS NULL)::BIGINT", {duck::Null{}})), 1);
  EXPECT_EQ(number(ask("SELECT (? - DATE '1970-01-01')::BIGINT", {columns::Date{3}})), 3);
  EXPECT_EQ(number(ask("SELECT isinf(?)::BIGINT", {std::numeric_limits<double>::infinity()})), 1);
  EXPECT_THAT(outcome(ask("SELECT ?")), StartsWith("invalid: the SQL has 1 parameters"));
  EXPECT_THAT(outcome(ask("SELECT ?", {std::string("\xff")})), HasSubstr("not UTF-8"));
}

TEST_P(Engines, more_rows_than_the_limit_are_cut_off_and_said_so) {
  Query some = world.query("SELECT range FROM range(10000)");
  some.limits.rows_max = 3'000;
  const auto cut = all(*engine, std::move(some));
  ASSERT_TRUE(cut.ok()) << outcome(cut);
  EXPECT_EQ(cut->rows.rows(), 3'000);
  EXPECT_EQ(cut->statistics.rows, 3'000);
  EXPECT_TRUE(cut->statistics.is_truncated);

  Query exact = world.query("SELECT range FROM range(3000)");
  exact.limits.rows_max = 3'000;
  const auto whole = all(*engine, std::move(exact));
  ASSERT_TRUE(whole.ok()) << outcome(whole);
  EXPECT_FALSE(whole->statistics.is_truncated) << "that many and no more";
}

TEST_P(Engines, more_bytes_than_the_limit_are_cut_off_and_said_so) {
  Query wide = world.query("SELECT repeat('x', 1000) AS wide FROM range(5000)");
  wide.limits.bytes_max = 1'000'000;
  const auto cut = all(*engine, std::move(wide));
  ASSERT_TRUE(cut.ok()) << outcome(cut);
  EXPECT_TRUE(cut->statistics.is_truncated);
  EXPECT_LE(cut->statistics.bytes, 1'000'000u);
  EXPECT_GT(cut->rows.rows(), 500);
}

TEST_P(Engines, statistics_name_the_snapshots_and_count_the_rows) {
  const auto answered = ask("SELECT no FROM points");
  ASSERT_TRUE(answered.ok()) << outcome(answered);
  const Statistics& told = answered->statistics;
  EXPECT_EQ(told.rows, 25);
  EXPECT_EQ(told.files_scanned, 2);
  EXPECT_EQ(told.files_skipped, 0);
  EXPECT_GT(told.wall.count(), 0);
  EXPECT_EQ(told.snapshots.at("points"), world.points->snapshot().id());
}

TEST_P(Engines, files_that_the_ranges_rule_out_are_not_handed_over) {
  Query query = world.query("SELECT count(*)::BIGINT FROM points WHERE no > 15");
  query.tables[0].ranges = {{"no", lake::Bound(std::int64_t{16}), std::nullopt}};
  const auto answered = all(*engine, std::move(query));
  EXPECT_EQ(number(answered), 10);
  EXPECT_EQ(answered->statistics.files_scanned, 1);
  EXPECT_EQ(answered->statistics.files_skipped, 1);
}

TEST_P(Engines, files_are_opened_in_the_order_that_is_asked_for) {
  Query query = world.query("SELECT no FROM points LIMIT 1");
  const auto first_no = [](const lake::DataFile& file) {
    for (const auto& column : file.columns) {
      if (column.path[0] == "no") return std::stoll(*column.min);
    }
    return -1ll;
  };
  query.tables[0].opened_before = [&](const auto& a, const auto& b) {
    return first_no(a) > first_no(b);
  };
  EXPECT_GT(number(all(*engine, std::move(query))), 10);
}

TEST_P(Engines, a_table_shows_the_columns_that_its_own_select_list_gives) {
  Query query = world.query("SELECT sum(twice)::BIGINT FROM points");
  query.tables[0].columns = "no * 2 AS twice, name";
  EXPECT_EQ(number(all(*engine, std::move(query))), 25 * 26);
  Query hidden = world.query("SELECT no FROM points");
  hidden.tables[0].columns = "no * 2 AS twice, name";
  EXPECT_THAT(outcome(all(*engine, std::move(hidden))), StartsWith("invalid"));
}

TEST_P(Engines, numbered_rows_are_numbered_through_files_and_tail) {
  // The first file holds 1 to 10; row n of the snapshot holds n + 1.
  Query query = world.query(
      "SELECT count(*)::BIGINT FROM points WHERE \"__bl_row\" + 1 = no AND no BETWEEN 1 AND 25");
  query.tables[0].row_number = true;
  EXPECT_EQ(number(all(*engine, std::move(query))), 25);

  Query pruned = world.query("SELECT min(\"__bl_row\")::BIGINT FROM points");
  pruned.tables[0].row_number = true;
  pruned.tables[0].columns = "no AS other";
  pruned.tables[0].ranges = {{"no", lake::Bound(std::int64_t{16}), std::nullopt}};
  const auto answered = all(*engine, std::move(pruned));
  EXPECT_EQ(number(answered), 10) << "a file that is not read is counted";
  EXPECT_EQ(answered->statistics.files_skipped, 1);

  Query none = world.query("SELECT count(\"__bl_row\")::BIGINT FROM kinds");
  none.tables[1].row_number = true;
  EXPECT_EQ(number(all(*engine, std::move(none))), 0);
}

TEST_P(Engines, an_error_says_line_and_column) {
  const auto answered = ask("SELECT no,\n       nobody\nFROM points");
  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code, Code::invalid);
  EXPECT_THAT(answered.error().message, StartsWith("at line 2, column 8: "));
  ASSERT_EQ(answered.error().faults.size(), 1u);
  EXPECT_EQ(answered.error().faults[0].path, "/sql");
  EXPECT_EQ(answered.error().faults[0].message, "line 2, column 8");
  EXPECT_THAT(outcome(ask("SELEC 1")), StartsWith("malformed: at line 1, column 1"));
  EXPECT_THAT(outcome(ask("")), StartsWith("malformed"));
  EXPECT_THAT(outcome(ask("SELECT * FROM nowhere")), StartsWith("not_found"));
  EXPECT_THAT(outcome(ask("SELECT 'x'::BIGINT")), StartsWith("invalid"));
  EXPECT_THAT(outcome(ask("SELECT 1; SELECT 2")), StartsWith("invalid"));
  EXPECT_EQ(number(ask("SELECT 1::BIGINT;")), 1) << "and the next query is answered";
}

TEST_P(Engines, what_would_change_something_is_refused) {
  for (const char* sql : {"CREATE TABLE t(a INT)", "DELETE FROM points", "SET threads = 1",
                          "CREATE VIEW v AS SELECT 1", "BEGIN", "VACUUM", "CHECKPOINT"}) {
    EXPECT_THAT(outcome(ask(sql)), AnyOf(StartsWith("forbidden"), StartsWith("invalid"))) << sql;
  }
  EXPECT_EQ(outcome(ask("DESCRIBE points")), "ok");
  EXPECT_EQ(outcome(ask("SUMMARIZE points")), "ok");
  EXPECT_EQ(outcome(ask("EXPLAIN SELECT no FROM points")), "ok");
  EXPECT_EQ(outcome(ask("VALUES (1), (2)")), "ok");
  EXPECT_EQ(outcome(ask("WITH a AS (SELECT 1) SELECT * FROM a")), "ok");
}

TEST_P(Engines, a_deadline_ends_an_endless_query) {
  Query query =
      world.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b");
  query.limits.time_max = std::chrono::milliseconds(600);
  EXPECT_THAT(outcome(all(*engine, std::move(query))), StartsWith("timeout"));
  EXPECT_EQ(number(ask("SELECT 1::BIGINT")), 1);
}

TEST_P(Engines, a_query_is_cancelled_before_it_begins_and_while_it_runs) {
  Query early = world.query("SELECT 1");
  early.control = std::make_shared<QueryControl>();
  early.control->cancel();
  EXPECT_THAT(outcome(all(*engine, std::move(early))), StartsWith("cancelled"));

  Query late =
      world.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b");
  late.control = std::make_shared<QueryControl>();
  std::jthread canceller([this, control = late.control] {
    while (world.running() == 0) std::this_thread::yield();
    control->cancel();
  });
  EXPECT_THAT(outcome(all(*engine, std::move(late))), StartsWith("cancelled"));
  EXPECT_EQ(number(ask("SELECT 1::BIGINT")), 1);
}

TEST_P(Engines, going_away_from_an_answer_frees_its_place) {
  for (int i = 0; i < 4; ++i) {  // more than there are places
    const auto cursor = engine->run(world.query("SELECT * FROM range(100000000)"));
    ASSERT_TRUE(cursor.ok()) << cursor.error().message;
    ASSERT_TRUE((*cursor)->next().ok());
  }
}

TEST_P(Engines, places_are_given_in_turn_and_more_than_may_wait_are_refused) {
  const auto one = engine->run(world.query("SELECT * FROM range(100000000)"));
  auto two = engine->run(world.query("SELECT * FROM range(100000000)"));
  ASSERT_TRUE(one.ok() && two.ok());
  std::vector<std::string> outcomes(2);
  {
    std::vector<std::jthread> waiting;
    for (std::string& said : outcomes) {
      Query query = world.query("SELECT 1::BIGINT");
      waiting.emplace_back([this, &said, query] { said = outcome(all(*engine, query)); });
    }
    while (world.waiting() < 2) std::this_thread::yield();
    EXPECT_THAT(outcome(ask("SELECT 1")), StartsWith("overloaded"));
    two = Error{Code::cancelled, "goes away"};
  }
  EXPECT_THAT(outcomes, ElementsAre("ok", "ok"));
}

}  // namespace
}  // namespace bl::engine
