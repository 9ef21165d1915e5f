#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "lake/tests/lake_world.h"
#include "product/server_process.h"

/// The lake in the program: what an operator sees of it and does to it, by commands with and
/// without a server, and by the API.
namespace bl::product {
namespace {

namespace fs = std::filesystem;
using lake::points;
using ::testing::HasSubstr;

class LakeInTheProgram : public testing::Test {
 protected:
  /// Thirty rows in three files, five in the journal alone.
  void make_lake() {
    const auto lake = on.open();
    const auto table =
        lake->create_table("points", lake::Points::schema(), lake::LakeOnDisk::layout()).value();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(table->append(points(1 + i * 10, 10)).ok());
      ASSERT_TRUE(table->flush().ok());
    }
    ASSERT_TRUE(table->append(points(31, 5)).ok());
  }
  std::vector<std::string> settings() const {
    return {"--set", "lake.objects=" + on.folder + "/objects",
            "--set", "lake.catalog=sqlite://" + on.folder + "/catalog.sqlite",
            "--set", "lake.flush_every=1h"};
  }
  CommandOutcome run(std::vector<std::string> arguments) const {
    for (const std::string& setting : settings()) arguments.push_back(setting);
    arguments.insert(arguments.end(), {"--data", on.folder});
    return run_benchlake(arguments);
  }
  /// What a command prints with --json.
  json::Value answer(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.push_back("--json");
    const CommandOutcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    const auto document = json::parse(outcome.out);
    EXPECT_TRUE(document.ok()) << outcome.out;
    return document.ok() ? *document : json::Value();
  }
  static std::int64_t number(const json::Value& object, const char* key) {
    const json::Value* value = object.find(key);
    return value == nullptr ? -1 : value->as_int64().value_or(-1);
  }
  static const json::Value& only(const json::Value& object, const char* key) {
    BL_CHECK(object.find(key)->items().size() == 1);
    return object.find(key)->items()[0];
  }
  /// Of the table, which is the only one.
  std::int64_t status(const char* key) const {
    return number(only(answer({"lake", "status"}), "tables"), key);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> paths;
    for (const auto& file : fs::directory_iterator(on.folder + "/objects/tables/points/data"))
      paths.push_back(file.path());
    return paths;
  }
  /// What doctor says of one check.
  std::string finding(const std::string& check) const {
    const CommandOutcome outcome = run({"doctor", "--json"});
    const auto document = json::parse(outcome.out);
    if (!document.ok()) return outcome.err;
    std::string words;
    for (const json::Value& one : document->find("findings")->items()) {
      if (one.find("check")->as_string() != check) continue;
      words.append(one.find("severity")->as_string()).append(": ");
      words.append(one.find("what")->as_string());
    }
    return words;
  }

  lake::LakeOnDisk on;
};

// Without a server ---------------------------------------------------------------------------

TEST_F(LakeInTheProgram, commands_say_which_setting_is_missing) {
  const CommandOutcome outcome = run_benchlake({"lake", "status", "--data", on.folder});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("lake.objects is not set"));
}

