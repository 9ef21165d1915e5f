#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "store/open.h"
#include "store/testing/postgres_server.h"
#include "store/testing/wire_proxy.h"
#include "store/tests/driver_factory.h"

/// A table `item (id primary key, name)` in a database of a real server, and the driver on it, with
/// a proxy between them.
namespace bl::store::testing {

inline DatabaseLimits quick_limits() {
  DatabaseLimits limits;
  limits.readers = 2;
  limits.writers = 2;
  limits.connect_ms_max = 1'000;
  limits.read_ms_max = 10'000;
  limits.write_ms_max = 10'000;
  limits.read_wait_ms_max = 5'000;
  limits.commit_lookup_ms_max = 5'000;
  return limits;
}

class PostgresDriver : public ::testing::Test {
 protected:
  explicit PostgresDriver(PostgresServer& server = PostgresServer::shared()) : server_(server) {
    sql("create table item (id bigint primary key, name text)");
  }
  ~PostgresDriver() override {
    database_.reset();
    proxy_.forward();
    if (server_.pid() > 0) server_.drop_database(name_);
  }

  void open(const DatabaseLimits& limits = quick_limits()) {
    database_.reset();
    auto opened =
        open_database(server_.tcp_uri(name_, proxy_.port()), limits, quiet_.log, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = std::move(opened).value();
  }

  /// As the superuser, past the driver.
  std::string sql(const std::string& text) { return server_.run(name_, text); }
  std::string rows() { return sql("select count(*) from item"); }

  static Result<void> add(Connection& connection, std::int64_t id, std::string_view name = "n") {
    BL_RETURN_IF_ERROR(
        connection.execute("insert into item (id, name) values ($1, $2)", {id, name}));
    return {};
  }
  Result<void> insert(std::int64_t id, std::string_view name = "n") {
    return database_->write([&](Connection& c) { return add(c, id, name); });
  }
  Result<std::int64_t> count() {
    std::int64_t rows = -1;
    BL_RETURN_IF_ERROR(database_->read([&](Connection& c) {
      return c.query("select count(*) from item", {}, [&](const Row& row) {
        rows = row.integer(0);
        return true;
      });
    }));
    return rows;
  }
  /// Ends the driver's backends that match, from outside.
  void terminate(const std::string& condition = "true") {
    sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name_ +
        "' and pid <> pg_backend_pid() and " + condition);
  }
  double metric(const std::string& name) { return metric_value(metrics_, name).value_or(0); }

  PostgresServer& server_;
  const std::string name_ = server_.create_database();
  WireProxy proxy_{server_.port()};
  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<Database> database_;
};

template <class R>
::testing::AssertionResult is_ok(const R& result) {
  if (result.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << name_of(result.error().code) << ": " << result.error().message;
}
template <class R>
::testing::AssertionResult fails_with(const R& result, Code code) {
  if (result.ok()) return ::testing::AssertionFailure() << "a success";
  if (result.error().code == code) return ::testing::AssertionSuccess();
  return is_ok(result);
}
#define EXPECT_OK(result) EXPECT_TRUE(is_ok(result))
#define EXPECT_CODE(result, code) EXPECT_TRUE(fails_with(result, Code::code))

}  // namespace bl::store::testing
