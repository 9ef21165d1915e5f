#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "product/server_process.h"
#include "product/store_under_test.h"

/// What an operator does with the built program: the drill that the operator's guide describes.
namespace bl::product {
namespace {

class Operator : public testing::Test {
 protected:
  CommandOutcome run(std::vector<std::string> arguments, const std::string& folder) const {
    arguments.insert(arguments.end(), {"--data", folder});
    return run_benchlake(arguments);
  }
  CommandOutcome run(std::vector<std::string> arguments) const { return run(arguments, data); }
  static std::int64_t results_of(const ServerProcess& server) {
    return server.get("/api/v1/facts").body.find("results")->as_int64().value();
  }
  static void submit(const ServerProcess& server, int first, int last) {
    for (int i = first; i < last; ++i)
      EXPECT_EQ(server.post("/api/results", good_submission(i)).status, 201);
  }
  /// The worst finding of a check, as doctor's JSON has it: "error: what".
  std::string finding(const std::string& check) const {
    const CommandOutcome outcome = run({"doctor", "--json"});
    const auto document = json::parse(outcome.out);
    if (!document.ok()) return outcome.err;
    for (const json::Value& one : document->find("findings")->items()) {
      if (one.find("check")->as_string() != check) continue;
      std::string words = one.find("severity")->as_string();
      words.append(": ").append(one.find("what")->as_string());
      return words;
    }
    return "";
  }

  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  const std::string backup = folder.path() + "/backup.db";
};

TEST_F(Operator, backup_while_clients_submit_and_restore_elsewhere) {
  const ServerProcess server(data);
  submit(server, 0, 30);
  std::atomic<bool> stop = false;
  std::atomic<int> sent = 30;
  std::thread client([&] {
    while (!stop) submit(server, sent, sent + 1), ++sent;
  });
  while (sent < 35) std::this_thread::yield();
  const int before = sent;
  const CommandOutcome made = run({"backup", backup});
  stop = true;
  client.join();
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out, backup + "\n");

  const std::string elsewhere = folder.path() + "/elsewhere";
  const CommandOutcome restored = run({"restore", backup}, elsewhere);
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  const ServerProcess copy(elsewhere);
  EXPECT_GE(results_of(copy), before);
  EXPECT_LE(results_of(copy), sent);
  submit(copy, 10'000, 10'001);
}

// The replica in the backup is behind the store in it, never ahead: its refresh brings the rest.
TEST_F(Operator, store_and_lake_come_back_together_and_fit) {
  const auto lake_in = [](const std::string& place) {
    return std::vector<std::string>{"--set", "lake.objects=" + place + "/objects",
                                    "--set", "lake.catalog=sqlite://" + place + "/catalog.sqlite",
                                    "--set", "replica.enabled=true",
                                    "--set", "replica.refresh_every=200ms"};
  };
  const auto with_lake = [&](std::vector<std::string> arguments, const std::string& place) {
    const auto more = lake_in(place);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments), place);
  };
  {
    ServerProcess server(data, lake_in(data));
    submit(server, 0, 30);
    ASSERT_EQ(with_lake({"lake", "refresh"}, data).exit_code, 0);
    std::atomic<bool> stop = false;
    std::thread client([&] {
      for (int i = 30; !stop; ++i) submit(server, i, i + 1);
    });
    const CommandOutcome made = with_lake({"backup", backup}, data);
    stop = true;
    client.join();
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_NE(made.err.find("and a lake:"), std::string::npos) << made.err;
    EXPECT_EQ(server.terminate(), 0);
  }
  EXPECT_EQ(with_lake({"restore", backup}, data).exit_code, 2) << "both are there";

  const std::string elsewhere = folder.path() + "/elsewhere";
  const CommandOutcome restored = with_lake({"restore", backup}, elsewhere);
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  {
    ServerProcess copy(elsewhere, lake_in(elsewhere));
    submit(copy, 10'000, 10'005);
    ASSERT_EQ(with_lake({"lake", "refresh"}, elsewhere).exit_code, 0);
    const CommandOutcome compared = with_lake({"lake", "refresh", "--check"}, elsewhere);
    EXPECT_EQ(compared.exit_code, 0) << compared.out << compared.err;
    EXPECT_EQ(with_lake({"lake", "verify"}, elsewhere).exit_code, 0);
  }
  std::ofstream(elsewhere + "/restore.unfinished") << backup << "\n";
  const CommandOutcome refused = with_lake({"serve", "--http", "127.0.0.1:0"}, elsewhere);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("restore again: " + backup), std::string::npos) << refused.err;
}