TEST_F(LakeInTheProgram, a_place_that_is_none_is_refused_with_its_setting) {
  const CommandOutcome outcome = run_benchlake(
      {"lake", "status", "--data", on.folder, "--set", "lake.objects=relative/folder"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("lake.objects"));
  EXPECT_THAT(outcome.err, HasSubstr("'relative/folder'"));
}

TEST_F(LakeInTheProgram, status_counts_rows_in_files_and_in_none) {
  make_lake();
  EXPECT_EQ(status("rows"), 30);
  EXPECT_EQ(status("files"), 3);
  EXPECT_EQ(status("tail_rows"), 5);
  const json::Value table = answer({"lake", "status", "points"});
  EXPECT_EQ(table.find("columns")->items().size(), 4u);
  const auto& snapshots = table.find("snapshots")->items();
  ASSERT_GE(snapshots.size(), 3u);
  EXPECT_EQ(number(snapshots[0], "rows"), 30) << "newest first";
  EXPECT_EQ(number(snapshots[1], "rows"), 20);
  EXPECT_EQ(snapshots[0].find("what")->as_string(), "flush");
  const CommandOutcome words = run({"lake", "status"});
  EXPECT_THAT(words.out, HasSubstr("points"));
  EXPECT_EQ(run({"lake", "status", "nothing"}).exit_code, 2);
}

TEST_F(LakeInTheProgram, verify_names_what_is_gone_and_what_was_changed) {
  make_lake();
  const json::Value whole = answer({"lake", "verify"});
  EXPECT_EQ(number(whole, "files"), 3);
  EXPECT_EQ(number(whole, "found"), 0);
  EXPECT_THAT(finding("lake_files"), HasSubstr("fine"));
  EXPECT_THAT(finding("lake_objects"), HasSubstr("fine"));
  EXPECT_THAT(finding("lake_catalog"), HasSubstr("fine"));

  const std::string gone = files()[0];
  fs::remove(gone);
  const json::Value broken = answer({"lake", "verify", "points"}, 1);
  EXPECT_EQ(number(broken, "found"), 1);
  EXPECT_THAT(gone, HasSubstr(only(broken, "findings").find("key")->as_string()));
  EXPECT_THAT(finding("lake_files"), HasSubstr("error: 1 files"));
  EXPECT_EQ(run({"lake", "verify"}).exit_code, 1);
}

TEST_F(LakeInTheProgram, a_rollback_brings_an_earlier_snapshot_and_keeps_the_journal) {
  make_lake();
  const json::Value table = answer({"lake", "status", "points"});
  const std::int64_t second = number(table.find("snapshots")->items()[1], "id");
  const json::Value made = answer({"lake", "rollback", "points", std::to_string(second)});
  EXPECT_EQ(number(made, "to"), second);
  EXPECT_GT(number(made, "snapshot"), second);
  EXPECT_EQ(status("rows"), 20);
  EXPECT_EQ(status("tail_rows"), 5);
  EXPECT_EQ(run({"lake", "rollback", "points", "987654"}).exit_code, 2);
  EXPECT_EQ(run({"lake", "rollback", "points", "x"}).exit_code, 2);
  EXPECT_EQ(run({"lake", "rollback", "points"}).exit_code, 2);
}

TEST_F(LakeInTheProgram, expire_and_sweep_leave_what_is_read) {
  make_lake();
  EXPECT_EQ(number(answer({"lake", "expire"}), "files"), 0);
  EXPECT_EQ(number(answer({"lake", "sweep"}), "removed"), 0);
  EXPECT_EQ(answer({"lake", "compact"}).find("tables")->items().size(), 1u);
  EXPECT_EQ(status("rows"), 30);
  EXPECT_EQ(number(answer({"lake", "verify"}), "found"), 0);
}

TEST_F(LakeInTheProgram, a_damaged_catalog_is_refused_by_name_and_made_anew_when_asked) {
  make_lake();
  const std::string catalog = on.folder + "/catalog.sqlite";
  std::ofstream(catalog, std::ios::trunc) << "this is no database, but it is long enough to be one";
  std::vector<std::string> serve = {"serve", "--http", "127.0.0.1:0"};
  const CommandOutcome refused = run(serve);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("lake.objects"));
  EXPECT_THAT(finding("lake_catalog"), HasSubstr("error"));

  const CommandOutcome unasked = run({"lake", "rebuild"});
  EXPECT_EQ(unasked.exit_code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("--yes"));
  const json::Value made = answer({"lake", "rebuild", "--yes"});
  EXPECT_EQ(number(made, "rows"), 30);
  EXPECT_THAT(made.find("aside")->as_string(), HasSubstr("catalog.sqlite.broken-"));
  EXPECT_TRUE(fs::exists(made.find("aside")->as_string()));
  EXPECT_EQ(status("rows"), 30);
  EXPECT_EQ(status("tail_rows"), 5) << "what was in the journal alone is still there";
  EXPECT_EQ(number(answer({"lake", "verify"}), "found"), 0);
}

