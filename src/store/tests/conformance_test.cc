// What every driver of the store promises (store/database.h). A new driver joins by one line at the
// end.
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "store/row_set.h"
#include "store/tests/driver_factory.h"

namespace bl::store::testing {
namespace {

using std::string_view;

const Sql k_create(
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, score REAL, data BLOB)",
    "CREATE TABLE item (id bigint PRIMARY KEY, name text UNIQUE, score double precision, data "
    "bytea)");
const Sql k_insert("INSERT INTO item (id, name, score, data) VALUES ($1, $2, $3, $4)");
const Sql k_count("SELECT count(*) FROM item");

class Conformance : public ::testing::TestWithParam<DriverFactory> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    reopen();
    ASSERT_TRUE(write([](Connection& c) { return run(c.execute(k_create, {})); }).ok());
  }

  void reopen(const DatabaseLimits& limits = {}) {
    database_.reset();
    auto opened = place_->open(limits, quiet_.log, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = std::move(opened).value();
  }

  static Result<void> run(Result<std::int64_t> changed) {
    if (!changed.ok()) return std::move(changed).error();
    return {};
  }
  Result<void> write(const std::function<Result<void>(Connection&)>& work) {
    return database_->write(work);
  }
  Result<void> insert(std::int64_t id, string_view name) {
    return write([&](Connection& c) { return run(c.execute(k_insert, {id, name, 0.5, Null{}})); });
  }
  std::int64_t count() {
    std::int64_t rows = -1;
    const auto outcome = database_->read([&](Connection& c) {
      return c.query(k_count, {}, [&](const Row& row) {
        rows = row.integer(0);
        return true;
      });
    });
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    return rows;
  }

  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<DatabasePlace> place_;
  std::unique_ptr<Database> database_;
};

TEST_P(Conformance, a_value_of_each_type_comes_back_as_it_went_in) {
  const std::string bytes("\0\xff\x01", 3);
  const std::string text = "Größe 🚀 'quoted' $1";
  const auto big = std::numeric_limits<std::int64_t>::max();
  ASSERT_TRUE(write([&](Connection& c) {
                return run(c.execute(k_insert, {big, string_view(text), 0.1, Blob{bytes}}));
              }).ok());
  int rows = 0;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query("SELECT id, name, score, data, NULL FROM item", {},
                                   [&](const Row& row) {
                                     ++rows;
                                     EXPECT_EQ(row.integer(0), big);
                                     EXPECT_EQ(row.text(1), text);
                                     EXPECT_EQ(row.real(2), 0.1);
                                     EXPECT_EQ(row.text(3), bytes);
                                     EXPECT_TRUE(row.is_null(4));
                                     EXPECT_EQ(row.integer(4), 0);
                                     EXPECT_EQ(row.text(4), "");
                                     EXPECT_EQ(row.text_or_null(4), std::nullopt);
                                     return true;
                                   });
                  })
                  .ok());
  EXPECT_EQ(rows, 1);
}

TEST_P(Conformance, empty_text_is_not_null) {
  ASSERT_TRUE(insert(1, "").ok());
  ASSERT_TRUE(database_
                  ->read([](Connection& c) {
                    return c.query("SELECT name FROM item", {}, [](const Row& row) {
                      EXPECT_FALSE(row.is_null(0));
                      EXPECT_EQ(row.text(0), "");
                      return true;
                    });
                  })
                  .ok());
}

TEST_P(Conformance, placeholders_may_repeat_and_come_in_any_order) {
  ASSERT_TRUE(insert(1, "one").ok());
  std::string seen;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query(
                        "SELECT name, '$3' /* $4 */ FROM item -- $5\n"
                        "WHERE name = $2 AND id = $1 AND name = $2",
                        {std::int64_t{1}, string_view("one")}, [&](const Row& row) {
                          seen = std::string(row.text(0)) + std::string(row.text(1));
                          return true;
                        });
                  })
                  .ok());
  EXPECT_EQ(seen, "one$3");
}

