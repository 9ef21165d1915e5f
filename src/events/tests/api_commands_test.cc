// The commands, over a log in a file and over the log of a server.
#include <gmock/gmock.h>

#include "base/testing/temporary_folder.h"
#include "events/commands.h"
#include "events/encode.h"
#include "events/open_log.h"
#include "events/testing/corpus.h"
#include "events/tests/api_server.h"
#include "events/tests/run_commands.h"

namespace bl::events {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Outcome = CommandEnd;

class EventCommands : public testing::Test {
 protected:
  /// `words` behind `benchlake events`.
  Outcome run(std::vector<std::string> words, const std::string& input = "") {
    return run_events(std::move(words), input, setting, environment);
  }
  static std::string lines_of(const std::vector<BuildEvent>& events) {
    std::string lines;
    for (const BuildEvent& event : events) lines += event_json(event) + "\n";
    return lines;
  }
  std::string file(const std::string& name) const { return folder.at(name); }
  std::string log(const std::string& name = "events.db") const { return "sqlite://" + file(name); }

  TemporaryFolder folder;
  LogSetting setting{.data_folder = folder.at("data"),
                     .log_uri = "sqlite://" + folder.at("data/events.db"),
                     .is_built_in = true};
  std::map<std::string, std::string> environment;
  const std::vector<BuildEvent> events = history(1, 300);
};

TEST_F(EventCommands, what_is_appended_comes_out_again_as_the_same_bytes) {
  const Outcome appended = run({"append", "--log", log()}, lines_of(events));
  EXPECT_EQ(appended.code, 0) << appended.err;
  EXPECT_EQ(appended.out, "300 events appended\n");
  const Outcome again = run({"append", "--log", log(), "--json"}, lines_of(events));
  EXPECT_EQ(again.out, "{\"added\":0,\"repeated\":300}\n");
  const Outcome exported = run({"export", "--log", log()});
  EXPECT_EQ(exported.code, 0) << exported.err;
  EXPECT_EQ(exported.out, lines_of(events));
}

TEST_F(EventCommands, an_append_is_whole_or_nothing) {
  const Outcome broken =
      run({"append", "--log", log()}, lines_of(events) + R"({"event_id":"x"})" + "\n");
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("standard input, lines 1 to 301"));
  EXPECT_EQ(run({"export", "--log", log()}).out, "");
}

TEST_F(EventCommands, an_import_takes_files_and_lists_and_says_where_it_breaks) {
  std::string list = "[";
  for (int i = 0; i < 10; ++i) {
    list += (i == 0 ? "" : ",") + event_json(events[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(run({"import", "--log", log(), "--json"}, list + "]").out,
            "{\"added\":10,\"repeated\":0}\n");
  const std::unique_ptr<Disk> disk = make_real_disk();
  ASSERT_TRUE(
      write_file_atomically(*disk, file("a.jsonl"), "\n\n" + lines_of(events), FileMode::normal)
          .ok());
  const Outcome imported =
      run({"import", "--log", log(), "--batch", "7", "--json", file("a.jsonl")});
  EXPECT_EQ(imported.out, "{\"added\":290,\"repeated\":10}\n") << imported.err;
  const Outcome broken = run({"import", "--log", log(), "--batch", "2"}, lines_of(events) + "{\n");
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("lines 301 to 301"));
  EXPECT_THAT(run({"import", "--log", log(), file("none")}).err, HasSubstr("cannot read"));
}

TEST_F(EventCommands, a_log_moves_from_one_backend_to_another_and_back) {
  ASSERT_EQ(run({"import", "--log", log()}, lines_of(events)).code, 0);
  const std::string table = "delta://" + file("table");
  const Outcome there = run({"import", "--from", log(), "--log", table, "--json"});
  EXPECT_EQ(there.out, "{\"added\":300,\"repeated\":0}\n") << there.err;
  const Outcome back = run({"import", "--from", table, "--log", log("back.db"), "--json"});
  EXPECT_EQ(back.out, "{\"added\":300,\"repeated\":0}\n") << back.err;
  EXPECT_EQ(run({"export", "--log", log("back.db")}).out, lines_of(events));
  EXPECT_EQ(run({"import", "--from", table, "--log", log(), file("x")}).code, 2);
}

TEST_F(EventCommands, lists_are_the_servers_answers_or_tables) {
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(events)).code, 0);
  for (const std::string list : {"builds", "partitions", "jobs", "activity", "status"}) {
    const Outcome table = run({list, "--log", log()});
    EXPECT_EQ(table.code, 0) << table.err;
    EXPECT_FALSE(table.out.empty()) << list;
    const Outcome as_json = run({list, "--log", log(), "--json"});
    EXPECT_TRUE(json::parse(as_json.out).ok()) << as_json.out;
  }
  const std::string build = events[0].build_request_id;
  EXPECT_THAT(run({"builds", build, "--log", log()}).out, HasSubstr("build_request"));
  EXPECT_THAT(run({"builds", build, "--log", log(), "--json"}).out, StartsWith(R"({"event_id":)"));
  EXPECT_EQ(run({"builds", small_world_build(0), "--log", log()}).code, 2);
  EXPECT_EQ(run({"builds", "--status", "fine", "--log", log()}).code, 2);
  EXPECT_EQ(run({"builds", "--status", "completed", "--limit", "1", "--log", log()}).code, 0);
}