TEST_F(LakeInTheProgram, a_rebuild_that_cannot_be_done_brings_the_catalog_back) {
  make_lake();
  fs::remove(files()[0]);
  const auto bytes = fs::file_size(on.folder + "/catalog.sqlite");
  EXPECT_EQ(run({"lake", "rebuild", "--yes"}).exit_code, 2);
  EXPECT_EQ(fs::file_size(on.folder + "/catalog.sqlite"), bytes);
  EXPECT_EQ(status("rows"), 30);
}

// With a server ------------------------------------------------------------------------------

class LakeServed : public LakeInTheProgram {
 protected:
  static json::Value ended(net::ApiClient& client, json::Value operation) {
    while (operation.find("state")->as_string() == "running")
      operation = client.get("/api/v1/operations/" + operation.find("id")->as_string()).value();
    return operation;
  }
};

TEST_F(LakeServed, commands_ask_the_server_that_has_the_lake) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(status("rows"), 30);
  EXPECT_EQ(status("tail_rows"), 5);
  EXPECT_EQ(number(answer({"lake", "verify"}), "found"), 0);
  EXPECT_EQ(number(answer({"lake", "sweep"}), "removed"), 0);
  const json::Value table = answer({"lake", "status", "points"});
  const std::int64_t first = number(table.find("snapshots")->items()[2], "id");
  EXPECT_EQ(run({"lake", "rollback", "points", std::to_string(first)}).exit_code, 0);
  EXPECT_EQ(status("rows"), 10);
  const CommandOutcome rebuild = run({"lake", "rebuild", "--yes"});
  EXPECT_EQ(rebuild.exit_code, 2);
  EXPECT_THAT(rebuild.err, HasSubstr("stop it first"));
  EXPECT_THAT(finding("lake_tables"), HasSubstr("fine"));
  EXPECT_THAT(server.get("/metrics").text, HasSubstr("bl_lake_files{table=\"points\"} 1"));
  fs::remove(files()[0]);
  fs::remove(files()[0]);
  fs::remove(files()[0]);
  EXPECT_EQ(run({"lake", "verify"}).exit_code, 1);
  EXPECT_EQ(server.terminate(), 0);
}

TEST_F(LakeServed, the_api_wants_an_admin_and_says_what_is_wrong_with_a_call) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(server.get("/api/v1/lake").status, 401);
  EXPECT_EQ(server.post("/api/v1/lake/verify", R"({"table":"none"})").status, 404);
  EXPECT_EQ(server.post("/api/v1/lake/verify", R"({"table":1})").status, 422);
  EXPECT_EQ(server.post("/api/v1/lake/verify", R"({"tabel":"points"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/lake/verify", "nonsense").status, 400);
  EXPECT_EQ(server.post("/api/v1/lake/expire", R"({"table":"points"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/lake/rollback", R"({"table":"points"})").status, 422);
  EXPECT_EQ(server.post("/api/v1/lake/rollback", R"({"table":"points","snapshot":-1})").status,
            422);
  const Answer begun = server.post("/api/v1/lake/verify", "");
  EXPECT_EQ(begun.status, 202) << begun.text;
  net::ApiClient client({server.url(), server.operator_token()});
  const json::Value verified = ended(client, begun.body);
  EXPECT_EQ(verified.find("state")->as_string(), "succeeded");
  EXPECT_EQ(number(*verified.find("result"), "files"), 3);

  const Answer gone =
      server.post("/api/v1/lake/rollback", R"({"table":"points","snapshot":987654})");
  EXPECT_EQ(gone.status, 202);
  const json::Value failed = ended(client, gone.body);
  EXPECT_EQ(failed.find("error")->find("code")->as_string(), "not_found");
  const json::Value audit = client.get("/api/v1/audit").value();
  EXPECT_THAT(json::to_text(audit), HasSubstr("lake.rollback"));
}

TEST_F(LakeServed, a_server_without_a_lake_says_so) {
  ServerProcess server(on.folder);
  ASSERT_TRUE(server.ready());
  const Answer refused = server.post("/api/v1/lake/verify", "{}");
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.text, HasSubstr("lake.objects"));
  EXPECT_EQ(run({"lake", "status"}).exit_code, 2);
}

}  // namespace
}  // namespace bl::product
