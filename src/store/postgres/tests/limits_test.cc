// Every wait has an end: locks, statements, a full pool, a full server, a server that says nothing.
#include <chrono>

#include "store/postgres/tests/driver_fixture.h"

namespace bl::store::testing {
namespace {

class Waits : public PostgresDriver {
 protected:
  // What would wait for ever without a limit ends long before this.
  static constexpr std::chrono::seconds k_for_ever{20};
  void expect_an_end(const std::function<void()>& act) {
    const auto start = std::chrono::steady_clock::now();
    act();
    EXPECT_LT(std::chrono::steady_clock::now() - start, k_for_ever);
  }
};

TEST_F(Waits, for_a_lock_that_is_not_given_is_overloaded) {
  DatabaseLimits limits = quick_limits();
  limits.lock_ms_max = 50;
  open(limits);
  ASSERT_TRUE(insert(1).ok());
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    BL_RETURN_IF_ERROR(c.execute("update item set name = 'mine'", {}));
    std::thread([&] {
      EXPECT_CODE(database_->write([](Connection& other) -> Result<void> {
        BL_RETURN_IF_ERROR(other.execute("update item set name = 'theirs'", {}));
        return {};
      }),
                  overloaded);
    }).join();
    return {};
  }));
  EXPECT_EQ(sql("select name from item"), "mine");
}

TEST_F(Waits, for_a_statement_end_at_the_limit_and_the_server_stops_it) {
  DatabaseLimits limits = quick_limits();
  limits.write_ms_max = 100;
  limits.read_ms_max = 100;
  open(limits);
  const auto sleep = [](Connection& c) {
    return c.query("select pg_sleep(60)", {}, [](const Row&) { return true; });
  };
  expect_an_end([&] {
    EXPECT_CODE(database_->write(sleep), timeout);
    EXPECT_CODE(database_->read(sleep), timeout);
  });
  EXPECT_EQ(sql("select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = "
                "'active' and pid <> pg_backend_pid()"),
            "0");
  EXPECT_OK(insert(1));
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"write_ms_max\"}"), 1);
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"read_ms_max\"}"), 1);
}

TEST_F(Waits, for_a_server_that_says_nothing_have_an_end_and_are_not_repeated) {
  DatabaseLimits limits = quick_limits();
  limits.connect_ms_max = 200;
  limits.write_ms_max = 200;
  limits.read_ms_max = 200;
  open(limits);
  ASSERT_TRUE(insert(1).ok());
  ASSERT_TRUE(count().ok());
  int runs = 0;
  expect_an_end([&] {
    proxy_.swallow();
    EXPECT_CODE(database_->write([&](Connection& c) {
      ++runs;
      return add(c, 2);
    }),
                timeout);
    EXPECT_CODE(count(), timeout);
    // And no old connection is waited for a second time: a new one cannot be made.
    EXPECT_CODE(insert(2), unavailable);
    EXPECT_CODE(count(), unavailable);
  });
  EXPECT_EQ(runs, 1);
  proxy_.forward();
  EXPECT_OK(insert(3));
  EXPECT_EQ(count().value(), 2);
}

TEST_F(Waits, for_idle_connections_that_all_died_without_a_word_are_one_wait) {
  DatabaseLimits limits = quick_limits();
  limits.writers = 8;
  limits.connect_ms_max = 1'500;
  limits.idle_ping_ms = -1;
  open(limits);
  // Eight connections that are idle.
  std::vector<std::thread> threads;
  std::atomic<int> inside{0};
  for (std::int64_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
        BL_RETURN_IF_ERROR(add(c, i));
        ++inside;
        while (inside < 8) std::this_thread::yield();
        return {};
      }));
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(rows(), "8");
  proxy_.swallow();
  expect_an_end([&] { EXPECT_CODE(insert(100), unavailable); });
}

TEST_F(Waits, for_a_connection_of_the_pool_are_overloaded_when_none_comes_back) {
  DatabaseLimits limits = quick_limits();
  limits.writers = 1;
  limits.readers = 1;
  limits.read_wait_ms_max = 50;
  open(limits);
  EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
    std::thread([&] { EXPECT_CODE(insert(1), overloaded); }).join();
    return add(c, 2);
  }));
  EXPECT_OK(database_->read([&](Connection&) -> Result<void> {
    std::thread([&] { EXPECT_CODE(count(), overloaded); }).join();
    return {};
  }));
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"read_wait_ms_max\"}"), 2);
  EXPECT_OK(insert(3));
}

