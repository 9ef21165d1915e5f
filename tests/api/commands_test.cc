#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "product/server_process.h"
#include "product/store_under_test.h"

/// The command line against a real server: what scripts read, and the exit codes that they trust.
namespace bl::product {
namespace {

class Commands : public testing::Test {
 protected:
  CommandOutcome run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.end(), {"--data", folder.path() + "/data"});
    return run_benchlake(arguments, input);
  }
  std::string file(const std::string& name, const std::string& text) const {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(Commands, submit_prints_one_json_line_per_result_and_nothing_else_on_stdout) {
  const std::string array = "[" + good_submission(1) + "," + good_submission(2) + "]";
  file("a.json", array);
  file("b.json", good_submission(3) + "\n" + good_submission(4) + "\n");
  const CommandOutcome outcome = run({"submit", folder.path() + "/*.json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(lines(outcome.out), 4u) << outcome.out;
  const auto first = json::parse(outcome.out.substr(0, outcome.out.find('\n')));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->find("status")->as_string(), "stored");
  EXPECT_EQ(first->find("id")->as_string().size(), 32u);
}

TEST_F(Commands, submit_reads_standard_input) {
  EXPECT_EQ(run({"submit", "-"}, good_submission(1)).exit_code, 0);
  EXPECT_EQ(run({"submit", "-"}, "nonsense").exit_code, 2);
  EXPECT_EQ(run({"submit", folder.path() + "/none-*.json"}).exit_code, 2);
}

TEST_F(Commands, submit_keeps_what_is_good_names_what_is_not_and_exits_with_2) {
  const std::string path =
      file("mixed.json", "[" + good_submission(1) + R"(,{"tags":{"name":"x"}}])");
  const CommandOutcome outcome = run({"submit", path});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("/run_id"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("1 stored, 1 failed"), std::string::npos) << outcome.err;
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 1);
}

TEST_F(Commands, submit_sends_the_good_files_beside_a_broken_one) {
  const std::string good = file("good.json", good_submission(1));
  const std::string cut = file("cut.json", good_submission(2).substr(0, 50));
  const CommandOutcome outcome = run({"submit", cut, good});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(lines(outcome.out), 1u) << outcome.out;
  EXPECT_NE(outcome.err.find(cut), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("1 stored, 0 failed, 0 skipped, unreadable files: 1"),
            std::string::npos)
      << outcome.err;
}

TEST_F(Commands, submit_stops_at_a_token_that_nobody_has) {
  const std::string path =
      file("many.json", "[" + good_submission(1) + "," + good_submission(2) + "]");
  const CommandOutcome outcome = run({"submit", path, "--jobs", "1", "--token", "wrong"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("not sent"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("0 stored, 2 failed"), std::string::npos) << outcome.err;
}

TEST_F(Commands, a_dry_run_sends_nothing) {
  const std::string path = file("one.json", good_submission(1));
  const CommandOutcome outcome = run({"submit", "--dry-run", "--tag", "flavour=plain", path});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.out.find("\"flavour\":\"plain\""), std::string::npos) << outcome.out;
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 0);
}

TEST_F(Commands, compare_exits_with_0_1_or_3) {
  std::vector<std::string> ids;
  const auto submit = [&](int number, const std::string& seconds) {
    std::string body = good_submission(number * 50);
    const std::size_t begin = body.find("\"data\":[") + 8;
    body.replace(begin, body.find(']', begin) - begin, seconds);
    ids.push_back(server.post("/api/results", body).body.find("id")->as_string());
  };
  for (int i = 0; i < 12; ++i) submit(i, i % 2 == 0 ? "10.0" : "10.2");
  submit(12, "30.0");
  EXPECT_EQ(run({"compare", ids[10], ids[11]}).exit_code, 0);
  const CommandOutcome slow = run({"compare", ids[11], ids[12]});
  EXPECT_EQ(slow.exit_code, 1) << slow.out << slow.err;
  EXPECT_NE(slow.out.find("REGRESSION"), std::string::npos) << slow.out;
  EXPECT_EQ(run({"compare", ids[0], ids[1]}).exit_code, 3) << "one commit is no distribution";
  EXPECT_EQ(run({"compare", ids[0], ids[1], "--fail-on", "none"}).exit_code, 0);
  EXPECT_EQ(run({"compare", ids[0], "nothing"}).exit_code, 2);
  EXPECT_EQ(lines(run({"series", "sort", "--json"}).out), 1u);
  EXPECT_EQ(lines(run({"series", "so", "rt", "--json"}).out), 1u) << "words need no quotes";
  const CommandOutcome history = run({"history", "sort"});
  EXPECT_NE(history.out.find("-197"), std::string::npos) << "negative is worse: " << history.out;
  EXPECT_EQ(lines(run({"history", "sort", "--csv"}).out), 14u);
}

TEST_F(Commands, results_get_shows_one_result) {
  const std::string id =
      server.post("/api/results", good_submission(1)).body.find("id")->as_string();
  const CommandOutcome shown = run({"results", "get", id});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  for (const char* part : {"name=sort", "2023-11-14T22:13:21Z", "m1", "(min)"}) {
    EXPECT_NE(shown.out.find(part), std::string::npos) << part << " in " << shown.out;
  }
  const CommandOutcome whole = run({"results", "get", id, "--json"});
  EXPECT_EQ(lines(whole.out), 1u);
  EXPECT_EQ(json::to_text(json::parse(whole.out).value()),
            json::to_text(server.get("/api/benchmark-results/" + id).body));
  const CommandOutcome none = run({"results", "get", "../nothing"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_NE(none.err.find("nothing"), std::string::npos) << none.err;
}

TEST_F(Commands, verdicts_are_switched_project_by_project) {
  EXPECT_NE(run({"verdicts", "list"}).err.find("all projects have verdicts on"), std::string::npos);
  const CommandOutcome off = run({"verdicts", "off", "git@github.com:org/repo"});
  EXPECT_EQ(off.exit_code, 0) << off.err;
  EXPECT_EQ(off.out, "verdicts of https://github.com/org/repo are off\n");
  const CommandOutcome listed = run({"verdicts", "list"});
  EXPECT_NE(listed.out.find("https://github.com/org/repo"), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find("off"), std::string::npos) << listed.out;
  const CommandOutcome on = run({"verdicts", "on", "https://github.com/org/repo", "--json"});
  EXPECT_EQ(on.exit_code, 0) << on.err;
  EXPECT_TRUE(json::parse(on.out)->find("enabled")->as_bool());
  EXPECT_EQ(run({"verdicts", "on", ""}).exit_code, 2);
}

TEST_F(Commands, openapi_prints_what_the_server_serves) {
  net::Client client;
  const auto served = [&](const char* path) {
    return client.send(net::Method::get, server.url() + path, {}, "").value().body;
  };
  EXPECT_EQ(run_benchlake({"openapi"}).out, served("/openapi.yaml"));
  EXPECT_EQ(run_benchlake({"openapi", "--downgrade"}).out, served("/openapi-3.0.yaml"));
  const CommandOutcome as_json = run_benchlake({"openapi", "--json"});
  EXPECT_EQ(as_json.exit_code, 0);
  EXPECT_TRUE(json::parse(as_json.out).ok());
  EXPECT_EQ(run_benchlake({"openapi", "--json", "--downgrade"}).exit_code, 2);
}

TEST_F(Commands, a_token_works_until_it_is_revoked) {
  const CommandOutcome created = run({"token", "create", "ci", "--role", "writer", "--json"});
  ASSERT_EQ(created.exit_code, 0) << created.err;
  const auto token = json::parse(created.out);
  ASSERT_TRUE(token.ok()) << created.out;
  const std::string plaintext = token->find("token")->as_string();
  const auto submit = [&] {
    return run_benchlake({"submit", "-", "--server", server.url(), "--token", plaintext},
                         good_submission(1))
        .exit_code;
  };
  EXPECT_EQ(submit(), 0);
  EXPECT_EQ(run({"token", "list"}).out.find(plaintext), std::string::npos);
  EXPECT_EQ(run({"token", "revoke", token->find("id")->as_string()}).exit_code, 0);
  EXPECT_EQ(submit(), 2);
}

TEST_F(Commands, without_a_server_the_way_to_start_one_is_told) {
  BL_SKIP_ON_POSTGRES("the store of a folder that nobody served is missing");
  const CommandOutcome outcome = run_benchlake({"series", "--data", folder.path() + "/elsewhere"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("benchlake serve"), std::string::npos) << outcome.err;
}

TEST_F(Commands, without_a_server_work_on_the_store_themselves) {
  ASSERT_EQ(run({"submit", "-"}, good_submission(1)).exit_code, 0);
  ASSERT_EQ(server.terminate(), 0);
  EXPECT_EQ(run({"submit", "-"}, good_submission(2)).exit_code, 0);
  const CommandOutcome series = run({"series", "--json"});
  EXPECT_EQ(series.exit_code, 0) << series.err;
  EXPECT_EQ(lines(series.out), 2u) << series.out;
  EXPECT_EQ(series.err, "");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/data/server.json"));

  ServerProcess killed(folder.path() + "/data");
  ASSERT_TRUE(killed.ready());
  killed.kill();  // leaves its address behind
  EXPECT_EQ(lines(run({"series", "--json"}).out), 2u);
}

TEST(Serve, nobody_makes_a_store_by_asking) {
  BL_SKIP_ON_POSTGRES("the store of a folder that nobody served is missing");
  const TemporaryFolder folder;
  const CommandOutcome outcome = run_benchlake({"series", "--data", folder.path() + "/none"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("benchlake serve --data"), std::string::npos) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/none"));
}

TEST(Serve, refuses_to_listen_beyond_loopback_without_a_decision) {
  const TemporaryFolder folder;
  const CommandOutcome outcome =
      run_benchlake({"serve", "--data", folder.path() + "/d", "--http", "0.0.0.0:0"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("access.public_reads"), std::string::npos) << outcome.err;
}

TEST(Serve, names_every_fault_of_its_configuration_file_with_the_line) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/benchlake.toml";
  std::ofstream(path) << "[http]\nworkers = 4\nwrokers = 5\n[log]\nlevel = 7\n";
  const CommandOutcome outcome = run_benchlake({"serve", "--config", path});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("wrokers"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("3"), std::string::npos) << outcome.err;
}

TEST(Serve, private_reads_need_a_token) {
  const TemporaryFolder folder;
  const ServerProcess server(folder.path() + "/d d", {"--set", "access.public_reads=false"});
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(server.get("/api/series").status, 401);
  EXPECT_EQ(server.get("/healthz").status, 200);
  EXPECT_EQ(server.get("/").status, 200) << "the page itself holds no data";
}

}  // namespace
}  // namespace bl::product
