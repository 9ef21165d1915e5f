// A user's SQL may kill, starve or crash its worker; the server answers, and goes on.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/tests/engine_world.h"

namespace bl::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* k_endless =
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";

std::set<pid_t> children() {
  std::set<pid_t> out;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "children");
    for (pid_t pid = 0; file >> pid;) out.insert(pid);
  }
  return out;
}

/// A word of the kernel's line about a process, counted from 0.
std::string stat_word(pid_t pid, int number) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  for (int i = 0; i <= number; ++i) file >> word;
  return word;
}

/// Has a worker locked itself in for its query, which begins then?
bool is_at_its_query(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/limits");
  const std::string what = "Max processes";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(what)) continue;
    const std::size_t at = line.find_first_not_of(' ', what.size());
    return at != std::string::npos && line[at] == '0';
  }
  return false;
}

class Workers : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world.points->append(lake::points(1, 20)).ok());
    ASSERT_TRUE(world.points->flush().ok());
    ASSERT_TRUE(world.points->append(lake::points(21, 5)).ok());
  }
  void open() { engine = world.worker_engine(options); }
  std::string ask(const std::string& sql,
                  std::chrono::milliseconds time_max = std::chrono::milliseconds(20'000)) {
    Query query = world.query(sql);
    query.limits.time_max = time_max;
    return outcome(all(*engine, std::move(query)));
  }
  void expect_to_go_on() {
    EXPECT_EQ(number(all(*engine, world.query("SELECT count(*)::BIGINT FROM points"))), 25);
  }
  /// Asks an endless query, sends its worker the signal once it runs, and gives its outcome.
  std::string with_signal(int signal, std::chrono::milliseconds time_max) {
    options.limits.warm_workers = 0;  // every child is a query's
    open();
    std::jthread sender([signal](const std::stop_token& is_over) {
      while (!is_over.stop_requested()) {
        for (const pid_t pid : children()) {
          if (is_at_its_query(pid)) kill(pid, signal);
        }
        std::this_thread::yield();
      }
    });
    auto query = world.query(k_endless);
    query.limits.time_max = time_max;
    return outcome(all(*engine, std::move(query)));
  }
  /// A program that is called as a worker and does that.
  void be_worker(const std::string& script) {
    options.program = world.folder + "/worker.sh";
    std::ofstream(options.program) << "#!/bin/sh\n" << script << "\n";
    chmod(options.program.c_str(), 0755);
    options.limits.start_max = std::chrono::milliseconds(3'000);
    open();
  }

  EngineWorld world;
  WorkerEngineOptions options = world.worker_options();
  std::unique_ptr<Engine> engine;
};

// Hostile SQL --------------------------------------------------------------------------------

TEST_F(Workers, sql_reaches_no_file_but_those_of_its_tables) {
  open();
  std::ofstream(world.folder + "/objects/secret.csv") << "a\n1\n";
  const std::string inside = world.folder + "/objects/secret.csv";
  const std::vector<std::string> hostile = {
      "SELECT * FROM read_csv('/etc/passwd')",
      "SELECT * FROM '/etc/passwd'",
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM read_blob('/proc/self/environ')",
      "SELECT * FROM glob('/*')",
      "SELECT * FROM glob('" + world.folder + "/**')",
      "SELECT * FROM read_csv('" + inside + "')",
      "SELECT * FROM read_parquet('" + world.folder + "/objects/**/*.parquet')",
      "SELECT * FROM sniff_csv('/etc/passwd')",
      "SELECT * FROM parquet_metadata('/etc/passwd')",
      "SELECT * FROM read_json('http://127.0.0.1:1/x.json')",
      "SELECT * FROM 's3://bucket/x.parquet'",
      "SELECT * FROM sqlite_scan('/etc/passwd', 'x')",
      "SELECT * FROM query('SELECT * FROM read_csv(''/etc/passwd'')')",
      "SELECT * FROM query_table('/etc/passwd')",
  };
  for (const std::string& sql : hostile) {
    EXPECT_THAT(ask(sql),
                AnyOf(StartsWith("forbidden"), StartsWith("invalid"), StartsWith("not_found")))
        << sql;
  }
  expect_to_go_on();
}

TEST_F(Workers, sql_that_writes_loads_attaches_or_sets_is_refused) {
  open();
  const std::string target = world.folder + "/written.csv";
  const std::vector<std::string> hostile = {
      "COPY points TO '" + target + "'",
      "COPY (SELECT 1) TO '/dev/stdout'",
      "EXPORT DATABASE '" + world.folder + "/export'",
      "ATTACH '" + target + "' AS other",
      "ATTACH 'ducklake:sqlite:" + world.folder + "/catalog.sqlite' AS lake",
      "INSTALL httpfs",
      "LOAD httpfs",
      "LOAD '" + world.folder + "/x.duckdb_extension'",
      "SET enable_external_access = true",
      "SET GLOBAL lock_configuration = false",
      "RESET lock_configuration",
      "PRAGMA enable_profiling",
      "PRAGMA memory_limit = '100GB'",
      "CALL pragma_version()",
      "CREATE SECRET (TYPE s3)",
      "CREATE MACRO f() AS 1",
      "PREPARE q AS SELECT 1",
      "EXPLAIN ANALYZE COPY points TO '" + target + "'",
      "DETACH memory",
      "USE temp",
      "IMPORT DATABASE '/etc'",
  };
  for (const std::string& sql : hostile) {
    EXPECT_THAT(ask(sql), AnyOf(StartsWith("forbidden"), StartsWith("invalid"),
                                StartsWith("malformed"), StartsWith("not_found")))
        << sql;
  }
  EXPECT_FALSE(fs::exists(target));
  expect_to_go_on();
}

TEST_F(Workers, settings_and_variables_of_the_server_are_not_in_a_worker) {
  setenv("BENCHLAKE_TOKEN", "a-secret-of-the-server", 1);
  open();
  EXPECT_THAT(ask("SELECT getenv('BENCHLAKE_TOKEN')"), Not(StartsWith("ok")));
  const auto settings = all(*engine, world.query("SELECT name, value FROM duckdb_settings()"));
  ASSERT_TRUE(settings.ok()) << outcome(settings);
  EXPECT_THAT(settings->rows.text(1'000), Not(HasSubstr("a-secret")));
  unsetenv("BENCHLAKE_TOKEN");
}

TEST_F(Workers, endless_recursion_and_joins_end_at_their_deadline) {
  open();
  const std::chrono::milliseconds soon(700);
  EXPECT_THAT(ask("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) "
                  "SELECT count(*) FROM r",
                  soon),
              AnyOf(StartsWith("timeout"), StartsWith("too_large")));
  EXPECT_THAT(ask(k_endless, soon), StartsWith("timeout"));
  EXPECT_THAT(ask("SELECT count(*) FROM range(1000000000) a, range(1000000000) b "
                  "WHERE a.range * b.range % 7 = 1",
                  soon),
              AnyOf(StartsWith("timeout"), StartsWith("too_large")));
  expect_to_go_on();
}

TEST_F(Workers, memory_without_end_is_refused_by_its_limit) {
  open();
  EXPECT_THAT(ask("SELECT list(range::VARCHAR) FROM range(500000000)"),
              AnyOf(StartsWith("too_large"), StartsWith("timeout")));
  EXPECT_THAT(ask("SELECT repeat('x', 2000000000)", std::chrono::seconds(5)),
              AnyOf(StartsWith("too_large"), StartsWith("invalid"), StartsWith("timeout")));
  EXPECT_THAT(ask("SELECT string_agg(repeat('x', 100000), '') FROM range(100000)"),
              AnyOf(StartsWith("too_large"), StartsWith("invalid")));
  expect_to_go_on();
}

TEST_F(Workers, expressions_as_deep_as_one_likes_are_an_error) {
  open();
  std::string deep = "SELECT ";
  for (int i = 0; i < 20'000; ++i) deep += '(';
  deep += '1';
  for (int i = 0; i < 20'000; ++i) deep += ')';
  EXPECT_THAT(ask(deep), Not(StartsWith("ok")));
  std::string sum = "SELECT 1";
  for (int i = 0; i < 20'000; ++i) sum += "+1";
  EXPECT_THAT(ask(sum), Not(StartsWith("ok")));
  expect_to_go_on();
}

TEST_F(Workers, an_answer_of_a_type_that_none_has_is_refused_by_its_column) {
  open();
  EXPECT_THAT(ask("SELECT INTERVAL 1 DAY AS pause"),
              AllOf(StartsWith("invalid"), HasSubstr("pause"), HasSubstr("cast")));
  EXPECT_EQ(ask("SELECT (INTERVAL 1 DAY)::VARCHAR, 1::HUGEINT, uuid(), 1.5, [1], {'a': 1}, "
                "MAP {'a': 1}, TIME '01:02:03'"),
            "ok");
}

// What becomes of workers --------------------------------------------------------------------

TEST_F(Workers, one_that_is_killed_is_told_and_harms_nobody) {
  EXPECT_THAT(with_signal(SIGKILL, std::chrono::seconds(20)),
              StartsWith("unavailable: the query's worker was killed"));
  EXPECT_EQ(world.lost("killed"), 1);
  expect_to_go_on();
}

TEST_F(Workers, one_that_crashes_is_told_and_harms_nobody) {
  EXPECT_THAT(with_signal(SIGABRT, std::chrono::seconds(20)),
              StartsWith("internal: the engine crashed at this query"));
  world.log.flush();
  EXPECT_THAT(world.said, HasSubstr("query_worker_lost"));
  expect_to_go_on();
}

TEST_F(Workers, one_that_is_out_of_processor_time_is_told) {
  EXPECT_THAT(with_signal(SIGXCPU, std::chrono::seconds(20)),
              StartsWith("timeout: the query took more processor time"));
  expect_to_go_on();
}

TEST_F(Workers, one_that_stands_still_is_ended_behind_its_deadline) {
  EXPECT_THAT(with_signal(SIGSTOP, std::chrono::seconds(3)), StartsWith("timeout"));
  EXPECT_EQ(world.lost("deadline"), 1);
  expect_to_go_on();
}

TEST_F(Workers, a_client_that_goes_away_ends_its_query) {
  open();
  Query query = world.query(k_endless);
  int looks = 0;
  query.control = std::make_shared<QueryControl>([&looks] { return ++looks < 5; });
  EXPECT_THAT(outcome(all(*engine, std::move(query))), StartsWith("cancelled"));
  expect_to_go_on();
}

TEST_F(Workers, warm_ones_that_are_killed_are_replaced) {
  options.limits.warm_workers = 2;
  open();
  expect_to_go_on();
  while (children().size() < 2) std::this_thread::yield();
  const std::set<pid_t> warm = children();
  for (const pid_t pid : warm) kill(pid, SIGKILL);
  for (const pid_t pid : warm) {
    // A process is dead with its last thread, not with its first.
    while (stat_word(pid, 2) != "Z" || std::stoi(stat_word(pid, 19)) > 1) std::this_thread::yield();
  }
  expect_to_go_on();
}

TEST_F(Workers, nothing_is_left_of_them_when_the_engine_goes) {
  open();
  expect_to_go_on();
  engine.reset();
  EXPECT_TRUE(children().empty());
  EXPECT_TRUE(fs::is_empty(options.folder));
}

TEST_F(Workers, spilling_goes_to_a_folder_that_goes_with_the_worker) {
  open();
  const std::string outcome =
      ask("SELECT max(s) FROM (SELECT md5(range::VARCHAR) AS s FROM range(3000000) ORDER BY s) ");
  EXPECT_THAT(outcome, AnyOf("ok", StartsWith("too_large")));
  EXPECT_EQ(ask("SELECT 1"), "ok");
}

TEST_F(Workers, statistics_are_the_processs_own) {
  open();
  const auto answered = all(*engine, world.query("SELECT sum(value) FROM points"));
  ASSERT_TRUE(answered.ok()) << outcome(answered);
  EXPECT_GT(answered->statistics.cpu.value().count(), 0);
  EXPECT_GT(answered->statistics.bytes_read.value(), 100u);
  EXPECT_GT(answered->statistics.peak_memory_bytes.value(), 1u << 20);
  const auto nothing = all(*engine, world.query("SELECT 1"));
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->statistics.snapshots.empty()) << "no table stands in the SQL";
  EXPECT_LT(nothing->statistics.bytes_read.value(), answered->statistics.bytes_read.value());
}

TEST_F(Workers, a_lake_that_is_no_folder_is_refused_by_name) {
  objects::testing::MemoryStore elsewhere(world.clock, *world.disk);
  const auto of_users = open_worker_engine(elsewhere, world.log, world.metrics, options);
  ASSERT_FALSE(of_users.ok());
  EXPECT_EQ(of_users.error().code, Code::unsupported);
  const auto ours = open_duck_engine(elsewhere, world.metrics, {});
  EXPECT_THAT(outcome(all(**ours, world.query("SELECT * FROM points"))),
              StartsWith("unsupported: not supported: SQL over a lake"));
}

// Workers that lie ---------------------------------------------------------------------------

TEST_F(Workers, one_that_does_not_start_is_said) {
  options.program = world.folder + "/nothing";
  open();
  EXPECT_THAT(ask("SELECT 1"), StartsWith("unavailable: cannot start a query's worker"));
}

TEST_F(Workers, one_that_ends_at_once_is_said) {
  be_worker("exit 1");
  EXPECT_THAT(ask("SELECT 1"), StartsWith("unavailable: no worker of a query gets ready"));
}

TEST_F(Workers, one_that_cannot_begin_says_why) {
  options.readable.push_back(world.folder + "/nothing");
  open();
  EXPECT_THAT(ask("SELECT 1"), AllOf(StartsWith("unavailable: a query's worker cannot begin"),
                                     HasSubstr("/nothing")));
}

TEST_F(Workers, one_that_never_gets_ready_is_said) {
  be_worker("exec cat <&3 >/dev/null");
  options.limits.start_max = std::chrono::milliseconds(100);
  open();
  EXPECT_THAT(ask("SELECT 1"), StartsWith("unavailable: a query's worker does not get ready"));
}

TEST_F(Workers, garbage_instead_of_an_answer_is_a_broken_protocol) {
  const std::string ready = R"(printf '\033\000\000\000\002{"protocol":2,"landlock":0}' >&3)";
  for (const char* garbage :
       {"head -c 100000 /dev/zero >&3", "printf '\\377\\377\\377\\377\\007' >&3",
        "printf '\\002\\000\\000\\000\\006xx' >&3", "printf '\\002\\000\\000\\000\\011{}' >&3",
        "printf '\\002\\000\\000\\000\\012{}' >&3", "printf '\\002\\000\\000\\000\\007{}' >&3"}) {
    be_worker(ready + "\n" + garbage + "\nexec cat <&3 >/dev/null");
    EXPECT_THAT(ask("SELECT 1"), StartsWith("internal: a query's worker breaks the protocol"))
        << garbage;
  }
}

}  // namespace
}  // namespace bl::engine