TEST_P(Conformance, a_wrong_number_of_parameters_is_internal) {
  for (const std::vector<Param>& params :
       {std::vector<Param>{}, {std::int64_t{1}, std::int64_t{2}}}) {
    const auto outcome = database_->read([&](Connection& c) {
      return c.query_text("SELECT name FROM item WHERE id = $1", params,
                          [](const Row&) { return true; });
    });
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, Code::internal);
  }
}

TEST_P(Conformance, sql_that_does_not_prepare_is_internal_and_named) {
  const auto outcome = database_->read(
      [&](Connection& c) { return c.query("SELEC oops", {}, [](const Row&) { return true; }); });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::internal);
  EXPECT_NE(outcome.error().message.find("SELEC oops"), std::string::npos);
}

TEST_P(Conformance, execute_gives_the_number_of_rows_changed) {
  ASSERT_TRUE(insert(1, "one").ok());
  ASSERT_TRUE(insert(2, "two").ok());
  ASSERT_TRUE(write([](Connection& c) -> Result<void> {
                BL_TRY(const auto updated, c.execute("UPDATE item SET score = $1", {1.5}));
                EXPECT_EQ(updated, 2);
                BL_TRY(const auto none, c.execute("CREATE TABLE other (id INTEGER)", {}));
                EXPECT_EQ(none, 0);
                BL_TRY(const auto ignored,
                       c.execute("INSERT INTO item (id, name) VALUES (7, 'two') "
                                 "ON CONFLICT DO NOTHING",
                                 {}));
                EXPECT_EQ(ignored, 0);
                return {};
              }).ok());
}

TEST_P(Conformance, many_executions_run_in_order_and_each_answers_for_itself) {
  constexpr std::int64_t k_rows = 1'000;  // more than any window of a pipeline
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < k_rows; ++i) names.push_back("n" + std::to_string(i % 900));
  ParamRows rows(2);
  for (std::int64_t i = 0; i < k_rows; ++i) {
    rows.add({i, string_view(names[static_cast<std::size_t>(i)])});
  }
  std::vector<std::int64_t> changed;
  ASSERT_TRUE(write([&](Connection& c) -> Result<void> {
                BL_TRY(changed, c.execute_many("INSERT INTO item (id, name) VALUES ($1, $2) ON "
                                               "CONFLICT DO NOTHING",
                                               rows));
                return {};
              }).ok());
  ASSERT_EQ(changed.size(), rows.size());
  EXPECT_EQ(changed[899], 1);
  EXPECT_EQ(changed[900], 0);  // the name was there
  ParamRows keys(1);
  for (std::int64_t i = k_rows; i-- > 0;) keys.add({i});
  std::map<std::size_t, std::int64_t> seen;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query_many(
                        "SELECT id FROM item WHERE id = $1", keys,
                        [&](std::size_t i, const Row& row) { seen[i] = row.integer(0); });
                  })
                  .ok());
  EXPECT_EQ(seen.size(), 900U);
  EXPECT_EQ(seen.at(999), 0);
  EXPECT_EQ(seen.at(100), 899);
}

TEST_P(Conformance, one_of_many_that_fails_spoils_the_transaction) {
  ParamRows rows(4);
  for (std::int64_t i = 0; i < 600; ++i) {
    rows.add({i == 300 ? 1 : i, Null{}, 0.5, Null{}});
  }
  const auto outcome = write([&](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute_many(k_insert, rows));
    return {};
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::conflict);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(insert(1, "one").ok());
}

// A set of rows (store/row_set.h).