TEST_F(EventCommands, a_tail_shows_sequences_and_chooses) {
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(events)).code, 0);
  const Outcome two = run({"tail", "--log", log(), "--since", "0", "--count", "2"});
  EXPECT_THAT(two.out, StartsWith(R"({"sequence":1,"event":)"));
  EXPECT_EQ(std::ranges::count(two.out, '\n'), 2);
  const auto jobs = std::ranges::count_if(
      events, [](const BuildEvent& event) { return event.type() == EventType::job; });
  const Outcome of_jobs =
      run({"tail", "--log", log(), "--since", "0", "--until-end", "--type", "job"});
  EXPECT_EQ(std::ranges::count(of_jobs.out, '\n'), jobs);
  EXPECT_EQ(run({"tail", "--log", log(), "--type", "fine"}).code, 2);
}

TEST_F(EventCommands, a_measurement_wants_a_new_log) {
  const std::vector<std::string> small = {"bench",     "--log",     log(),     "--events", "200",
                                          "--singles", "10",        "--batch", "50",       "--asks",
                                          "5",         "--writers", "2"};
  std::vector<std::string> as_json = small;
  as_json.push_back("--json");
  const Outcome measured = run(as_json);
  ASSERT_EQ(measured.code, 0) << measured.err;
  const auto document = json::parse(measured.out);
  ASSERT_TRUE(document.ok()) << measured.out;
  EXPECT_EQ(document->find("events")->as_int64(), 220);
  EXPECT_EQ(document->find("measured")->items().size(), 14u);
  const Outcome again = run(small);
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("new log"));
}

TEST_F(EventCommands, a_table_is_kept_in_order) {
  const std::string table = "delta://" + file("table");
  ASSERT_EQ(
      run({"import", "--log", table + "?mode=direct", "--batch", "50"}, lines_of(events)).code, 0);
  const Outcome optimized = run({"optimize", "--log", table, "--json"});
  EXPECT_EQ(optimized.code, 0) << optimized.err;
  EXPECT_THAT(run({"checkpoint", "--log", table}).out, StartsWith("checkpoint of version "));
  EXPECT_EQ(run({"vacuum", "--log", table, "--dry-run"}).code, 0);
  EXPECT_EQ(run({"vacuum", "--log", table, "--retention", "1"}).code, 2);  // without --force
  EXPECT_THAT(run({"migrate", "--log", table}).out, HasSubstr("became 2"));
  const Outcome looked = run({"fsck", "--log", table});
  EXPECT_EQ(looked.code, 0) << looked.out << looked.err;
  EXPECT_THAT(looked.out, HasSubstr("nothing is wrong"));
  EXPECT_EQ(run({"export", "--log", table}).out, lines_of(events));
  for (const std::string verb : {"optimize", "checkpoint", "vacuum", "migrate", "fsck"}) {
    const Outcome again = run({verb, "--log", table, "--json"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_TRUE(json::parse(again.out).ok()) << again.out;
  }
  EXPECT_EQ(run({"optimize", "--log", log()}).code, 2);  // no table
}

TEST_F(EventCommands, one_event_is_shown_by_its_id) {
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(events)).code, 0);
  const BuildEvent& one = events[7];
  EXPECT_EQ(run({"show", one.event_id, "--json", "--log", log()}).out,
            R"({"sequence":8,"event":)" + event_json(one) + "}\n");
  std::string shouted = one.event_id;
  for (char& c : shouted) c = static_cast<char>(std::toupper(c));
  const Outcome shown = run({"show", shouted, "--log", log()});
  EXPECT_THAT(shown.out, HasSubstr(one.event_id));
  EXPECT_THAT(shown.out, HasSubstr(one.build_request_id));
  const Outcome none = run({"show", small_world_build(0), "--log", log()});
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.err, "benchlake: there is no event of that id: " + small_world_build(0) + "\n");
}