TEST_F(Operator, an_undo_is_proved_of_store_and_lake) {
  const ServerProcess server(
      data, {"--set", "lake.objects=" + data + "/objects", "--set", "replica.enabled=true"});
  submit(server, 8, 12);  // ten of a run
  ASSERT_EQ(run({"lake", "refresh"}).exit_code, 0);
  const auto undo = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"results", "undo", "--run", "run-1"});
    return run(std::move(more));
  };
  const CommandOutcome preview = undo({});
  EXPECT_EQ(preview.exit_code, 0) << preview.err;
  EXPECT_NE(preview.err.find("--yes removes them"), std::string::npos) << preview.err;
  EXPECT_EQ(results_of(server), 4);
  const CommandOutcome gone = undo({"--yes"});
  EXPECT_EQ(gone.exit_code, 0) << gone.out << gone.err;
  EXPECT_NE(gone.out.find("no row of the lake is one of them"), std::string::npos) << gone.out;
  EXPECT_EQ(results_of(server), 2);
}

// Whatever keeps the build events: the server copies them while they come in, and they are there
// again, in their order, where nothing was; also in another kind of log.
TEST_F(Operator, build_events_come_back_with_the_store) {
  const auto append = [](const ServerProcess& server, int number) {
    const std::string event = fmt::format(
        R"({{"event_id":"0190a3c4-0000-7000-8000-{:012x}","timestamp":"{}",)"
        R"("build_request_id":"0190a3c4-0000-7000-8000-0000000000b1",)"
        R"("partition_event":{{"partition_ref":{{"str":"data/{}"}},"status_code":4}}}})",
        number, 1'750'000'000'000'000'000 + number % 3, number % 5);
    EXPECT_EQ(server.post("/api/v1/events", "[" + event + "]").status / 100, 2);
  };
  const auto log_in = [&](const std::string& kind) {
    return (kind == "delta" ? "delta://" : "sqlite://") + folder.path() + "/log-" + kind;
  };
  const auto exported = [&](const std::string& uri) {
    const CommandOutcome outcome = run_benchlake({"events", "export", "--log", uri});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  };
  for (const std::string kind : {"delta", "sqlite"}) {
    const std::string place = data + "-" + kind, saved = folder.path() + "/" + kind + ".db";
    std::string before;
    {
      ServerProcess server(place, {"--set", "events.log=" + log_in(kind)});
      submit(server, 0, 3);
      for (int i = 0; i < 30; ++i) append(server, i);
      std::atomic<bool> stop = false;
      std::thread writer([&] {
        for (int i = 30; !stop; ++i) append(server, i);
      });
      const CommandOutcome made = run({"backup", saved}, place);
      stop = true;
      writer.join();
      ASSERT_EQ(made.exit_code, 0) << made.err;
      EXPECT_NE(made.err.find(" build events: "), std::string::npos) << made.err;
      EXPECT_EQ(server.terminate(), 0);
      before = exported(log_in(kind));
    }
    const std::string other = kind == "delta" ? "sqlite" : "delta";
    const std::string back = log_in(other) + "-of-" + kind;
    const auto restored = run({"restore", saved, "--set", "events.log=" + back}, place + "-back");
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    const std::string after = exported(back);
    EXPECT_GE(std::count(after.begin(), after.end(), '\n'), 30);
    EXPECT_EQ(after, before.substr(0, after.size())) << "the log's first events";
    const auto again = run({"restore", saved, "--set", "events.log=" + back}, place + "-third");
    EXPECT_EQ(again.exit_code, 2) << "a log is there";
    EXPECT_NE(again.err.find("--force"), std::string::npos) << again.err;
    const ServerProcess server(place + "-back", {"--set", "events.log=" + back});
    EXPECT_EQ(results_of(server), 3);
    EXPECT_TRUE(server.get("/api/v1/events/0190a3c4-0000-7000-8000-000000000007").status == 200);
  }
}

