#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/uri.h"
#include "conbench/old_database.h"
#include "product/server_process.h"

// The built program over databases as Conbench left them: nothing that lies in one is tripped over.

namespace bl::conbench {
namespace {

using product::Answer;
using product::ServerProcess;
using ::testing::HasSubstr;

constexpr const char* k_repository = "https%3A%2F%2Fgithub.com%2Forg%2Frepo";

/// Every read of one result, in both dialects.
std::vector<std::string> reads_of(const std::string& id) {
  return {"/api/benchmark-results/" + id,
          "/api/benchmark-results/" + id + "/",
          "/api/benchmarks/" + id + "/",
          "/api/history/" + id,
          "/api/history/" + id + "/",
          "/api/history/download/" + id + "/",
          "/api/compare/benchmark-results?baseline_result_id=" + id + "&contender_result_id=" + id,
          "/api/compare/benchmark-results/" + id + "..." + id + "/"};
}

/// Reads of everything else.
std::vector<std::string> other_reads() {
  const std::string repository = k_repository;
  return {"/api/benchmark-results",
          "/api/benchmark-results/",
          "/api/benchmark-results?run_id=run-1",
          "/api/benchmark-results/?run_id=run-1",
          "/api/benchmark-results?run_reason=nightly",
          "/api/benchmark-results?earliest_timestamp=2024-08-01T00%3A00%3A00Z",
          "/api/history?fingerprint=fp-odd",
          "/api/series",
          "/api/series?q=sort",
          "/api/series?sort=name",
          "/api/series?fingerprint=fp-odd",
          "/api/series?repository=" + repository,
          "/api/runs/recent",
          "/api/runs/recent?repository=" + repository,
          "/api/runs/recent?include_attention=true",
          "/api/runs/?sha=aaaa",
          "/api/runs/run-1/",
          "/api/compare/runs/run-1...run-1/",
          "/api/ci/report?run_ids=run-1",
          "/api/ci/report?repository=" + repository + "&commit_sha=aaaa",
          "/api/commits/",
          "/api/commits/commit-1/",
          "/api/commits/commit-4/",
          "/api/contexts/",
          "/api/contexts/context-2/",
          "/api/info/",
          "/api/info/info-3/",
          "/api/hardware/",
          "/api/hardware/hardware-2/",
          "/api/hardware/hardware-3/",
          "/api/ping",
          "/api/ping/",
          "/api/v1/facts",
          "/api/v1/search?q=sort",
          "/api/v1/search?q=066ab",
          "/api/v1/attention",
          "/api/v1/families?repository=" + repository,
          "/api/v1/regressions?run_id=run-1",
          "/api/v1/inventory?repository=" + repository,
          "/api/v1/thresholds",
          "/api/v1/commits/incomplete",
          "/readyz"};
}

/// The first `list` that an answer holds, in either dialect.
std::size_t rows_of(const Answer& answer, const char* list) {
  const json::Value* rows = answer.body.is_array() ? &answer.body : answer.body.find(list);
  return rows != nullptr && rows->is_array() ? rows->items().size() : 0;
}

class ConbenchServer : public ::testing::Test {
 protected:
  /// Waits for the walk over the facts.
  static void wait_for_lists(const OldDatabase& old) {
    for (int i = 0; i < 200; ++i) {
      if (old.run("select value from benchlake.results_setting where name = 'backfill'") == "done")
        return;
      usleep(50'000);
    }
    ADD_FAILURE() << "the lists are not filled after 10 s";
  }

  TemporaryFolder folder_;
  const std::string data_ = folder_.path() + "/data";
};

TEST_F(ConbenchServer, serves_rows_in_every_odd_shape_by_every_route) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  const auto ids = old.add_odd_rows();
  ServerProcess server(data_, {"--store", old.uri()});
  ASSERT_TRUE(server.ready());
  wait_for_lists(old);
  for (const std::string& id : ids) {
    for (const std::string& path : reads_of(id)) {
      const Answer answer = server.get(path);
      EXPECT_LT(answer.status, 500) << path << "\n" << answer.text;
      EXPECT_TRUE(answer.status == 200 || path.find("compare") != std::string::npos ||
                  path.find("history") != std::string::npos)
          << path << " " << answer.status << "\n"
          << answer.text;
    }
  }
  for (const std::string& path : other_reads()) {
    const Answer answer = server.get(path);
    EXPECT_LT(answer.status, 500) << path << "\n" << answer.text;
    EXPECT_GE(answer.status, 200) << path << "\n" << answer.text;
  }
  EXPECT_GT(rows_of(server.get("/api/series"), "series"), 4u);
}

TEST_F(ConbenchServer, answers_with_nothing_when_another_program_deleted_everything) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  ServerProcess server(data_, {"--store", old.uri()});
  ASSERT_TRUE(server.ready());
  wait_for_lists(old);
  const std::string submission = product::good_submission(1, "key-1");
  ASSERT_EQ(server.post("/api/results", submission).status, 201);
  old.run(
      "delete from benchmark_result; delete from \"case\"; delete from context; delete from info; "
      "delete from hardware; delete from \"commit\"; delete from \"user\"");
  for (const auto& paths : {reads_of(id_at(1)), other_reads()}) {
    for (const std::string& path : paths) {
      const Answer answer = server.get(path);
      EXPECT_LT(answer.status, 500) << path << "\n" << answer.text;
    }
  }
  EXPECT_EQ(server.get("/api/benchmark-results/" + id_at(1) + "/").status, 404);
  // The same document again, with the key of a result that is gone.
  const Answer again = server.post("/api/results", submission);
  EXPECT_EQ(again.status, 201) << again.text;
  EXPECT_EQ(old.run("select count(*) from benchmark_result"), "1");
}

TEST_F(ConbenchServer, a_role_that_may_only_read_serves_a_database_that_was_never_migrated) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  ServerProcess server(data_, {"--store", old.read_only_uri()});
  ASSERT_TRUE(server.ready());
  for (const std::string& path : reads_of(id_at(1)))
    EXPECT_EQ(server.get(path).status, 200) << path << "\n" << server.get(path).text;
  EXPECT_EQ(server.get("/api/benchmark-results?run_id=run-1").status, 200);
  EXPECT_EQ(server.get("/api/runs/run-1/").status, 200) << server.get("/api/runs/run-1/").text;
  EXPECT_EQ(server.get("/readyz").status, 200);
  const Answer browse = server.get("/api/series");
  EXPECT_EQ(browse.status, 503);
  EXPECT_THAT(browse.text, HasSubstr("never migrated"));
  const Answer refused = server.post("/api/results", product::good_submission(1));
  EXPECT_EQ(refused.status, 403) << refused.text;
  EXPECT_THAT(refused.text, HasSubstr("read-only"));
  EXPECT_EQ(old.run("select count(*) from pg_namespace where nspname = 'benchlake'"), "0");
}