TEST_F(Waits, for_a_place_on_a_full_server_are_overloaded) {
  sql("alter database " + name_ + " connection limit 1");
  sql("create role plain login");
  sql("grant all on item to plain");
  const std::string uri =
      "postgres://plain@127.0.0.1:" + std::to_string(proxy_.port()) + "/" + name_;
  DatabaseLimits limits = quick_limits();
  limits.readers = 1;
  limits.writers = 1;
  // The place is free when the server has seen the last statement's connection off.
  auto opened = open_database(uri, limits, quiet_.log, metrics_);
  for (int i = 0; i < 100 && !opened.ok(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    opened = open_database(uri, limits, quiet_.log, metrics_);
  }
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  database_ = std::move(opened).value();  // its reader holds the one place
  EXPECT_CODE(insert(1), overloaded);
  sql("alter database " + name_ + " connection limit -1");
  EXPECT_OK(insert(1));
  database_.reset();
  sql("drop owned by plain");
  sql("drop role plain");
}

TEST_F(Waits, in_a_circle_end_and_both_works_are_done_once) {
  DatabaseLimits limits = quick_limits();
  limits.writers = 4;
  sql("alter database " + name_ + " set deadlock_timeout = '20ms'");
  open(limits);
  sql("insert into item select i, '0' from generate_series(1, 4) i");
  constexpr int k_rounds = 40;
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < k_rounds; ++i) {
        // Half of them from the front, half from the back.
        const auto outcome = database_->write([&](Connection& c) -> Result<void> {
          for (std::int64_t k = 1; k <= 4; ++k) {
            const std::int64_t id = t % 2 == 0 ? k : 5 - k;
            BL_RETURN_IF_ERROR(
                c.execute("update item set name = (name::bigint + 1)::text where id = $1", {id}));
          }
          return {};
        });
        done += outcome.ok() ? 1 : 0;
        EXPECT_TRUE(outcome.ok() || fails_with(outcome, Code::overloaded));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sql("select string_agg(distinct name, ',') from item"), std::to_string(done));
  EXPECT_GT(done, 0);
}

TEST_F(Waits, that_two_works_make_for_each_other_are_counted_as_retries) {
  sql("insert into item select i, '0' from generate_series(1, 2) i");
  sql("alter database " + name_ + " set deadlock_timeout = '20ms'");
  open();
  std::atomic<int> inside{0};
  std::atomic<int> runs{0};
  const auto cross = [&](std::int64_t first, std::int64_t second) {
    bool met = false;
    EXPECT_OK(database_->write([&](Connection& c) -> Result<void> {
      ++runs;
      BL_RETURN_IF_ERROR(
          c.execute("update item set name = (name::int + 1)::text where id = $1", {first}));
      ++inside;
      while (!met && inside < 2) std::this_thread::yield();
      met = true;
      BL_RETURN_IF_ERROR(
          c.execute("update item set name = (name::int + 1)::text where id = $1", {second}));
      return {};
    }));
  };
  std::thread other([&] { cross(2, 1); });
  cross(1, 2);
  other.join();
  EXPECT_EQ(sql("select string_agg(name, ',') from item"), "2,2");
  EXPECT_EQ(metric("bl_store_write_retries_total"), runs - 2);
  EXPECT_GE(runs, 3);
}

TEST_F(Waits, after_a_serialization_failure_are_short_and_the_work_runs_again) {
  open();
  int runs = 0;
  const auto refuse = [&](int times, const char* state) {
    runs = 0;
    sql("delete from item");
    return database_->write([&, times, state](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(add(c, 1000 + runs));
      if (++runs > times) return {};
      const std::string text =
          std::string("do $$ begin raise exception 'no' using errcode = '") + state + "'; end $$";
      return c.query_text(text, {}, [](const Row&) { return true; });
    });
  };
  EXPECT_OK(refuse(3, "40001"));
  EXPECT_EQ(runs, 4);
  EXPECT_OK(refuse(3, "40P01"));
  EXPECT_EQ(rows(), "1") << "each attempt but the last was rolled back";
  EXPECT_EQ(metric("bl_store_write_retries_total"), 6);
  EXPECT_CODE(refuse(1'000, "40001"), overloaded);
  EXPECT_EQ(runs, static_cast<int>(quick_limits().write_attempts_max));
}

}  // namespace
}  // namespace bl::store::testing