TEST_F(EventCommands, a_range_of_time_is_asked_in_dates_or_nanoseconds) {
  std::vector<BuildEvent> four(events.begin(), events.begin() + 4);
  const std::int64_t second = 1'763'863'200'000'000'000;  // 2025-11-23T02:00:00Z
  for (std::size_t i = 0; i < 4; ++i) four[i].timestamp = second + static_cast<std::int64_t>(i);
  four[3].timestamp = second + 60'000'000'000;
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(four)).code, 0);
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "range");
    words.insert(words.end(), {"--json", "--log", log()});
    return run(words);
  };
  EXPECT_EQ(ask({}).out, lines_of(four));
  EXPECT_EQ(ask({"--from", "2025-11-23T02:00:01Z", "--to", "2025-11-23T03:01:00+01:00"}).out,
            lines_of({four[3]}));
  EXPECT_EQ(ask({"--from", std::to_string(second + 1), "--to", std::to_string(second + 2)}).out,
            lines_of({four[1], four[2]}));
  const Outcome some = ask({"--limit", "2"});
  EXPECT_EQ(some.out, lines_of({four[0], four[1]}));
  EXPECT_EQ(some.err, "benchlake: there are more events (--limit)\n");
  EXPECT_THAT(run({"range", "--to", "2025-11-23T02:00:00Z", "--log", log()}).out,
              HasSubstr("2025-11-23T02:00:00Z"));
  EXPECT_THAT(ask({"--from", "yesterday"}).err, HasSubstr("--from is an instant"));
  EXPECT_THAT(ask({"--to", "9999-01-01T00:00:00Z"}).err, HasSubstr("--to is an instant"));
}

TEST_F(EventCommands, a_run_a_build_and_a_partition_tell_their_events_or_how_they_stand) {
  const std::string build = events[0].build_request_id;
  const auto of_build = [&](std::int64_t at, Payload payload) {
    BuildEvent event = events[static_cast<std::size_t>(at)];
    event.timestamp = at;
    event.build_request_id = build;
    event.payload = std::move(payload);
    return event;
  };
  const std::vector<BuildEvent> three = {
      of_build(1, BuildRequestEvent{BuildRequestStatus::executing, {"a"}, ""}),
      of_build(2, PartitionEvent{"a", PartitionStatus::building, "", "run-1"}),
      of_build(3, JobEvent{"run-1", "//j", {"a"}, JobStatus::running, "", {}, {}})};
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(three)).code, 0);
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--log", log()});
    return run(words);
  };
  EXPECT_EQ(ask({"jobs", "--run", "run-1", "--json"}).out, lines_of({three[1], three[2]}));
  EXPECT_THAT(ask({"jobs", "--run", "run-1"}).out, HasSubstr("//j run-1"));
  EXPECT_EQ(ask({"jobs", "--run", "run-1", "//j"}).code, 2);
  EXPECT_THAT(ask({"jobs", "--run", "run-2"}).err, HasSubstr("no event names the run: run-2"));
  const Outcome standing = ask({"partitions", "a", "--summary"});
  EXPECT_THAT(standing.out, HasSubstr("building"));
  EXPECT_THAT(standing.out, HasSubstr(build));
  EXPECT_THAT(ask({"builds", build, "--summary"}).out, HasSubstr("executing"));
  EXPECT_THAT(ask({"builds", small_world_build(0), "--summary"}).err, HasSubstr("no event tells"));
  EXPECT_EQ(ask({"builds", "--summary"}).code, 2) << "of which?";
  // Nothing later is no unknown build.
  const Outcome later = ask({"builds", build, "--since", "3", "--json"});
  EXPECT_EQ(later.code, 0) << later.err;
  EXPECT_EQ(later.out, "");
}