TEST_F(ConbenchServer, a_role_that_may_only_read_serves_everything_once_migrated) {
  OldDatabase old(Schema::renewed);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  const auto migrated = product::run_benchlake({"migrate", "--data", data_, "--store", old.uri()});
  ASSERT_EQ(migrated.exit_code, 0) << migrated.err;
  ServerProcess server(data_, {"--store", old.read_only_uri()});
  ASSERT_TRUE(server.ready());
  for (const auto& paths : {reads_of(id_at(1)), other_reads()}) {
    for (const std::string& path : paths) {
      const Answer answer = server.get(path);
      EXPECT_LT(answer.status, 500) << path << "\n" << answer.text;
    }
  }
  EXPECT_EQ(rows_of(server.get("/api/series"), "series"), 1u) << server.get("/api/series").text;
  EXPECT_EQ(server.post("/api/results", product::good_submission(1)).status, 403);
}

TEST_F(ConbenchServer, a_key_that_the_new_conbench_stored_is_replayed) {
  const std::string submission = product::good_submission(1, "job-7");
  OldDatabase first(Schema::legacy), old(Schema::renewed);
  {
    ServerProcess server(data_ + "1", {"--store", first.uri()});
    ASSERT_EQ(server.post("/api/results", submission).status, 201);
  }
  const std::string hash = first.run("select payload_sha256 from benchlake.submission");
  old.add_dimensions();
  old.add(
      {.id = id_at(1),
       .more = fmt::format("submission_key = 'job-7', submission_payload_sha256 = '{}'", hash)});
  ServerProcess server(data_, {"--store", old.uri()});
  const Answer replayed = server.post("/api/results", submission);
  EXPECT_EQ(replayed.status, 201);
  EXPECT_EQ(replayed.body.find("id")->as_string(), id_at(1));
  EXPECT_EQ(old.run("select count(*) from benchmark_result"), "1");
  const Answer other = server.post("/api/results", product::good_submission(2, "job-7"));
  EXPECT_EQ(other.status, 409) << other.text;
}

TEST_F(ConbenchServer, a_dry_run_tells_what_was_found_and_what_would_be_added) {
  OldDatabase old(Schema::interim);
  old.add_dimensions();
  for (int i = 0; i < 3; ++i) old.add({.id = id_at(i)});
  old.run("analyze");
  const auto dry =
      product::run_benchlake({"migrate", "--dry-run", "--data", data_, "--store", old.uri()});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("schema found: legacy 9d5f3c1a7b2e"));
  EXPECT_THAT(dry.out, HasSubstr("would add the table benchlake.series"));
  EXPECT_THAT(dry.out, HasSubstr("would build the index bl_commit_default_branch_index of commit"));
  EXPECT_THAT(dry.out, HasSubstr("from about 3 results"));
  EXPECT_EQ(old.run("select count(*) from pg_namespace where nspname = 'benchlake'"), "0");
  old.run("update alembic_version set version_num = 'ffffffffffff'");
  const auto refused =
      product::run_benchlake({"migrate", "--dry-run", "--data", data_, "--store", old.uri()});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("newer or not known: ffffffffffff"));
}