const Sql k_add_set(
    "INSERT INTO item (id, name, score, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    "with p as (select * from unnest($1::bigint[], $2::text[], $3::float8[], $4::bytea[]) with "
    "ordinality as p(id, name, score, data, place)), added as (insert into item (id, name, score, "
    "data) select id, name, score, data from p on conflict do nothing returning id) "
    "select p.place from added join p using (id)");
const Sql k_find_set(
    "SELECT name, score, data FROM item WHERE id = $1",
    "select i.name, i.score, i.data, p.place from unnest($1::bigint[]) with ordinality as "
    "p(id, place) cross join lateral (select * from item where id = p.id limit 1) i");
const Sql k_score_set(
    "UPDATE item SET score = $2 WHERE id = $1",
    "update item set score = p.score from unnest($1::bigint[], $2::float8[]) as p(id, score) "
    "where item.id = p.id");

TEST_P(Conformance, what_is_asked_later_is_answered_in_order_when_somebody_waits) {
  ASSERT_TRUE(insert(1, "one").ok());
  std::vector<std::string> answers;
  const auto note = [&](std::size_t i, const Row& row) {
    answers.push_back(std::to_string(i) + " " + std::string(row.text(0)));
  };
  ASSERT_TRUE(write([&](Connection& c) -> Result<void> {
                ParamRows two(1);
                two.add({std::int64_t{2}});
                two.add({std::int64_t{1}});
                const Sql k_find("SELECT name FROM item WHERE id = $1");
                BL_RETURN_IF_ERROR(c.query_many_later(k_find, two, note));
                BL_RETURN_IF_ERROR(c.query_many_later(k_find, two, note));
                BL_RETURN_IF_ERROR(c.wait());
                EXPECT_EQ(answers, (std::vector<std::string>{"1 one", "1 one"}));
                ParamRows three(1);
                three.add({std::int64_t{3}});
                BL_RETURN_IF_ERROR(c.query_many_later("INSERT INTO item (id) VALUES ($1)", three,
                                                      [](std::size_t, const Row&) {}));
                std::int64_t rows = 0;
                BL_RETURN_IF_ERROR(c.query(k_count, {}, [&](const Row& row) {
                  rows = row.integer(0);
                  return true;
                }));
                EXPECT_EQ(rows, 2) << "a statement sees what was sent before it";
                ParamRows four(1);
                four.add({std::int64_t{4}});
                return c.query_many_later("INSERT INTO item (id) VALUES ($1)", four,
                                          [](std::size_t, const Row&) {});
              }).ok());
  EXPECT_EQ(count(), 3) << "the end of a write takes along what nobody waited for";
}

TEST_P(Conformance, what_was_asked_later_and_fails_fails_the_write) {
  ASSERT_TRUE(insert(1, "one").ok());
  ParamRows rows(1);
  rows.add({std::int64_t{2}});
  rows.add({std::int64_t{1}});
  for (const bool is_waited_for : {true, false}) {
    const auto outcome = write([&](Connection& c) -> Result<void> {
      const auto sent = c.query_many_later("INSERT INTO item (id) VALUES ($1)", rows,
                                           [](std::size_t, const Row&) {});
      if (is_waited_for) {
        EXPECT_FALSE(sent.ok() && c.wait().ok()) << "at the latest now";
      }
      return {};
    });
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, Code::conflict) << outcome.error().message;
    EXPECT_EQ(count(), 1);
  }
  EXPECT_TRUE(insert(2, "two").ok()) << "the next write is free of it";
}

TEST_P(Conformance, a_set_of_rows_is_added_found_and_changed_as_one_by_one) {
  const std::string odd = "{\"a\",NULL} back\\slash \\\"x\" 'q' , é\n\t";
  const std::string bytes("\0\xff\"\\{}", 6);
  ParamRows rows(4);
  rows.add({1, string_view(odd), 0.1, Blob{bytes}});
  rows.add({2, string_view(), -1e308, Blob{}});
  rows.add({3, string_view("NULL"), Null{}, Null{}});
  rows.add({4, Null{}, 5e-324, Blob{"x"}});
  rows.add({5, string_view("NULL"), 1.0, Null{}});  // the name is there
  std::vector<std::int64_t> inserted;
  std::int64_t changed = 0;
  ASSERT_TRUE(write([&](Connection& c) -> Result<void> {
                BL_TRY(inserted, insert_rows(c, k_add_set, rows));
                ParamRows scores(2);
                scores.add({3, 7.5});
                scores.add({99, 1.0});
                scores.add({2, Null{}});
                BL_TRY(changed, execute_rows(c, k_score_set, scores));
                return {};
              }).ok());
  EXPECT_EQ(inserted, (std::vector<std::int64_t>{1, 1, 1, 1, 0}));
  EXPECT_EQ(changed, 2);
  ParamRows keys(1);
  for (const std::int64_t id : {4, 99, 1, 3, 2}) keys.add({id});
  std::map<std::size_t, std::string> names, blobs;
  std::map<std::size_t, std::optional<double>> scores;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return query_rows(c, k_find_set, 4, keys, [&](std::size_t i, const Row& row) {
                      names[i] = row.is_null(0) ? "(null)" : row.text(0);
                      scores[i] = row.real_or_null(1);
                      blobs[i] = row.is_null(2) ? "(null)" : row.text(2);
                    });
                  })
                  .ok());
  EXPECT_EQ(names,
            (std::map<std::size_t, std::string>{{0, "(null)"}, {2, odd}, {3, "NULL"}, {4, ""}}));
  EXPECT_EQ(scores, (std::map<std::size_t, std::optional<double>>{
                        {0, 5e-324}, {2, 0.1}, {3, 7.5}, {4, std::nullopt}}));
  EXPECT_EQ(blobs,
            (std::map<std::size_t, std::string>{{0, "x"}, {2, bytes}, {3, "(null)"}, {4, ""}}));
}

