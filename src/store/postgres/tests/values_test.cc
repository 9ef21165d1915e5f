// Values, statements and servers that are odd: each is an answer, and the connection goes on.
#include <fstream>
#include <stdexcept>

#include "store/postgres/tests/driver_fixture.h"

namespace bl::store::testing {
namespace {

class OddValues : public PostgresDriver {};

TEST_F(OddValues, a_text_with_a_nul_is_invalid_wherever_it_is) {
  open();
  const std::string_view nul("a\0b", 3);
  static const InsertInto::Column k_columns[] = {{"id"}, {"name"}};
  EXPECT_CODE(insert(1, nul), invalid);
  for (const std::int64_t size : {2, 50}) {
    ParamRows rows(2);
    for (std::int64_t i = 0; i < size; ++i) rows.add({i, i == 1 ? nul : std::string_view("n")});
    EXPECT_CODE(
        database_->write([&](Connection& c) { return c.insert_many({"item", k_columns}, rows); }),
        invalid);
    EXPECT_CODE(database_->write([&](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(c.execute_many("insert into item (id, name) values ($1, $2)", rows));
      return {};
    }),
                invalid);
  }
  EXPECT_EQ(rows(), "0");
  EXPECT_OK(insert(1));
}

TEST_F(OddValues, a_value_that_does_not_fit_its_column_is_invalid) {
  sql("create table narrow (short varchar(3), small smallint, at timestamp, doc jsonb)");
  open();
  const auto put = [&](const Sql& statement, Param value) {
    return database_->write([&](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(c.execute(statement, {value}));
      return {};
    });
  };
  EXPECT_CODE(put("insert into narrow (short) values ($1)", std::string_view("four")), invalid);
  EXPECT_CODE(put("insert into narrow (small) values ($1)", std::int64_t{70'000}), invalid);
  EXPECT_CODE(put("insert into narrow (at) values ($1)", std::string_view("yesterdayish")),
              invalid);
  EXPECT_CODE(put("insert into narrow (doc) values ($1)", std::string_view("{")), invalid);
  EXPECT_CODE(put("insert into narrow (doc) values ($1)", std::string_view(R"("\u0000")")),
              invalid);
  EXPECT_CODE(put("insert into item (id, name) values (1, $1)", std::string_view("\xff\xfe")),
              invalid);
  sql("create unique index on item (name)");
  std::string noise;  // what does not compress, and is longer than an index takes
  for (std::uint32_t x = 1; noise.size() < 20'000; x = x * 1664525 + 1013904223) {
    noise += static_cast<char>('!' + (x >> 24) % 90);
  }
  EXPECT_CODE(insert(1, noise), too_large);
  EXPECT_OK(insert(1));
}

TEST_F(OddValues, parameters_and_results_of_many_megabytes_come_back_as_they_went) {
  open();
  std::string big(20 << 20, 'x');
  big[12'345'678] = 'y';
  ASSERT_TRUE(insert(1, big).ok());
  ParamRows rows(2);
  for (std::int64_t i = 2; i < 10; ++i) rows.add({i, std::string_view(big)});
  static const InsertInto::Column k_columns[] = {{"id"}, {"name"}};
  EXPECT_OK(
      database_->write([&](Connection& c) { return c.insert_many({"item", k_columns}, rows); }));
  int same = 0;
  EXPECT_OK(database_->read([&](Connection& c) {
    return c.query("select name from item", {}, [&](const Row& row) {
      same += row.text(0) == big;
      return true;
    });
  }));
  EXPECT_EQ(same, 9);
}

TEST_F(OddValues, are_no_reason_to_plan_a_write_anew) {
  open();
  const auto plans = [](Connection& connection, std::string& mode) {
    return connection.query("select current_setting('plan_cache_mode')", {}, [&](const Row& row) {
      mode = row.text(0);
      return true;
    });
  };
  std::string of_reads, of_writes;
  EXPECT_OK(database_->read([&](Connection& connection) { return plans(connection, of_reads); }));
  EXPECT_OK(database_->write([&](Connection& connection) { return plans(connection, of_writes); }));
  EXPECT_EQ(of_reads, "auto");
  EXPECT_EQ(of_writes, "force_generic_plan");
}

TEST_F(OddValues, a_statement_that_fell_out_of_the_cache_is_prepared_anew) {
  DatabaseLimits limits = quick_limits();
  limits.statements_max = 2;
  limits.writers = 1;
  open(limits);
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    for (std::int64_t i = 0; i < 60; ++i) {
      const std::string text =
          "insert into item (id, name) values ($1, 'v" + std::to_string(i % 5) + "')";
      BL_RETURN_IF_ERROR(
          c.query_text(text, std::vector<Param>{i}, [](const Row&) { return true; }));
    }
    // One more is kept than may be: the one that is forgotten with the next new statement.
    std::int64_t kept = 0;
    BL_RETURN_IF_ERROR(
        c.query("select count(*) from pg_prepared_statements", {}, [&](const Row& r) {
          kept = r.integer(0);
          return true;
        }));
    EXPECT_LE(kept, 3);
    return {};
  }));
  EXPECT_EQ(rows(), "60");
}

TEST_F(OddValues, a_statement_whose_table_changed_is_prepared_anew) {
  open();
  ASSERT_TRUE(insert(1, "7").ok());
  const auto look = [&] {
    return database_->read([](Connection& c) {
      return c.query("select * from item", {}, [](const Row&) { return true; });
    });
  };
  EXPECT_OK(look());
  sql("alter table item alter column name type bigint using name::bigint");
  EXPECT_OK(look());
}

TEST_F(OddValues, a_server_that_forgot_what_was_prepared_is_asked_anew) {
  DatabaseLimits limits = quick_limits();
  limits.writers = 1;
  open(limits);
  ASSERT_TRUE(insert(1).ok());
  EXPECT_OK(database_->write([](Connection& c) {
    return c.query("deallocate all", {}, [](const Row&) { return true; });
  }));
  EXPECT_OK(insert(2));
  EXPECT_EQ(rows(), "2");
}

TEST_F(OddValues, a_row_function_that_throws_in_a_pipeline_leaves_the_connection_in_order) {
  DatabaseLimits limits = quick_limits();
  limits.readers = 1;
  open(limits);
  ParamRows keys(1);
  for (std::int64_t i = 0; i < 600; ++i) keys.add({i});
  const auto throwing = database_->read([&](Connection& c) {
    return c.query_many("select $1::bigint", keys, [](std::size_t i, const Row&) {
      if (i == 300) throw std::runtime_error("boom");
    });
  });
  EXPECT_CODE(throwing, internal);
  std::int64_t seen = 0;
  EXPECT_OK(database_->read([&](Connection& c) {
    return c.query_many("select $1::bigint", keys, [&](std::size_t i, const Row& row) {
      seen += row.integer(0) == static_cast<std::int64_t>(i);
    });
  }));
  EXPECT_EQ(seen, 600);
  EXPECT_EQ(metric("bl_store_connections_lost_total"), 0);
}

TEST_F(OddValues, a_statement_within_a_row_function_is_refused_by_name) {
  open();
  const auto outcome = database_->read([](Connection& c) {
    return c.query("select generate_series(1, 3)", {}, [&](const Row&) {
      (void)c.query("select 1", {}, [](const Row&) { return true; }).ok();
      return true;
    });
  });
  ASSERT_TRUE(fails_with(outcome, Code::internal));
  EXPECT_NE(outcome.error().message.find("row function"), std::string::npos);
  EXPECT_EQ(count().value(), 0);
}

TEST_F(OddValues, a_role_without_rights_is_told_so_and_is_no_fault_of_the_client) {
  sql("create role reader_only login");
  sql("grant select on item to reader_only");
  const std::string uri =
      "postgres://reader_only@127.0.0.1:" + std::to_string(proxy_.port()) + "/" + name_;
  database_ = open_database(uri, quick_limits(), quiet_.log, metrics_).value();
  const auto outcome = insert(1);
  ASSERT_TRUE(fails_with(outcome, Code::internal));
  EXPECT_NE(outcome.error().message.find("permission denied"), std::string::npos);
  EXPECT_EQ(count().value(), 0);
  database_.reset();
  sql("drop owned by reader_only");
  sql("drop role reader_only");
}

TEST_F(OddValues, a_default_of_read_only_does_not_bind_a_write) {
  sql("alter database " + name_ + " set default_transaction_read_only = on");
  open();
  EXPECT_OK(insert(1));
  EXPECT_EQ(count().value(), 1);
}

TEST_F(OddValues, an_idle_connection_is_asked_and_an_old_one_replaced) {
  DatabaseLimits limits = quick_limits();
  limits.idle_ping_ms = -1;  // every time
  limits.writers = 1;
  open(limits);
  const auto backend = [&] {
    std::int64_t pid = 0;
    EXPECT_OK(database_->write([&](Connection& c) {
      return c.query("select pg_backend_pid()", {}, [&](const Row& row) {
        pid = row.integer(0);
        return true;
      });
    }));
    return pid;
  };
  const auto first = backend();
  EXPECT_EQ(backend(), first);
  terminate("pid = " + std::to_string(first));
  EXPECT_NE(backend(), first);
  limits.connection_age_ms_max = -1;
  open(limits);
  const auto second = backend();
  EXPECT_NE(backend(), second);
}

TEST_F(OddValues, an_unreachable_server_and_a_missing_database_are_told_apart) {
  const auto open_at = [&](const std::string& uri) {
    return open_database(uri, quick_limits(), quiet_.log, metrics_);
  };
  proxy_.refuse();
  EXPECT_CODE(open_at(server_.tcp_uri(name_, proxy_.port())), unavailable);
  proxy_.forward();
  EXPECT_CODE(open_at(server_.tcp_uri("no_such", proxy_.port())), not_found);
}

// A server of its own, that becomes a standby.
class Standby : public PostgresDriver {
 protected:
  Standby() : PostgresDriver(own()) {}
  static PostgresServer& own() {
    static const auto k_server = PostgresServer::start().value();
    return *k_server;
  }
};

TEST_F(Standby, reads_and_refuses_writes_as_unavailable_until_it_is_promoted) {
  open();
  ASSERT_TRUE(insert(1).ok());
  server_.stop(PostgresServer::Stop::fast);
  std::ofstream(server_.folder() + "/data/standby.signal").flush();
  server_.restart();
  EXPECT_EQ(count().value(), 1);
  const auto outcome = insert(2);
  ASSERT_TRUE(fails_with(outcome, Code::unavailable));
  EXPECT_NE(outcome.error().message.find("recovery"), std::string::npos) << outcome.error().message;
  EXPECT_EQ(sql("select pg_promote()"), "t");
  EXPECT_OK(insert(2));
  EXPECT_EQ(rows(), "2");
}

}  // namespace
}  // namespace bl::store::testing