TEST_F(ConbenchServer, migrate_leaves_what_is_conbenchs_as_it_was) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add_odd_rows();
  const std::string contents =
      "select md5(string_agg(t::text, '|' order by t.id)) from benchmark_result t";
  const std::string columns =
      "select md5(string_agg(table_name || column_name || data_type || is_nullable, ',' order by "
      "table_name, ordinal_position)) from information_schema.columns where table_schema = "
      "'public'";
  const std::string before = old.run(contents), shape = old.run(columns);
  const auto migrated =
      product::run_benchlake({"migrate", "--triggers", "--data", data_, "--store", old.uri()});
  ASSERT_EQ(migrated.exit_code, 0) << migrated.err;
  EXPECT_EQ(old.run(contents), before);
  EXPECT_EQ(old.run(columns), shape);
  EXPECT_EQ(old.run("select version_num from alembic_version"), "99895af5dae2");
  EXPECT_EQ(old.run("select count(*) from pg_trigger where tgname like 'benchlake_%'"), "3");
}

TEST_F(ConbenchServer, a_move_is_proved_by_a_role_that_may_only_read) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  for (int i = 0; i < 4; ++i)
    old.add({.id = id_at(i), .commit_id = i % 2 == 0 ? "commit-1" : "commit-2"});
  old.add_odd_rows();
  // As Conbench makes them: commands take other words for names.
  old.run("update benchmark_result set history_fingerprint = md5(history_fingerprint)");
  const auto prove = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"prove", "compat", "--data",
                                      data_,   "--out",  folder_.path() + "/prove"};
    words.insert(words.end(), more.begin(), more.end());
    return product::run_benchlake(words);
  };
  const std::string uri = old.read_only_uri();
  EXPECT_THAT(prove({"--store", uri, "--confirm", "yes"}).err, HasSubstr("--confirm read-only"));
  EXPECT_THAT(prove({"--store", old.uri(), "--confirm", "read-only"}).err, HasSubstr("superuser"));
  EXPECT_THAT(
      prove({"--store", uri, "--confirm", "read-only", "--server", "http://example.org"}).err,
      HasSubstr("not among --allow-host: example.org"));
  const auto without_browser = prove({"--store", uri, "--confirm", "read-only"});
  EXPECT_EQ(without_browser.exit_code, 3) << without_browser.out << without_browser.err;
  EXPECT_THAT(without_browser.out, HasSubstr("the same before and after"));
  const auto disk = make_real_disk();
  const std::string report = read_file(*disk, folder_.path() + "/prove/report.md", 1 << 20).value();
  EXPECT_THAT(report, HasSubstr("| browser | not run |"));
  EXPECT_THAT(report, HasSubstr("| api | passed |"));
  EXPECT_THAT(report, HasSubstr("0 blocked writes"));
  for (const char* raw : {"066ab", "github.com", "aaaa", "127.0.0.1"})
    EXPECT_THAT(report, ::testing::Not(HasSubstr(raw)));
  const std::string script = folder_.path() + "/seen.mjs";
  ASSERT_TRUE(write_file_atomically(*disk, script, "process.exit(0)", FileMode::normal).ok());
  const auto passed = prove({"--store", uri, "--confirm", "read-only", "--browser-script", script});
  EXPECT_EQ(passed.exit_code, 0) << passed.out << passed.err;
  ASSERT_TRUE(write_file_atomically(*disk, script, "process.exit(1)", FileMode::normal).ok());
  EXPECT_EQ(prove({"--store", uri, "--confirm", "read-only", "--browser-script", script}).exit_code,
            1);
}

