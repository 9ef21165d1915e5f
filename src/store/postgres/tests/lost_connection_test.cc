// A connection that goes before COMMIT: the work runs again, and what it did is there once.
#include "store/postgres/tests/driver_fixture.h"

namespace bl::store::testing {
namespace {

class LostConnection : public PostgresDriver {};

TEST_F(LostConnection, that_was_idle_is_replaced) {
  open();
  ASSERT_TRUE(insert(1).ok());
  ASSERT_EQ(count().value(), 1);
  terminate();
  EXPECT_OK(insert(2));
  EXPECT_EQ(count().value(), 2);
  EXPECT_GE(metric("bl_store_connections_lost_total"), 2);
}

TEST_F(LostConnection, before_commit_runs_the_write_again) {
  open();
  int runs = 0;
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(add(c, 1));
    if (++runs == 1) proxy_.cut_all();
    return add(c, 2);
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows(), "2");
}

TEST_F(LostConnection, in_a_statement_runs_the_write_again) {
  open();
  int runs = 0;
  std::thread killer([&] {
    while (sql("select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = "
               "'active' and pid <> pg_backend_pid()") == "0") {
    }
    terminate("query like '%pg_sleep%'");
  });
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(add(c, 1));
    if (++runs > 1) return {};
    return c.query("select pg_sleep(60)", {}, [](const Row&) { return true; });
  }));
  killer.join();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows(), "1");
}

// A pipeline and a COPY, each cut by the driver's own backend ending itself in the midst of it.
TEST_F(LostConnection, in_a_pipeline_runs_the_write_again) {
  open();
  constexpr std::int64_t k_rows = 900;
  int runs = 0;
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    const bool dies = ++runs == 1;
    ParamRows keys(2);
    for (std::int64_t i = 0; i < k_rows; ++i) keys.add({i, std::int64_t{dies && i == 500}});
    BL_RETURN_IF_ERROR(
        c.execute_many("insert into item (id, name) select $1, case when $2 = 1 then "
                       "pg_terminate_backend(pg_backend_pid())::text else 'n' end",
                       keys));
    return {};
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows(), std::to_string(k_rows));
}

TEST_F(LostConnection, in_a_copy_runs_the_write_again) {
  sql("create function die_once() returns trigger language plpgsql as $$ begin if new.id = 600 and "
      "new.name = 'die' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; "
      "end $$");
  sql("create trigger t before insert on item for each row execute function die_once()");
  open();
  static const InsertInto::Column k_columns[] = {{"id"}, {"name"}};
  int runs = 0;
  EXPECT_OK(database_->write([&](Connection& c) {
    const std::string_view name = ++runs == 1 ? "die" : "live";
    ParamRows rows(2);
    for (std::int64_t i = 0; i < 900; ++i) rows.add({i, name});
    return c.insert_many({"item", k_columns}, rows);
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows(), "900");
}

TEST_F(LostConnection, again_and_again_is_unavailable_and_stores_nothing) {
  open();
  int runs = 0;
  const auto outcome = database_->write([&](Connection& c) -> Result<void> {
    ++runs;
    BL_RETURN_IF_ERROR(add(c, 1));
    proxy_.cut_all();
    return add(c, 2);
  });
  ASSERT_TRUE(fails_with(outcome, Code::unavailable));
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(rows(), "0");
}

TEST_F(LostConnection, under_a_read_that_saw_rows_is_an_error_and_not_a_second_run) {
  open();
  ASSERT_TRUE(insert(1).ok());
  int runs = 0;
  const auto outcome = database_->read([&](Connection& c) -> Result<void> {
    ++runs;
    BL_RETURN_IF_ERROR(c.query("select id from item", {}, [](const Row&) { return true; }));
    proxy_.cut_all();
    return c.query("select id from item", {}, [](const Row&) { return true; });
  });
  ASSERT_TRUE(fails_with(outcome, Code::unavailable));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(count().value(), 1);
}

// Whatever piece of a conversation the connection goes at: acknowledged is there, once.
TEST_F(LostConnection, at_any_piece_of_a_conversation_loses_and_doubles_nothing) {
  DatabaseLimits limits = quick_limits();
  limits.statements_max = 2;
  std::int64_t next = 0;
  for (const auto where :
       {WireProxy::Where::before, WireProxy::Where::half, WireProxy::Where::after}) {
    for (std::int64_t n = 0; n < 60; ++n) {
      SCOPED_TRACE("piece " + std::to_string(n));
      std::vector<std::int64_t> acknowledged, refused;
      const std::int64_t first = next;
      proxy_.cut_at_piece(n, where);
      auto opened =
          open_database(server_.tcp_uri(name_, proxy_.port()), limits, quiet_.log, metrics_);
      if (!opened.ok()) continue;
      database_ = std::move(opened).value();
      for (int i = 0; i < 4; ++i) {
        const std::int64_t id = next;
        next += 10;
        const auto outcome = database_->write([&](Connection& c) -> Result<void> {
          BL_RETURN_IF_ERROR(add(c, id));
          static const InsertInto::Column k_columns[] = {{"id"}, {"name"}};
          ParamRows rows(2);
          for (std::int64_t k = 1; k < 8; ++k) rows.add({id + k, Null{}});
          BL_RETURN_IF_ERROR(c.insert_many({"item", k_columns}, rows));
          BL_RETURN_IF_ERROR(c.execute("update item set name = 'whole' where id = $1", {id}));
          return {};
        });
        (outcome.ok() ? acknowledged : refused).push_back(id);
      }
      const bool was_cut = proxy_.has_cut();
      database_.reset();
      proxy_.forward();
      EXPECT_LE(refused.size(), 1u) << "one cut";
      EXPECT_EQ(sql("select count(*) from item where id >= " + std::to_string(first)),
                std::to_string(8 * acknowledged.size()));
      if (!was_cut || HasFailure()) {
        EXPECT_GT(n, 15);
        break;
      }
    }
  }
}

}  // namespace
}  // namespace bl::store::testing