TEST_P(Conformance, an_empty_set_of_rows_asks_nothing) {
  ASSERT_TRUE(write([&](Connection& c) -> Result<void> {
                BL_TRY(const auto inserted, insert_rows(c, k_add_set, ParamRows(4)));
                EXPECT_TRUE(inserted.empty());
                BL_TRY(const auto changed, execute_rows(c, k_score_set, ParamRows(2)));
                EXPECT_EQ(changed, 0);
                return query_rows(c, k_find_set, 4, ParamRows(1),
                                  [](std::size_t, const Row&) { ADD_FAILURE(); });
              }).ok());
}

using ColumnKind = InsertInto::Column::Kind;
const InsertInto::Column k_item_columns[] = {{"id"}, {"name"}, {"score"}, {"data"}};
const InsertInto k_into_item{"item", k_item_columns};

TEST_P(Conformance, rows_that_are_added_at_once_are_those_that_were_given) {
  const std::string odd = "tab\t newline\n back\\slash \\N quote' \"x\" é";
  const std::string bytes("\0\xff\\x", 4);
  for (const std::int64_t size : {1, 3, 500}) {  // one statement each, or COPY
    ASSERT_TRUE(write([&](Connection& c) { return run(c.execute("DELETE FROM item", {})); }).ok());
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < size; ++i) names.push_back(odd + std::to_string(i));
    ParamRows rows(4);
    for (std::int64_t i = 0; i < size; ++i) {
      if (i % 2 == 0) {
        rows.add({i, string_view(names[static_cast<std::size_t>(i)]), 0.1, Blob{bytes}});
      } else {
        rows.add({i, Null{}, Null{}, Null{}});
      }
    }
    ASSERT_TRUE(write([&](Connection& c) { return c.insert_many(k_into_item, rows); }).ok());
    std::int64_t read = 0;
    ASSERT_TRUE(database_
                    ->read([&](Connection& c) {
                      return c.query(
                          "SELECT name, score, data FROM item ORDER BY id", {},
                          [&](const Row& row) {
                            if (read % 2 == 0) {
                              EXPECT_EQ(row.text(0), names[static_cast<std::size_t>(read)]);
                              EXPECT_EQ(row.real(1), 0.1);
                              EXPECT_EQ(row.text(2), bytes);
                            } else {
                              EXPECT_TRUE(row.is_null(0) && row.is_null(1) && row.is_null(2));
                            }
                            ++read;
                            return true;
                          });
                    })
                    .ok());
    EXPECT_EQ(read, size);
  }
}