TEST_F(EventCommands, an_error_is_a_line_of_json_when_the_answer_would_be) {
  const Outcome none = run({"show", small_world_build(0), "--json", "--log", log("none.db")});
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, StartsWith(R"({"code":"not_found","message":)"));
  ASSERT_EQ(run({"append", "--log", log()}, lines_of(events)).code, 0);
  const Outcome broken = run({"append", "--json", "--log", log()},
                             R"([{"event_id":"x","build_cancel_event":{"why":1,"how":2}}])");
  const auto line = json::parse(broken.err);
  ASSERT_TRUE(line.ok()) << broken.err;
  EXPECT_EQ(line->find("code")->as_string(), "invalid");
  EXPECT_GE(line->find("faults")->items().size(), 2u) << broken.err;
}

TEST_F(EventCommands, a_question_in_sql_that_cannot_be_asked_says_why) {
  const auto ask = [&](std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), "query");
    return run(words, input).err;
  };
  EXPECT_THAT(ask({"SELECT 1", "--format", "xml"}), HasSubstr("table, csv or json, not: xml"));
  EXPECT_THAT(ask({"SELECT 1", "--rows", "0"}), HasSubstr("--rows must be an integer from 1"));
  EXPECT_THAT(ask({"SELECT 1", "--time", "soon"}), HasSubstr("--time must be an integer from 1"));
  EXPECT_THAT(ask({"-"}, std::string(300'000, 'x')), HasSubstr("longer than 262144 bytes"));
  const ApiServer server;
  environment = {{"BENCHLAKE_SERVER", server.url()}, {"BENCHLAKE_TOKEN", "reader"}};
  EXPECT_THAT(ask({"SELECT 1"}), HasSubstr("no SQL in this test"));
  EXPECT_THAT(ask({"SELECT 1", "--json"}), StartsWith(R"({"code":"unsupported","message":)"));
}

// Which log ---------------------------------------------------------------------------------------

TEST_F(EventCommands, without_a_log_it_is_the_servers) {
  const ApiServer server;
  environment = {{"BENCHLAKE_SERVER", server.url()}, {"BENCHLAKE_TOKEN", "writer"}};
  const Outcome appended = run({"append"}, lines_of(events));
  EXPECT_EQ(appended.code, 0) << appended.err;
  EXPECT_EQ(run({"export"}).out, lines_of(events));
  EXPECT_EQ(server.log->status()->events, 300);
  environment["BENCHLAKE_TOKEN"] = "reader";
  const Outcome refused = run({"append"}, lines_of(events));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("needs the role writer"));
}

TEST_F(EventCommands, without_a_server_it_is_the_one_that_is_set) {
  setting = {.data_folder = folder.path(), .log_uri = log("set.db"), .is_built_in = false};
  environment = {{"DATABUILD_BUILD_EVENT_LOG", log("upstream.db")}};
  EXPECT_EQ(run({"append"}, lines_of(events)).code, 0);
  EXPECT_EQ(run({"export", "--log", log("set.db")}).out, lines_of(events));
  setting.is_built_in = true;
  setting.log_uri = "sqlite://" + file("none.db");
  EXPECT_EQ(run({"append"}, lines_of(events)).code, 0);
  EXPECT_EQ(run({"export", "--log", log("upstream.db")}).out, lines_of(events));
}

TEST_F(EventCommands, without_any_log_it_says_how_to_name_one) {
  const Outcome none = run({"activity"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("--log URI"));
  EXPECT_EQ(run({"activity", "--log", "mysql://x"}).code, 2);
  EXPECT_EQ(run({"builds", "--log", log("not-there.db")}).code, 2);
}

}  // namespace
}  // namespace bl::events
