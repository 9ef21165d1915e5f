#include "duck/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "columns/table.h"
#include "duck/database.h"

namespace bl::duck {
namespace {

using columns::Batch;
using columns::Is;
using columns::List;
using columns::Table;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// More rows than any test waits for.
constexpr const char* k_endless = "SELECT sum(sqrt(range) + sin(range)) FROM range(100000000000)";

class Connections : public ::testing::Test {
 protected:
  std::unique_ptr<Database> database_ = Database::open({}).value();
  std::unique_ptr<Connection> connection_ = database_->connect().value();

  Batch all(std::string_view sql, const Values& values = {}) {
    return connection_->query(sql, values).value().all().value();
  }
  std::int64_t number(std::string_view sql, const Values& values = {}) {
    return all(sql, values).column(0).as<std::int64_t>().value()[0];
  }
  Error error(std::string_view sql, const Values& values = {}) {
    auto answer = connection_->query(sql, values);
    if (!answer.ok()) return answer.error();
    auto rows = answer->all();
    return rows.ok() ? Error{Code::internal, "no error"} : rows.error();
  }
};

TEST_F(Connections, values_of_every_kind_come_back_typed) {
  const Batch row = all(
      "SELECT true AS b, 7::BIGINT AS i, 1.5::DOUBLE AS d, 'é' AS t, '\\x00\\xFF'::BLOB AS x, "
      "DATE '1970-01-03' AS day, TIMESTAMPTZ '1970-01-01 00:00:01+00' AS at, [1.5, 2.5] AS l, "
      "{'a': 1, 'b': 'x'} AS s, MAP {'k': 2} AS m, 12.34::DECIMAL(10,2) AS n, sum(9::BIGINT) AS h, "
      "uuid '00000000-0000-0000-0000-000000000001' AS u, NULL::INTEGER AS z, "
      "TIMESTAMP '1970-01-01 00:00:02' AS naive, TIME '00:00:03' AS time");
  EXPECT_EQ(row.schema().text(),
            "b: boolean, i: int64, d: float64, t: text, x: binary, day: date, at: timestamp, "
            "l: list<decimal(2, 1)>, s: struct<a: int32, b: text>, m: map<text, int32>, "
            "n: decimal(10, 2), h: decimal(38, 0), u: text, z: int32, naive: naive_timestamp, "
            "time: time");
  EXPECT_TRUE(row.column("b").value().as<bool>().value()[0]);
  EXPECT_EQ(row.column("t").value().as<std::string_view>().value()[0], "é");
  EXPECT_EQ(row.column("x").value().as<columns::Bytes>().value()[0].bytes,
            std::string_view("\0\xff", 2));
  EXPECT_EQ(row.column("day").value().as<columns::Date>().value()[0], columns::Date{2});
  EXPECT_EQ(row.column("at").value().as<Timestamp>().value()[0], Timestamp{1'000'000});
  EXPECT_EQ(row.column("h").value().as<columns::Decimal>().value()[0], (columns::Decimal{9, 0}));
  EXPECT_TRUE(row.column("z").value().is_null(0));
}

TEST_F(Connections, parameters_of_every_kind_arrive) {
  EXPECT_EQ(number("SELECT $1 + 1", {std::int64_t{41}}), 42);
  EXPECT_EQ(number("SELECT length($1)", {std::string("a'b\"; DROP TABLE x")}), 18);
  EXPECT_EQ(number("SELECT octet_length($1)", {columns::Bytes{std::string_view("\0\1", 2)}}), 2);
  EXPECT_EQ(number("SELECT epoch_us($1)", {Timestamp{1'234'567}}), 1'234'567);
  EXPECT_EQ(number("SELECT date_diff('day', DATE '1970-01-01', $1)", {columns::Date{9}}), 9);
  EXPECT_EQ(number("SELECT count(*) FROM (SELECT unnest($1) AS x) WHERE x = ANY ($2)",
                   {std::vector<std::string>{"a", "b", "c"}, std::vector<std::string>{"b", "z"}}),
            1);
  EXPECT_EQ(number("SELECT list_sum($1)::BIGINT", {std::vector<std::int64_t>{1, 2, 3}}), 6);
  EXPECT_EQ(
      number("SELECT len($1) + len($2)", {std::vector<std::string>(), std::vector<std::int64_t>()}),
      0);
  EXPECT_EQ(number("SELECT ($1 IS NULL AND $2 AND $3 = 0.5)::BIGINT", {Null{}, true, 0.5}), 1);
}

TEST_F(Connections, parameters_are_checked) {
  EXPECT_EQ(error("SELECT $1 + $2", {std::int64_t{1}}).message,
            "the SQL has 2 parameters, values for it: 1");
  EXPECT_EQ(error("SELECT $1", {std::string("\xff")}).message, "a text is not UTF-8: parameter 1");
  EXPECT_EQ(error("SELECT $1::BIGINT", {std::string("seven")}).code, Code::invalid);
}

TEST_F(Connections, statements_are_prepared_once_and_run_often) {
  ASSERT_TRUE(connection_->run("CREATE TABLE t(i BIGINT)").ok());
  auto insert = connection_->prepare("INSERT INTO t VALUES (?), (?)").value();
  EXPECT_EQ(insert.parameters(), 2);
  for (std::int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(insert.run({i, i + 1000}).value(), 2);
  }
  EXPECT_EQ(number("SELECT count(*) FROM t"), 100);
  EXPECT_EQ(connection_->run("DELETE FROM t WHERE i >= ?", {std::int64_t{1000}}).value(), 50);
  EXPECT_EQ(connection_->run("UPDATE t SET i = 0 WHERE i < 3").value(), 3);
  EXPECT_EQ(connection_->run("DROP TABLE t").value(), 0);
}

TEST_F(Connections, rows_stream_in_batches) {
  auto answer = connection_->query("SELECT range AS i FROM range(1000000)").value();
  std::int64_t rows = 0, batches = 0, sum = 0;
  while (auto batch = answer.next().value()) {
    const auto i = batch->column(0).as<std::int64_t>().value();
    for (std::int64_t row = 0; row < i.rows(); ++row) sum += i[row];
    rows += i.rows();
    ++batches;
  }
  EXPECT_EQ(rows, 1'000'000);
  EXPECT_EQ(sum, 499'999'500'000);
  EXPECT_GT(batches, 100);
  EXPECT_EQ(answer.next().value(), std::nullopt);  // the end stays the end
}

TEST_F(Connections, an_answer_without_rows_has_its_schema) {
  const Batch none = all("SELECT 1 AS a, 'x' AS b WHERE false");
  EXPECT_EQ(none.rows(), 0);
  EXPECT_EQ(none.schema().text(), "a: int32, b: text");
}

TEST_F(Connections, columns_of_one_name_get_numbers) {
  EXPECT_EQ(all("SELECT 1 AS a, 2 AS a, 3 AS a").schema().text(),
            "a: int32, a_1: int32, a_2: int32");
}

TEST_F(Connections, too_many_rows_for_one_batch_are_refused) {
  auto answer = connection_->query("SELECT * FROM range(10000)").value();
  EXPECT_EQ(answer.all(9999).error().message,
            "a query gives more rows than 9999: SELECT * FROM range(10000)");
}

TEST_F(Connections, one_answer_at_a_time) {
  {
    auto open = connection_->query("SELECT * FROM range(1000000)").value();
    EXPECT_THAT(connection_->run("SELECT 1").error().message,
                StartsWith("the connection still answers another query"));
  }
  EXPECT_EQ(number("SELECT 1::BIGINT"), 1);
}

TEST_F(Connections, an_answer_that_is_dropped_ends_its_query) {
  for (const char* sql : {"SELECT * FROM range(100000000000)",
                          "SELECT a.range + b.range FROM range(10000000) a, range(10000000) b"}) {
    auto answer = connection_->query(sql).value();
    EXPECT_GT(answer.next().value()->rows(), 0);
  }
  EXPECT_EQ(number("SELECT 1::BIGINT"), 1);
}

TEST_F(Connections, errors_name_place_and_value) {
  ASSERT_TRUE(connection_->run("CREATE TABLE t(i BIGINT PRIMARY KEY)").ok());
  const Error no_column = error("SELECT i,\n  nobody\nFROM t");
  EXPECT_EQ(no_column.code, Code::invalid);
  EXPECT_THAT(no_column.message, StartsWith("at line 2, column 3: "));
  EXPECT_THAT(no_column.message, HasSubstr("\"nobody\""));
  EXPECT_EQ(no_column.message.find('\n'), std::string::npos);

  EXPECT_EQ(error("SELEKT 1").code, Code::malformed);
  EXPECT_THAT(error("SELEKT 1").message, StartsWith("at line 1, column 1: "));
  EXPECT_EQ(error("SELECT * FROM gone").code, Code::not_found);
  EXPECT_THAT(error("SELECT * FROM gone").message, HasSubstr("gone"));
  EXPECT_EQ(error("SELECT * FROM '/nowhere/x.parquet'").code, Code::not_found);
  EXPECT_EQ(error("SELECT 'abc'::BIGINT").code, Code::invalid);
  EXPECT_THAT(error("SELECT 'abc'::BIGINT").message, HasSubstr("abc"));
  ASSERT_TRUE(connection_->run("INSERT INTO t VALUES (1)").ok());
  EXPECT_EQ(error("INSERT INTO t VALUES (1)").code, Code::conflict);
  EXPECT_EQ(error("").code, Code::malformed);
  EXPECT_EQ(error("SELECT 1; SELECT 2").code, Code::invalid);
  EXPECT_EQ(error("SELECT \xff").code, Code::malformed);
  EXPECT_EQ(error(std::string_view("SELECT 1\0, 2", 12)).code, Code::malformed);
}

TEST_F(Connections, an_error_while_rows_come_is_an_error_of_next) {
  auto answer = connection_
                    ->query(
                        "SELECT CASE WHEN range < 900000 THEN '1' ELSE 'x' END::BIGINT "
                        "FROM range(1000000)")
                    .value();
  Result<std::optional<Batch>> last = answer.next();
  while (last.ok() && *last) last = answer.next();
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error().code, Code::invalid) << last.error().message;
}

TEST_F(Connections, a_deadline_ends_a_query_with_its_limit_in_the_message) {
  const auto before = std::chrono::steady_clock::now();
  const auto run = connection_->run(k_endless, {}, {.time_max = std::chrono::milliseconds(50)});
  EXPECT_EQ(run.error().code, Code::timeout);
  EXPECT_THAT(run.error().message, StartsWith("a query took longer than 50 ms: SELECT sum("));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
  EXPECT_EQ(number("SELECT 1::BIGINT"), 1);  // the connection goes on
}

TEST_F(Connections, a_deadline_holds_while_rows_are_taken) {
  auto answer = connection_->query("SELECT * FROM range(100000000000)", {},
                                   {.time_max = std::chrono::milliseconds(50)});
  Result<std::optional<Batch>> last = answer->next();
  while (last.ok() && *last) last = answer->next();
  EXPECT_EQ(last.error().code, Code::timeout);
}

TEST_F(Connections, an_interrupt_from_another_thread_cancels_what_runs) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) connection_->interrupt();
  });
  const auto run = connection_->run(k_endless);
  done = true;
  other.join();
  EXPECT_EQ(run.error().code, Code::cancelled);
  EXPECT_THAT(run.error().message, StartsWith("a query was interrupted: SELECT sum("));
  connection_->interrupt();  // nothing runs: nothing happens
  EXPECT_EQ(number("SELECT 1::BIGINT"), 1);
}

