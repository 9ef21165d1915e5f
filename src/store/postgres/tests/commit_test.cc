// A connection that goes while COMMIT is under way: whoever waits hears the truth, or that nobody
// knows it.
#include "store/postgres/tests/driver_fixture.h"

namespace bl::store::testing {
namespace {

using Commit = WireProxy::Commit;

class CutCommit : public PostgresDriver {};

TEST_F(CutCommit, that_is_kept_is_a_success) {
  open();
  ASSERT_TRUE(insert(1).ok());
  int runs = 0;
  proxy_.cut_at_commit(Commit::kept);
  EXPECT_OK(database_->write([&](Connection& c) {
    ++runs;
    return add(c, 2);
  }));
  EXPECT_TRUE(proxy_.has_cut());
  EXPECT_EQ(runs, 1) << "what is kept is not run again";
  EXPECT_EQ(rows(), "2");
  EXPECT_EQ(metric("bl_store_commits_looked_up_total"), 1);
}

TEST_F(CutCommit, that_is_lost_is_run_again_and_stored_once) {
  open();
  int runs = 0;
  proxy_.cut_at_commit(Commit::lost);
  EXPECT_OK(database_->write([&](Connection& c) {
    ++runs;
    return add(c, 1);
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows(), "1");
  EXPECT_EQ(metric("bl_store_write_retries_total"), 1);
}

TEST_F(CutCommit, takes_along_what_nobody_waited_for) {
  open();
  for (const Commit how : {Commit::kept, Commit::lost}) {
    int runs = 0;
    proxy_.cut_at_commit(how);
    EXPECT_OK(database_->write([&](Connection& c) {
      ++runs;
      ParamRows row(1);
      row.add({std::int64_t{how == Commit::kept ? 1 : 2}});
      return c.query_many_later("insert into item (id) values ($1)", row,
                                [](std::size_t, const Row&) {});
    }));
    EXPECT_TRUE(proxy_.has_cut());
    EXPECT_EQ(runs, how == Commit::kept ? 1 : 2);
  }
  EXPECT_EQ(rows(), "2") << "one of each, none twice";
  EXPECT_EQ(metric("bl_store_commits_looked_up_total"), 2);
}

TEST_F(CutCommit, whose_backend_never_noticed_is_ended_and_run_again) {
  DatabaseLimits limits = quick_limits();
  limits.write_ms_max = 300;
  open(limits);
  proxy_.cut_at_commit(Commit::hung);
  EXPECT_OK(insert(1));
  EXPECT_EQ(rows(), "1");
  EXPECT_EQ(sql("select count(*) from pg_stat_activity where state = 'idle in transaction'"), "0");
}

TEST_F(CutCommit, whose_server_stays_away_is_unknown_and_says_so) {
  for (const Commit how : {Commit::kept, Commit::lost}) {
    DatabaseLimits limits = quick_limits();
    limits.commit_lookup_ms_max = 200;
    open(limits);
    proxy_.cut_at_commit(how, WireProxy::Then::refuse);
    const auto outcome = insert(1);
    ASSERT_TRUE(fails_with(outcome, Code::outcome_unknown));
    EXPECT_NE(outcome.error().message.find("transaction"), std::string::npos);
    proxy_.forward();
    EXPECT_EQ(rows(), how == Commit::kept ? "1" : "0");
    sql("delete from item");
  }
  EXPECT_EQ(metric("bl_store_commits_unknown_total"), 2);
}

TEST_F(CutCommit, whose_server_comes_back_is_looked_up) {
  open();
  proxy_.cut_at_commit(Commit::kept, WireProxy::Then::refuse);
  std::thread writer([&] { EXPECT_OK(insert(1)); });
  while (metric("bl_store_commits_looked_up_total") == 0) std::this_thread::yield();
  proxy_.forward();
  writer.join();
  EXPECT_EQ(rows(), "1");
}

TEST_F(CutCommit, of_every_writer_at_once_is_looked_up_by_all) {
  DatabaseLimits limits = quick_limits();
  limits.writers = 1;  // the broken connection must not keep its place while it is looked up
  open(limits);
  proxy_.cut_at_commit(Commit::kept);
  EXPECT_OK(insert(1));
  EXPECT_EQ(rows(), "1");
}

TEST_F(CutCommit, of_a_work_that_meets_itself_again_is_stored_once) {
  // A work with a key, as submissions are: the second run finds what the first one left.
  open();
  for (const Commit how : {Commit::kept, Commit::lost}) {
    proxy_.cut_at_commit(how);
    EXPECT_OK(database_->write([](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(
          c.execute("insert into item (id, name) values (7, 'x') on conflict do nothing", {}));
      return {};
    }));
  }
  EXPECT_EQ(rows(), "1");
}

// A server of its own: it is stopped and killed.
class StoppedServer : public PostgresDriver {
 protected:
  StoppedServer() : PostgresDriver(own()) {}
  static PostgresServer& own() {
    static const auto k_server = PostgresServer::start().value();
    return *k_server;
  }
  // A write whose COMMIT is cut, while the server goes and comes. Gives what the writer was told.
  Result<void> write_over(
      Commit cut, PostgresServer::Stop how, const std::function<void()>& after_restart = [] {}) {
    sql("checkpoint");
    proxy_.cut_at_commit(cut, WireProxy::Then::refuse);
    Result<void> outcome;
    std::thread writer([&] { outcome = insert(1); });
    while (metric("bl_store_commits_looked_up_total") == 0) std::this_thread::yield();
    server_.stop(how);
    server_.restart();
    after_restart();
    proxy_.forward();
    writer.join();
    return outcome;
  }
  static DatabaseLimits patient() {
    DatabaseLimits limits = quick_limits();
    limits.commit_lookup_ms_max = 30'000;
    return limits;
  }
};

TEST_F(StoppedServer, that_was_stopped_in_order_still_knows_the_commit) {
  open(patient());
  EXPECT_OK(write_over(Commit::kept, PostgresServer::Stop::fast));
  EXPECT_EQ(rows(), "1");
}

TEST_F(StoppedServer, that_crashed_may_have_given_the_id_to_another_and_is_not_believed) {
  open(patient());
  EXPECT_CODE(write_over(Commit::kept, PostgresServer::Stop::kill), outcome_unknown);
}

TEST_F(StoppedServer, that_crashed_before_the_commit_reached_its_disk_runs_the_work_again) {
  open(patient());
  EXPECT_OK(write_over(Commit::lost, PostgresServer::Stop::kill));
  EXPECT_EQ(rows(), "1");
}

TEST_F(StoppedServer, that_gave_a_lost_id_to_another_never_makes_the_lost_one_a_success) {
  open(patient());
  const auto outcome = write_over(Commit::lost, PostgresServer::Stop::kill, [&] {
    for (int i = 0; i < 20; ++i) sql("select pg_current_xact_id()");  // and each is committed
  });
  EXPECT_EQ(outcome.ok(), rows() == "1");
  EXPECT_TRUE(outcome.ok() || fails_with(outcome, Code::outcome_unknown));
}

TEST_F(StoppedServer, between_two_writes_and_two_reads_is_not_noticed) {
  for (const auto how : {PostgresServer::Stop::fast, PostgresServer::Stop::kill}) {
    sql("delete from item");
    open();
    ASSERT_TRUE(insert(1).ok());
    ASSERT_EQ(count().value(), 1);
    server_.stop(how);
    server_.restart();
    EXPECT_EQ(count().value(), 1);
    EXPECT_OK(insert(2));
    EXPECT_EQ(rows(), "2");
  }
}

TEST_F(StoppedServer, that_is_away_is_unavailable_and_nothing_is_stored) {
  open();
  ASSERT_TRUE(insert(1).ok());
  server_.stop(PostgresServer::Stop::fast);
  EXPECT_CODE(insert(2), unavailable);
  EXPECT_CODE(count(), unavailable);
  EXPECT_EQ(count().error().message.find("connection to server"), std::string::npos)
      << "an answer of the API must not tell where the store is: " << count().error().message;
  server_.restart();
  EXPECT_OK(insert(3));
  EXPECT_EQ(rows(), "2");
}

}  // namespace
}  // namespace bl::store::testing
