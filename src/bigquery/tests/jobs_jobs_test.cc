#include <gmock/gmock.h>

#include <thread>

#include "bigquery/answer_tables.h"
#include "bigquery/tests/job_world.h"

namespace bl::bigquery {
namespace {

using testing::HasSubstr;

constexpr const char* k_endless =
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) "
    "SELECT COUNT(*) FROM n";

class JobsOfTheDoor : public testing::Test {
 protected:
  JobWorld world_;
};

TEST_F(JobsOfTheDoor, a_job_runs_and_its_rows_are_there) {
  const auto begun = world_.parts->jobs().start(world_.job("SELECT 41 + 1", "mine"));
  ASSERT_OK(begun);
  const JobView job = world_.done(*begun);
  EXPECT_EQ(job.id, "mine");
  EXPECT_EQ(job.state, JobState::done);
  EXPECT_FALSE(job.error);
  EXPECT_EQ(job.statement, "SELECT");
  EXPECT_EQ(JobWorld::cells(*world_.parts->jobs().rows_of(job).value()), "42");
}

TEST_F(JobsOfTheDoor, a_query_says_the_table_that_its_answer_is_where_that_is_wanted) {
  const auto destination = [this](const std::string& text) {
    JobRequest wanted = world_.job(text);
    wanted.configuration = json::parse(R"({"query":{"query":"it"}})").value();
    const JobView job = world_.done(world_.parts->jobs().start(std::move(wanted)).value());
    const json::Value* table = job.configuration.find("query")->find("destinationTable");
    if (table == nullptr) return std::string("none");
    const TableName name = {table->find("projectId")->as_string(),
                            table->find("datasetId")->as_string(),
                            table->find("tableId")->as_string()};
    EXPECT_EQ(name, answer_table("p", job.result));
    return *answer_named(name) == job.result ? std::string("its answer") : text_of(name);
  };
  EXPECT_EQ(destination("SELECT 1"), "none");
  world_.limits.jobs.names_answer_tables = true;
  world_.restart();
  EXPECT_EQ(destination("SELECT 1"), "its answer");
  EXPECT_EQ(destination("CREATE TABLE d.made AS SELECT 1 AS x"), "none");
  EXPECT_EQ(answer_named({"p", "d", "anon" + std::string(32, 'a')}), std::nullopt);
  EXPECT_EQ(answer_named({"p", "_answers", "anon"}), std::nullopt);
}

TEST_F(JobsOfTheDoor, an_id_is_taken_once_also_after_a_restart) {
  ASSERT_OK(world_.parts->jobs().start(world_.job("SELECT 1", "mine")));
  auto again = world_.parts->jobs().start(world_.job("SELECT 1", "mine"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(job_error(again.error()).reason, "duplicate");
  world_.restart();
  again = world_.parts->jobs().start(world_.job("SELECT 1", "mine"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message, "Already Exists: Job p:US.mine");
}

TEST_F(JobsOfTheDoor, the_same_request_is_the_same_job) {
  JobRequest request = world_.job("SELECT 1");
  request.request_id = "one";
  const auto first = world_.parts->jobs().start(request);
  const auto second = world_.parts->jobs().start(request);
  EXPECT_EQ(first->id, second->id);
  world_.done(*first);
  world_.restart();
  EXPECT_EQ(world_.parts->jobs().start(request)->id, first->id);
  world_.clock.advance(std::chrono::hours(1));
  EXPECT_NE(world_.parts->jobs().start(request)->id, first->id);
}

TEST_F(JobsOfTheDoor, a_fault_of_the_sql_is_the_jobs) {
  const JobView job = world_.done(*world_.parts->jobs().start(world_.job("SELECT nothing")));
  ASSERT_TRUE(job.error);
  EXPECT_EQ(job.error->reason, "invalidQuery");
  EXPECT_EQ(http_status(*job.error), 400);
  const JobView missing =
      world_.done(*world_.parts->jobs().start(world_.job("SELECT * FROM nowhere")));
  EXPECT_EQ(missing.error->reason, "notFound");
  EXPECT_EQ(http_status(*missing.error), 404);
}

TEST_F(JobsOfTheDoor, rows_of_a_job_outlive_the_process) {
  const JobView job = world_.done(*world_.parts->jobs().start(world_.job("SELECT 'kept'", "mine")));
  world_.restart();
  const auto found = world_.parts->jobs().get("p", "mine");
  ASSERT_OK(found);
  EXPECT_EQ(found->state, JobState::done);
  EXPECT_EQ(found->schema, job.schema);
  EXPECT_EQ(JobWorld::cells(*world_.parts->jobs().rows_of(*found).value()), "kept");
}

TEST_F(JobsOfTheDoor, a_long_query_delays_no_other_and_can_be_cancelled) {
  const auto slow = world_.parts->jobs().start(world_.job(k_endless));
  ASSERT_OK(slow);
  const JobView quick = world_.done(*world_.parts->jobs().start(world_.job("SELECT 1")));
  EXPECT_FALSE(quick.error);
  EXPECT_NE(world_.parts->jobs().get("p", slow->id)->state, JobState::done);
  ASSERT_OK(world_.parts->jobs().cancel("p", slow->id));
  const JobView ended = world_.done(*slow);
  ASSERT_TRUE(ended.error);
  EXPECT_EQ(ended.error->reason, "stopped");
}

TEST_F(JobsOfTheDoor, what_ran_when_the_server_ended_has_failed) {
  world_.run_sql(
      "insert into @bq_jobs (project, id, created, state, document) values ('p', 'lost', "
      "1722513600000000, "
      "'RUNNING', '{\"location\":\"US\",\"configuration\":{\"query\":{}}}')");
  world_.restart();
  const auto job = world_.parts->jobs().get("p", "lost");
  ASSERT_OK(job);
  EXPECT_EQ(job->state, JobState::done);
  EXPECT_THAT(job->error->message, HasSubstr("started anew"));
}

TEST_F(JobsOfTheDoor, lists_have_the_newest_first_and_pages) {
  for (int i = 0; i < 7; ++i) {
    world_.done(*world_.parts->jobs().start(world_.job("SELECT 1", "job" + std::to_string(i))));
    world_.clock.advance(std::chrono::seconds(1));
  }
  const auto ids = [&](JobFilter filter) {
    filter.project = "p";
    std::string text;
    const auto jobs = world_.parts->jobs().list(filter);
    for (const JobView& job : *jobs) text += job.id + " ";
    return text;
  };
  EXPECT_EQ(ids({.count_max = 3}), "job6 job5 job4 ");
  EXPECT_EQ(ids({.before_id = "job4", .count_max = 3}), "job3 job2 job1 ");
  EXPECT_EQ(ids({.states = {JobState::running}}), "");
  EXPECT_EQ(ids({.states = {JobState::done}, .count_max = 1}), "job6 ");
  world_.restart();
  EXPECT_EQ(ids({.before_id = "job4", .count_max = 3}), "job3 job2 job1 ");
  ASSERT_OK(world_.parts->jobs().remove("p", "job2"));
  EXPECT_EQ(ids({.before_id = "job4", .count_max = 3}), "job3 job1 job0 ");
}

TEST_F(JobsOfTheDoor, more_than_may_wait_are_refused) {
  world_.parts.reset();
  world_.limits.jobs.running_max = 1;
  world_.limits.jobs.waiting_max = 1;
  world_.open_jobs();
  const auto running = world_.parts->jobs().start(world_.job(k_endless));
  while (world_.parts->jobs().get("p", running->id)->state == JobState::pending) {
    std::this_thread::yield();
  }
  ASSERT_OK(world_.parts->jobs().start(world_.job("SELECT 1")));
  const auto refused = world_.parts->jobs().start(world_.job("SELECT 1"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(job_error(refused.error()).reason, "rateLimitExceeded");
}

TEST_F(JobsOfTheDoor, a_query_that_needs_too_much_memory_is_not_asked_again) {
  world_.parts.reset();
  world_.limits.engine.database.memory_bytes_max = 64 << 20;
  world_.limits.engine.database.temp_bytes_max = 1 << 20;
  world_.open_jobs();
  const JobView job = world_.done(*world_.parts->jobs().start(world_.job(
      "SELECT COUNT(DISTINCT CONCAT('a text of some length', CAST(a * 10000 + b AS STRING)))"
      " FROM UNNEST(GENERATE_ARRAY(1, 3000)) AS a, UNNEST(GENERATE_ARRAY(1, 3000)) AS b")));
  ASSERT_TRUE(job.error);
  EXPECT_EQ(job.error->reason, "resourcesExceeded") << job.error->message;
}

TEST_F(JobsOfTheDoor, copies_take_all_rows_of_all_sources) {
  const char* schema =
      R"([{"name":"x","type":"INTEGER"},{"name":"l","type":"STRING","mode":"REPEATED"}])";
  world_.make_table("a", schema, R"({"x":1,"l":["u"]})");
  world_.make_table("b", schema, R"({"x":2})");
  JobRequest request = world_.job("");
  request.work =
      CopyRequest{.sources = {{"p", "d", "a"}, {"p", "d", "b"}},
                  .destination = {.name = {"p", "d", "c"}, .write = WriteDisposition::empty}};
  const JobView job = world_.done(*world_.parts->jobs().start(request));
  EXPECT_FALSE(job.error) << job.error->message;
  EXPECT_EQ(world_.answer("SELECT x, ARRAY_LENGTH(l) FROM c ORDER BY x"), "1,1;2,0");
}

}  // namespace
}  // namespace bl::bigquery