TEST_P(Conformance, times_and_numbers_that_are_added_at_once_keep_their_values) {
  static const InsertInto::Column k_columns[] = {
      {"id"}, {"at", ColumnKind::time}, {"samples", ColumnKind::numbers}};
  const InsertInto into{"measure", k_columns};
  ASSERT_TRUE(write([](Connection& c) {
                return run(c.execute(
                    Sql("CREATE TABLE measure (id INTEGER, at INTEGER, samples TEXT)",
                        "CREATE TABLE measure (id bigint, at timestamp, samples numeric[])"),
                    {}));
              }).ok());
  for (const std::int64_t size : {1, 10}) {
    ASSERT_TRUE(
        write([](Connection& c) { return run(c.execute("DELETE FROM measure", {})); }).ok());
    ParamRows rows(3);
    for (std::int64_t i = 0; i < size; ++i) {
      rows.add({i, std::int64_t{1'722'500'000'987'654}, string_view("[1.5,null,2e3]")});
    }
    ASSERT_TRUE(write([&](Connection& c) { return c.insert_many(into, rows); }).ok());
    std::int64_t same = 0;
    ASSERT_TRUE(database_
                    ->read([&](Connection& c) {
                      return c.query(
                          Sql("SELECT count(*) FROM measure WHERE at = 1722500000987654 AND "
                              "samples = '[1.5,null,2e3]'",
                              "SELECT count(*) FROM measure WHERE at = "
                              "'2024-08-01 08:13:20.987654' AND samples = '{1.5,NULL,2000}'"),
                          {}, [&](const Row& row) {
                            same = row.integer(0);
                            return true;
                          });
                    })
                    .ok());
    EXPECT_EQ(same, size);
  }
}

TEST_P(Conformance, a_row_that_breaks_a_constraint_fails_all_that_are_added_with_it) {
  for (const std::int64_t size : {2, 100}) {
    ParamRows rows(4);
    for (std::int64_t i = 0; i < size; ++i) rows.add({i / 2, Null{}, 0.5, Null{}});
    const auto outcome = write([&](Connection& c) { return c.insert_many(k_into_item, rows); });
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, Code::conflict) << outcome.error().message;
    EXPECT_EQ(count(), 0);
  }
}

TEST_P(Conformance, a_row_function_that_gives_false_stops_the_query) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(insert(i, std::to_string(i)).ok());
  int rows = 0;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query("SELECT id FROM item ORDER BY id", {},
                                   [&](const Row&) { return ++rows < 2; });
                  })
                  .ok());
  EXPECT_EQ(rows, 2);
}

TEST_P(Conformance, the_same_statement_may_run_within_itself) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(insert(i, std::to_string(i)).ok());
  const Sql all("SELECT id FROM item ORDER BY id");
  std::vector<std::int64_t> pairs;
  // On SQLite only: PostgreSQL has one statement on the wire at a time.
  if (database_->dialect() != Dialect::sqlite) GTEST_SKIP() << "SQLite only";
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query(all, {}, [&](const Row& outer) {
                      const auto inner = c.query(all, {}, [&](const Row& row) {
                        pairs.push_back(outer.integer(0) * 10 + row.integer(0));
                        return true;
                      });
                      return inner.ok();
                    });
                  })
                  .ok());
  EXPECT_EQ(pairs, (std::vector<std::int64_t>{0, 1, 2, 10, 11, 12, 20, 21, 22}));
}

TEST_P(Conformance, an_error_of_the_work_rolls_back_all_that_it_did) {
  const auto outcome = write([](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute(k_insert, {std::int64_t{1}, string_view("one"), 0.0, Null{}}));
    return Error(Code::invalid, "changed its mind");
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message, "changed its mind");
  EXPECT_EQ(count(), 0);
}

TEST_P(Conformance, a_work_that_throws_is_an_internal_error_and_rolls_back) {
  const auto outcome = write([](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute(k_insert, {std::int64_t{1}, string_view("one"), 0.0, Null{}}));
    throw std::runtime_error("boom");
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::internal);
  EXPECT_NE(outcome.error().message.find("boom"), std::string::npos);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(insert(1, "one").ok());
  const auto read =
      database_->read([](Connection&) -> Result<void> { throw std::runtime_error("bang"); });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::internal);
}

TEST_P(Conformance, a_broken_constraint_is_a_conflict_that_names_it) {
  ASSERT_TRUE(insert(1, "one").ok());
  const auto outcome = insert(2, "one");
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::conflict);
  EXPECT_NE(outcome.error().message.find("name"), std::string::npos) << outcome.error().message;
  EXPECT_EQ(count(), 1);
}