TEST_F(Connections, progress_grows_while_a_query_scans_a_table) {
  ASSERT_TRUE(connection_->run("CREATE TABLE t AS SELECT range AS i FROM range(5000000)").ok());
  double fraction = 0;
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    while (!done && fraction == 0) fraction = connection_->progress().fraction;
    connection_->interrupt();  // seen enough
  });
  (void)connection_->run("SELECT count(DISTINCT md5(i::VARCHAR)) FROM t");
  done = true;
  watcher.join();
  EXPECT_GT(fraction, 0.0);
  EXPECT_LT(fraction, 1.0);
  EXPECT_EQ(connection_->progress().fraction, 0.0);  // nothing runs
}

TEST_F(Connections, a_transaction_is_kept_whole_or_not_at_all) {
  ASSERT_TRUE(connection_->run("CREATE TABLE t(i BIGINT)").ok());
  const auto insert = [&](std::int64_t i) -> Result<void> {
    auto done = connection_->run("INSERT INTO t VALUES (?)", {i});
    if (!done.ok()) return std::move(done).error();
    return {};
  };
  EXPECT_TRUE(connection_->transaction([&] { return insert(1); }).ok());
  const auto failed = connection_->transaction([&]() -> Result<void> {
    BL_RETURN_IF_ERROR(insert(2));
    return Error{Code::invalid, "no"};
  });
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(Connections, two_transactions_on_one_row_conflict) {
  const auto other = database_->connect().value();
  ASSERT_TRUE(connection_->run("CREATE TABLE t AS SELECT 1 AS i").ok());
  ASSERT_TRUE(connection_->run("BEGIN").ok());
  ASSERT_TRUE(connection_->run("UPDATE t SET i = 2").ok());
  EXPECT_EQ(other->run("UPDATE t SET i = 3").error().code, Code::conflict);
  ASSERT_TRUE(connection_->run("COMMIT").ok());
}

using Points = Table<Is<"id", std::int64_t>, Is<"name", std::optional<std::string_view>>,
                     Is<"failed", bool>, Is<"at", Timestamp>, Is<"samples", List<double>>>;

Batch points(std::int64_t from, std::int64_t count) {
  Points::Builder builder;
  for (std::int64_t i = from; i < from + count; ++i) {
    const std::string name = "a name that is longer than twelve bytes " + std::to_string(i);
    std::optional<std::string_view> shown;
    if (i % 7 != 0) shown = name;
    const std::vector<double> samples(static_cast<std::size_t>(i % 3), 0.5);
    BL_CHECK(builder.append(i, shown, i % 2 == 1, Timestamp{i}, samples));
  }
  return builder.finish().value();
}

TEST_F(Connections, offered_batches_are_read_as_a_table) {
  const std::vector<Batch> batches{points(0, 5000), points(5000, 1), points(0, 0),
                                   points(0, 9000).slice(5001, 3000)};
  const auto table = connection_->offer("tail", Points::schema(), batches).value();
  EXPECT_EQ(number("SELECT count(*) FROM tail"), 8001);
  EXPECT_EQ(number("SELECT sum(id)::BIGINT FROM tail"), 8000 * 8001 / 2);
  EXPECT_EQ(number("SELECT count(*) FROM tail WHERE failed AND name LIKE '%7'"), 800 - 115);
  EXPECT_EQ(number("SELECT sum(len(samples))::BIGINT FROM tail"), 8001);
  EXPECT_EQ(number("SELECT count(*) FROM tail a JOIN tail b USING (name)"),
            number("SELECT count(name) FROM tail"));
  const Batch back = all("SELECT * FROM tail");  // in its order
  ASSERT_EQ(back.rows(), 8001);
  const auto id = back.column("id").value().as<std::int64_t>().value();
  for (std::int64_t i = 0; i < id.rows(); ++i) ASSERT_EQ(id[i], i);
  const auto names = back.column("name").value().as<std::string_view>().value();
  EXPECT_EQ(names[8000], "a name that is longer than twelve bytes 8000");
  EXPECT_TRUE(names.is_null(7));
}

TEST_F(Connections, an_offer_may_be_read_in_any_order_by_all_threads) {
  std::vector<Batch> batches;
  for (int i = 0; i < 8; ++i) batches.push_back(points(i * 20000, 20000));
  const auto table = connection_->offer("tail", Points::schema(), batches, RowOrder::any).value();
  EXPECT_EQ(number("SELECT sum(id)::BIGINT FROM tail WHERE id % 10 = 3"),
            number("SELECT sum(range)::BIGINT FROM range(160000) WHERE range % 10 = 3"));
  EXPECT_EQ(number("SELECT count(DISTINCT id) FROM tail"), 160000);
}

TEST_F(Connections, an_offer_ends_with_its_handle) {
  {
    const auto table = connection_->offer("odd \"name\"", Points::schema(), {points(0, 3)}).value();
    EXPECT_EQ(number("SELECT count(*) FROM \"odd \"\"name\"\"\""), 3);
    EXPECT_EQ(connection_->offer("odd \"name\"", Points::schema(), {}).error().code,
              Code::conflict);
    const auto other = database_->connect().value();
    EXPECT_EQ(other->run("SELECT * FROM \"odd \"\"name\"\"\"").error().code, Code::not_found);
  }
  EXPECT_EQ(error("SELECT * FROM \"odd \"\"name\"\"\"").code, Code::not_found);
  EXPECT_THAT(error("SELECT * FROM bl_batches(1::UBIGINT)").message,
              HasSubstr("the offered table is gone"));
}

TEST_F(Connections, another_offer_may_take_a_handle_over) {
  auto table = connection_->offer("one", Points::schema(), {points(0, 3)}).value();
  table = connection_->offer("two", Points::schema(), {points(0, 4)}).value();
  EXPECT_EQ(number("SELECT count(*) FROM two"), 4);
  EXPECT_EQ(error("SELECT * FROM one").code, Code::not_found);
}

TEST_F(Connections, what_was_read_outlives_offer_and_connection) {
  Batch kept = Batch::empty(Points::schema());
  {
    const auto table = connection_->offer("tail", Points::schema(), {points(0, 5000)}).value();
    kept = all("SELECT * FROM tail");
  }
  connection_.reset();
  database_.reset();
  EXPECT_EQ(Points::read(kept.with_schema(Points::schema()).value()).value().column<"id">()[4999],
            4999);
}

TEST_F(Connections, an_offer_of_another_schema_is_refused) {
  using Other = Table<Is<"x", double>>;
  EXPECT_EQ(connection_->offer("t", Other::schema(), {points(0, 1)}).error().code, Code::invalid);
}

TEST_F(Connections, many_sessions_work_at_once) {
  ASSERT_TRUE(connection_->run("CREATE TABLE t(i BIGINT)").ok());
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto session = database_->connect().value();
      const auto table = session->offer("tail", Points::schema(), {points(0, 3000)}).value();
      for (int i = 0; i < 5; ++i) {
        const auto inserted =
            session->run("INSERT INTO t SELECT id FROM tail WHERE id % 8 = ?", {std::int64_t{t}});
        if (!inserted.ok() || *inserted != 375) ++failures;
        const auto late = session->run(k_endless, {}, {.time_max = std::chrono::milliseconds(5)});
        if (late.ok() || late.error().code != Code::timeout) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 5 * 3000);
}

}  // namespace
}  // namespace bl::duck