TEST_F(Operator, a_backup_without_a_server_has_the_build_events_of_the_data_folder) {
  {
    const ServerProcess server(data);
    submit(server, 0, 2);
    const std::string event =
        R"([{"event_id":"0190a3c4-0000-7000-8000-000000000001","timestamp":"5",)"
        R"("build_request_id":"0190a3c4-0000-7000-8000-0000000000b1",)"
        R"("partition_event":{"partition_ref":{"str":"a"},"status_code":4}}])";
    ASSERT_EQ(server.post("/api/v1/events", event).status / 100, 2);
  }  // killed
  const CommandOutcome made = run({"backup", backup});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_NE(made.err.find("; and 1 build events: "), std::string::npos) << made.err;
  const std::string elsewhere = folder.path() + "/elsewhere";
  ASSERT_EQ(run({"restore", backup}, elsewhere).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(elsewhere + "/events.db"));
  ASSERT_EQ(run({"restore", backup, "--force"}, elsewhere).exit_code, 0);
  const CommandOutcome alone = run({"backup", backup + "2", "--store-only"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_FALSE(std::filesystem::exists(backup + "2.events"));
}

TEST_F(Operator, a_restore_wants_a_stopped_server_and_force_for_a_store_with_rows) {
  ServerProcess server(data);
  submit(server, 0, 3);
  ASSERT_EQ(run({"backup", backup}).exit_code, 0);
  submit(server, 3, 5);
  EXPECT_EQ(run({"restore", backup, "--force"}).exit_code, 2);
  EXPECT_EQ(server.terminate(), 0);
  const CommandOutcome refused = run({"restore", backup});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(run({"restore", backup, "--force"}).exit_code, 0);
  const ServerProcess again(data);
  EXPECT_EQ(results_of(again), 3);
}

TEST_F(Operator, a_backup_needs_no_server) {
  {
    const ServerProcess server(data);
    submit(server, 0, 3);
  }  // killed: its address is stale, its log is not checkpointed
  EXPECT_EQ(finding("server").substr(0, 8), "warning:");
  const CommandOutcome made = run({"backup", folder.path() + "/", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto document = json::parse(made.out);
  ASSERT_TRUE(document.ok()) << made.out;
  const json::Value* rows =
      document->find("manifest")
          ->find("tables")
          ->find(on_postgres() ? "public.benchmark_result" : "benchmark_result");
  ASSERT_NE(rows, nullptr) << made.out;
  EXPECT_EQ(rows->as_int64(), 3);
  EXPECT_TRUE(std::filesystem::exists(document->find("path")->as_string()));
}

// A process that is killed at any time leaves the old store or the new one.
TEST_F(Operator, a_restore_that_is_killed_leaves_a_whole_store) {
  {
    ServerProcess server(data);
    submit(server, 0, 40);
    ASSERT_EQ(run({"backup", backup}).exit_code, 0);
    submit(server, 40, 60);
    EXPECT_EQ(server.terminate(), 0);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int old_ones = 0, new_ones = 0;
  for (int round = 0; round < 12 && std::chrono::steady_clock::now() < deadline; ++round) {
    const pid_t pid = start_benchlake({"restore", backup, "--force", "--data", data});
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * round));  // another moment each time
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << round;
    const std::int64_t results = results_of(server);
    EXPECT_TRUE(results == 40 || results == 60) << results;
    (results == 60 ? old_ones : new_ones)++;
    EXPECT_EQ(server.terminate(), 0);
    if (results == 40) break;  // it was done; the store has no former rows to tell it by
  }
  EXPECT_GE(old_ones + new_ones, 1);
  EXPECT_EQ(finding(on_postgres() ? "store" : "integrity").substr(0, 5), "fine:");
}

TEST_F(Operator, a_backup_into_a_folder_that_may_not_be_written_or_is_not_there_is_refused) {
  const ServerProcess server(data);
  const CommandOutcome none = run({"backup", folder.path() + "/none/b.db"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("none/b.db"), std::string::npos) << none.err;
  EXPECT_EQ(run({"backup", "/proc/b.db"}).exit_code, 2);
}

TEST_F(Operator, only_the_operators_token_makes_the_server_write_files) {
  const ServerProcess server(data);
  const CommandOutcome created = run({"token", "create", "boss", "--role", "admin"});
  ASSERT_EQ(created.exit_code, 0) << created.err;
  net::Client client;
  net::Headers headers;
  headers.add("Authorization", "Bearer " + created.out.substr(0, created.out.find('\n')));
  headers.add("Content-Type", "application/json");
  std::string body = R"({"path":")";
  body.append(backup).append(R"("})");
  const auto refused =
      client.send(net::Method::post, server.url() + "/api/v1/backups", headers, body);
  EXPECT_EQ(refused->status, 403);
  EXPECT_FALSE(std::filesystem::exists(backup));
  EXPECT_EQ(server.post("/api/v1/backups", R"({"path":"relative.db"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/backups", R"({"path":"/tmp/a\u0000b"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/backups", R"({"paths":"/x"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/backups", "[").status, 400);
}

TEST_F(Operator, doctor_finds_a_good_server_good) {
  const ServerProcess server(data);
  submit(server, 0, 3);
  const CommandOutcome outcome = run({"doctor"});
  // The tests' PostgreSQL outlives no power cut, and doctor says so.
  EXPECT_EQ(outcome.exit_code, on_postgres() ? 1 : 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out.find("fsync: is off") != std::string::npos, on_postgres()) << outcome.out;
  for (const char* check :
       {"server", on_postgres() ? "store" : "integrity", "schema", "data_folder"})
    EXPECT_EQ(finding(check).substr(0, 5), "fine:") << check << finding(check);
}

TEST_F(Operator, doctor_ends_with_1_when_something_does_not_work) {
  {
    const ServerProcess server(data);
  }
  chmod((data + "/operator.token").c_str(), 0644);
  const CommandOutcome outcome = run({"doctor"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_NE(outcome.out.find("chmod 600"), std::string::npos) << outcome.out;
  EXPECT_EQ(run({"doctor", "--set", "nothing.such=1"}).exit_code, 2);
}

TEST_F(Operator, migrate_shows_applies_and_is_demanded_where_a_start_may_not) {
  const CommandOutcome shown = run({"migrate", "--dry-run"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("missing"), std::string::npos) << shown.out;
  EXPECT_FALSE(std::filesystem::exists(data)) << "a dry run makes nothing";

  const CommandOutcome refused =
      run({"serve", "--http", "127.0.0.1:0", "--set", "store.migrate=false"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("benchlake migrate"), std::string::npos) << refused.err;

  const CommandOutcome migrated = run({"migrate", "--json"});
  EXPECT_EQ(migrated.exit_code, 0) << migrated.err;
  EXPECT_EQ(migrated.out.find("missing"), std::string::npos) << migrated.out;
  ServerProcess server(data, {"--set", "store.migrate=false"});
  EXPECT_TRUE(server.ready());
  EXPECT_EQ(run({"migrate"}).exit_code, 0) << "nothing to do beside a server";
}

TEST_F(Operator, the_status_tells_anybody_how_it_is_and_the_operator_where) {
  const ServerProcess server(data);
  submit(server, 0, 3);
  const Answer anybody = server.get("/api/v1/status");
  ASSERT_EQ(anybody.status, 200) << anybody.text;
  EXPECT_EQ(anybody.body.find("store")->find("kind")->as_string(),
            on_postgres() ? "postgres" : "sqlite");
  EXPECT_TRUE(anybody.body.find("store")->find("answers")->as_bool());
  EXPECT_EQ(anybody.body.find("store")->find("place"), nullptr);
  EXPECT_GE(anybody.body.find("writes")->find("acknowledged")->as_int64(), 3);
  EXPECT_EQ(server.get("/api/v1/status?x=1").status, 422);
  net::ApiClient as_operator({server.url(), server.operator_token(), {}});
  const auto full = as_operator.get("/api/v1/status");
  ASSERT_TRUE(full.ok());
  EXPECT_NE(
      full->find("store")->find("place")->as_string().find(on_postgres() ? "postgres:" : data),
      std::string::npos);
  EXPECT_EQ(as_operator.get("/api/v1/operations/none").error().code, Code::not_found);
}

}  // namespace
}  // namespace bl::product