TEST_P(Conformance, a_failed_statement_spoils_the_transaction) {
  ASSERT_TRUE(insert(1, "one").ok());
  const auto outcome = write([](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute(k_insert, {std::int64_t{2}, string_view("two"), 0.0, Null{}}));
    const auto twice = c.execute(k_insert, {std::int64_t{3}, string_view("one"), 0.0, Null{}});
    EXPECT_FALSE(twice.ok());
    const auto after = c.execute(k_insert, {std::int64_t{4}, string_view("four"), 0.0, Null{}});
    EXPECT_FALSE(after.ok());
    return {};  // and goes on as if nothing had happened
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::conflict);
  EXPECT_EQ(count(), 1);
  EXPECT_TRUE(insert(2, "two").ok());
}

TEST_P(Conformance, a_read_cannot_write) {
  const auto outcome = database_->read([](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute(k_insert, {std::int64_t{1}, string_view("one"), 0.0, Null{}}));
    return {};
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(count(), 0);
}

TEST_P(Conformance, a_read_sees_one_snapshot) {
  if (!GetParam().is_durable) GTEST_SKIP() << "one connection: a write waits for the read";
  ASSERT_TRUE(insert(1, "one").ok());
  std::vector<std::int64_t> counts;
  const auto look = [&](Connection& c) {
    return c.query(k_count, {}, [&](const Row& row) {
      counts.push_back(row.integer(0));
      return true;
    });
  };
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) -> Result<void> {
                    BL_RETURN_IF_ERROR(look(c));
                    std::thread([&] { EXPECT_TRUE(insert(2, "two").ok()); }).join();
                    return look(c);
                  })
                  .ok());
  EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(count(), 2);
}

TEST_P(Conformance, a_read_sees_every_write_that_was_acknowledged) {
  constexpr int k_threads = 8;
  constexpr int k_writes = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < k_threads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < k_writes; ++i) {
        const std::int64_t id = t * k_writes + i;
        ASSERT_TRUE(insert(id, std::to_string(id)).ok());
        bool found = false;
        ASSERT_TRUE(database_
                        ->read([&](Connection& c) {
                          return c.query("SELECT 1 FROM item WHERE id = $1", {id},
                                         [&](const Row&) { return found = true; });
                        })
                        .ok());
        ASSERT_TRUE(found) << id;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count(), k_threads * k_writes);
}

TEST_P(Conformance, a_failing_work_never_takes_its_neighbours_along) {
  constexpr int k_threads = 16;
  constexpr int k_writes = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < k_threads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < k_writes; ++i) {
        const std::int64_t id = t * k_writes + i;
        const bool fails = id % 3 == 0;
        const auto outcome = write([&](Connection& c) -> Result<void> {
          const std::string name = std::to_string(id);
          BL_RETURN_IF_ERROR(c.execute(k_insert, {id, string_view(name), 0.0, Null{}}));
          if (fails) return Error(Code::invalid, "every third fails");
          return {};
        });
        ASSERT_EQ(outcome.ok(), !fails);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::int64_t wrong = -1;
  ASSERT_TRUE(database_
                  ->read([&](Connection& c) {
                    return c.query("SELECT count(*) FROM item WHERE id % 3 = 0", {},
                                   [&](const Row& row) {
                                     wrong = row.integer(0);
                                     return true;
                                   });
                  })
                  .ok());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(count(), k_threads * k_writes - (k_threads * k_writes + 2) / 3);
}

TEST_P(Conformance, what_was_acknowledged_is_there_after_the_next_open) {
  if (!GetParam().is_durable) GTEST_SKIP() << "kept in memory";
  ASSERT_TRUE(insert(1, "one").ok());
  reopen();
  EXPECT_EQ(count(), 1);
}

TEST_P(Conformance, a_read_that_takes_too_long_is_a_timeout) {
  DatabaseLimits limits;
  limits.read_ms_max = 20;
  limits.write_ms_max = 20;
  reopen(limits);
  const auto forever = [](Connection& c) {
    return c.query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n", {},
        [](const Row&) { return true; });
  };
  const auto read = database_->read(forever);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::timeout);
  const auto written = database_->write(forever);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, Code::timeout);
}

INSTANTIATE_TEST_SUITE_P(Drivers, Conformance,
                         ::testing::Values(sqlite_file_driver(), sqlite_memory_driver(),
                                           postgres_driver()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace bl::store::testing