TEST_F(ConbenchServer, a_user_whom_a_restored_alert_rule_names_is_kept_with_a_reason) {
  OldDatabase old(Schema::renewed);
  old.run(
      "insert into \"user\" (id, email, name, password) values ('u-1', 'ada@x.org', 'Ada', 'x'); "
      "insert into alert_rule (id, user_id, name, repository, baseline, threshold, threshold_z, "
      "created_at, updated_at) values ('rule-1', 'u-1', 'nightly', 'https://github.com/org/repo', "
      "'parent', 5, 5, '2024-08-01', '2024-08-01')");
  ServerProcess server(data_, {"--store", old.uri()});
  ASSERT_TRUE(server.ready());
  net::Client client;
  net::Headers headers;
  headers.add("Authorization", "Bearer " + server.operator_token());
  const auto remove = [&](const std::string& path) {
    return client.send(net::Method::del, server.url() + path, headers, "").value();
  };
  const auto refused = remove("/api/users/u-1/");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("alert rule 'nightly' (rule-1)"));
  EXPECT_EQ(remove("/api/v1/users/u-1").status, 409);
  EXPECT_EQ(old.run("select count(*) from \"user\""), "1");
  EXPECT_EQ(remove("/api/alert-rules/rule-1").status, 204);
  EXPECT_EQ(remove("/api/users/u-1/").status, 204);
  EXPECT_EQ(old.run("select count(*) from \"user\""), "0");
}

TEST_F(ConbenchServer, filling_the_lists_is_a_job_that_ends) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  for (int i = 0; i < 3; ++i) old.add({.id = id_at(i)});
  ServerProcess server(data_, {"--store", old.uri()});
  ASSERT_TRUE(server.ready());
  wait_for_lists(old);
  const std::string ended =
      "select outcome from benchlake.job where name = 'results.backfill' and ended_at is not null";
  for (int i = 0; i < 200 && old.run(ended) != "ok"; ++i) usleep(50'000);
  EXPECT_EQ(old.run(ended), "ok");
}

TEST_F(ConbenchServer, the_variables_of_an_old_deployment_are_understood) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  const auto& server = store::testing::PostgresServer::shared();
  const std::map<std::string, std::string> variables = {
      {"DB_HOST", "127.0.0.1"},
      {"DB_PORT", std::to_string(server.port())},
      {"DB_NAME", old.name()},
      {"DB_USERNAME", "postgres"},
      {"SVS_TYPE", "mean"},
      {"DISTRIBUTION_COMMITS", "50"},
      {"REGISTRATION_KEY", "a-key-that-no-log-shows"}};
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  ServerProcess process(data_);
  for (const auto& [name, value] : variables) unsetenv(name.c_str());
  ASSERT_TRUE(process.ready());
  const Answer answer = process.get("/api/benchmark-results/" + id_at(1) + "/");
  EXPECT_EQ(answer.status, 200);
  const json::Value* stats = answer.body.find("stats");
  ASSERT_NE(stats, nullptr) << answer.text;
  EXPECT_EQ(answer.body.find("single_value_summary_type") != nullptr
                ? answer.body.find("single_value_summary_type")->as_string()
                : "mean",
            "mean");
  const auto disk = make_real_disk();
  const std::string log = read_file(*disk, data_ + ".log", 1 << 20).value();
  EXPECT_THAT(log, HasSubstr("DISTRIBUTION_COMMITS sets results.distribution_commits"));
  EXPECT_THAT(log, ::testing::Not(HasSubstr("a-key-that-no-log-shows")));
}

TEST_F(ConbenchServer, a_database_behind_a_socket_is_found_by_its_folder) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  const auto& server = store::testing::PostgresServer::shared();
  // A blank: what stands in a variable is no part of a URI yet.
  const std::string socket = folder_.path() + "/a socket";
  std::filesystem::create_directory_symlink(server.folder(), socket);
  const std::map<std::string, std::string> variables = {{"DB_HOST", socket},
                                                        {"DB_PORT", std::to_string(server.port())},
                                                        {"DB_NAME", old.name()},
                                                        {"DB_USERNAME", "postgres"}};
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  ServerProcess process(data_);
  for (const auto& [name, value] : variables) unsetenv(name.c_str());
  ASSERT_TRUE(process.ready());
  EXPECT_EQ(process.get("/api/benchmark-results/" + id_at(1) + "/").status, 200);
}

TEST_F(ConbenchServer, reads_come_from_a_replica_and_from_the_writer_when_it_is_away) {
  OldDatabase old(Schema::legacy);
  old.add_dimensions();
  old.add({.id = id_at(1)});
  ServerProcess server(
      data_, {"--store", old.uri(), "--set", "store.read_uri=postgres://nobody@127.0.0.1:1/none"});
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(server.get("/api/benchmark-results?run_id=run-1").status, 200);
  EXPECT_THAT(server.get("/metrics").text, HasSubstr("bl_store_replica_failures_total 1"));
  ServerProcess with_replica(data_ + "2",
                             {"--store", old.uri(), "--set", "store.read_uri=" + old.uri()});
  ASSERT_TRUE(with_replica.ready());
  EXPECT_EQ(with_replica.get("/api/benchmark-results?run_id=run-1").status, 200);
  EXPECT_THAT(with_replica.get("/metrics").text,
              HasSubstr("bl_store_replica_reads_total{by=\"replica\"} 1"));
}

}  // namespace
}  // namespace bl::conbench
