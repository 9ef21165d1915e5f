// The commands, over a real server; `triggers` over files.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"
#include "traces/commands.h"
#include "traces/otlp.h"
#include "traces/tests/api_server.h"

namespace bl::traces {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* k_id = "4bf92f3577b34da60000000000000001";
constexpr const char* k_other = "4bf92f3577b34da60000000000000002";

struct Outcome {
  int code = -1;
  std::string out, err;
};

std::string content(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char piece[4096];
  while (const std::size_t got = std::fread(piece, 1, sizeof piece, file)) text.append(piece, got);
  std::fclose(file);
  return text;
}

class TraceCommands : public testing::Test {
 protected:
  TraceCommands() {
    BL_CHECK(api.store.ingest(small_trace(1), "1").ok());
    BL_CHECK(api.store.ingest(small_trace(2, k_now_ns - 5'000'000'000), "2").ok());
  }
  /// `words` behind `benchlake traces`, of the server.
  Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), "traces");
    if (words[1] != "triggers") {
      const char* role = words[1] == "expire" ? "admin" : "writer";
      words.insert(words.end(), {"--server", api.url(), "--token", role});
    }
    CommandIo io;
    io.out = std::tmpfile();
    io.err = std::tmpfile();
    Outcome outcome;
    outcome.code = run_command_line("benchlake", "1", commands(), words, io);
    outcome.out = content(io.out);
    outcome.err = content(io.err);
    return outcome;
  }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder.at(name)) << text;
    return folder.at(name);
  }

  TemporaryFolder folder;
  ApiServer api;
};

TEST_F(TraceCommands, get_shows_a_tree_and_the_critical_path) {
  const Outcome shown = run({"get", k_id});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, StartsWith(std::string(k_id) + "  shop: GET /cart  100 ms, 2 spans"));
  EXPECT_THAT(shown.out, HasSubstr("\n* GET /cart"));
  EXPECT_THAT(shown.out, HasSubstr("\n  * SELECT"));
  const Outcome rows = run({"get", k_id, "--rows", "1"});
  EXPECT_THAT(rows.out, HasSubstr("1 of 2 spans: --rows"));
  const Outcome json = run({"get", k_id, "--json"});
  EXPECT_THAT(json.out, HasSubstr("\"rows_total\":2"));
}

TEST_F(TraceCommands, what_is_not_there_or_no_id_is_exit_code_2) {
  const Outcome none = run({"get", "abc"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no such trace"));
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(run({"get", "x y"}).code, 2);
}

TEST_F(TraceCommands, search_filters_and_pages) {
  const std::vector<std::string> window = {"--start", "2026-11-23T00:00:00Z", "--end",
                                           "2026-11-23T03:00:00Z"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "search");
    more.insert(more.end(), window.begin(), window.end());
    return run(std::move(more));
  };
  const Outcome all = with({"--service", "shop"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr(k_id));
  EXPECT_THAT(all.out, HasSubstr(k_other));
  EXPECT_EQ(with({"--service", "none"}).out.find(k_id), std::string::npos);
  const Outcome first = with({"--limit", "1", "--attribute", "http.status_code=200"});
  EXPECT_THAT(first.out, HasSubstr(k_other));
  const std::size_t at = first.out.find("--page ");
  ASSERT_NE(at, std::string::npos) << first.out;
  const std::string token = first.out.substr(at + 7, first.out.find('\n', at) - at - 7);
  const Outcome second =
      with({"--limit", "1", "--attribute", "http.status_code=200", "--page", token});
  EXPECT_THAT(second.out, HasSubstr(k_id));
  EXPECT_EQ(with({"--kind", "odd"}).code, 2);
  EXPECT_THAT(with({"--query", "{ status = error }", "--json"}).out, HasSubstr("\"matched\":1"));
}

TEST_F(TraceCommands, expire_says_what_would_go_and_does_it_with_consent) {
  BL_CHECK(api.store.ingest(small_trace(3, k_now_ns - 100 * 86'400'000'000'000), "3").ok());
  const Outcome told = run({"expire", "--older-than", "90d"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("2 spans from before 2026-08-25 in 0 files would go"));
  EXPECT_THAT(told.err, HasSubstr("nothing was changed"));
  EXPECT_EQ(api.store.status()->spans, 6);
  EXPECT_EQ(run({"expire", "--older-than", "90d", "--yes", "--dry-run"}).code, 0);
  EXPECT_EQ(api.store.status()->spans, 6);
  const Outcome done = run({"expire", "--older-than", "90d", "--yes"});
  EXPECT_THAT(done.out, HasSubstr("2 spans from before 2026-08-25 in 0 files went"));
  EXPECT_EQ(api.store.status()->spans, 4);
  EXPECT_EQ(run({"expire", "--older-than", "90"}).code, 2);
  EXPECT_EQ(run({"expire", "--older-than", "0d", "--yes"}).code, 2);
}

TEST_F(TraceCommands, services_and_status_are_lists) {
  EXPECT_EQ(run({"services"}).out, "db\nshop\n");
  EXPECT_THAT(run({"services", "db"}).out, HasSubstr("SELECT"));
  EXPECT_THAT(run({"status"}).out, HasSubstr("traces"));
  EXPECT_THAT(run({"status", "--json"}).out, HasSubstr("\"traces\":2"));
}

TEST_F(TraceCommands, critical_path_sums_by_operation) {
  const Outcome shown = run({"critical-path", k_id});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("60 ms"));
  EXPECT_LT(shown.out.find("SELECT"), shown.out.rfind("GET /cart"));
}

TEST_F(TraceCommands, export_writes_the_forms_of_other_tools_and_never_over_a_file) {
  EXPECT_EQ(run({"export", k_id}).out, encode_otlp_json(small_trace(1)));
  EXPECT_EQ(run({"export", k_id, "--format", "otlp-protobuf"}).out,
            encode_otlp_protobuf(small_trace(1)));
  const std::string to = folder.at("trace.json");
  EXPECT_EQ(run({"export", k_id, "--format", "chrome", "--output", to}).code, 0);
  EXPECT_GT(std::filesystem::file_size(to), 100u);
  EXPECT_EQ(run({"export", k_id, "--format", "chrome", "--output", to}).code, 2);
  const Outcome none = run({"export", "abc"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no such trace"));
}

TEST_F(TraceCommands, import_may_be_done_twice) {
  const std::string log = file(".ninja_log",
                               "# ninja log v5\n0\t1200\t0\ta.o\t1234567890abcdef\n"
                               "100\t3400\t0\tb.o\tabcdef1234567890\n");
  const Outcome first = run({"import", log, "--name", "release", "--run-id", "r1", "--json"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("\"spans\":3"));
  const auto spans = api.store.kept.status()->spans;
  EXPECT_EQ(run({"import", log, "--name", "release", "--run-id", "r1"}).code, 0);
  EXPECT_EQ(api.store.kept.status()->spans, spans);
  const Outcome odd = run({"import", file("odd.txt", "nothing that we know")});
  EXPECT_EQ(odd.code, 2);
  EXPECT_THAT(odd.err, HasSubstr("odd.txt"));
}

TEST_F(TraceCommands, import_sends_again_what_the_server_could_not_take) {
  const std::string spans = file("spans.json", encode_otlp_json(small_trace(5)));
  api.store.failure = Error{Code::overloaded, "not now"};
  api.store.before_ingest = [&] {
    if (api.store.ingests > 3) api.store.failure.reset();  // two of the fixture
  };
  const Outcome imported = run({"import", spans});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(api.store.ingests, 4);
}

TEST_F(TraceCommands, diff_shows_signals) {
  const Outcome shown = run({"diff", k_id, k_other});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("unchanged"));
  EXPECT_THAT(run({"diff", k_id, k_other, "--format", "trace-patch-v0"}).out,
              HasSubstr("\"stats\""));
  EXPECT_EQ(run({"diff", k_id, "abc"}).code, 2);
}

// Sets --------------------------------------------------------------------------------------------

/// Runs `before` and `after` of eight traces each, the second with a slower query.
class TraceSetCommands : public TraceCommands {
 protected:
  TraceSetCommands() {
    keep_run("before", 100, 60'000'000);
    keep_run("after", 200, 90'000'000);
  }
  void keep_run(const std::string& run, std::uint64_t first, std::int64_t query_ns) {
    for (int i = 0; i < 8; ++i) {
      Spans spans = small_trace(first + static_cast<std::uint64_t>(i));
      spans[1].end_ns = spans[1].start_ns + query_ns + i * 100'000;
      spans[0].end_ns = spans[1].end_ns + 20'000'000;
      for (Span& span : spans) {
        span.attributes.push_back({"benchlake.run_id", AnyValue(AnyValue::Value(run))});
      }
      BL_CHECK(api.store.ingest(std::move(spans), run + std::to_string(i)).ok());
    }
  }
  // The commands ask for the last 90 days; the traces are of the test's own day.
  std::vector<std::string> in_window(std::vector<std::string> words) {
    words.insert(words.end(), {"--start", "2026-11-23T00:00:00Z", "--end", "2026-11-23T03:00:00Z"});
    return words;
  }
};

TEST_F(TraceSetCommands, diff_of_runs_ends_with_1_where_the_other_takes_longer) {
  const Outcome slower = run(in_window({"diff", "--base-run", "before", "--compare-run", "after"}));
  EXPECT_EQ(slower.code, 1) << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("8 and 8 traces, median 100.3 ms and 130.3 ms, +30 ms"));
  EXPECT_THAT(slower.out, HasSubstr(": increased\n"));
  EXPECT_THAT(slower.out, HasSubstr("shop: GET /cart > db: SELECT"));
  const Outcome faster =
      run(in_window({"diff", "--base-run", "after", "--compare-run", "before", "--json"}));
  EXPECT_EQ(faster.code, 0);
  EXPECT_THAT(faster.out, HasSubstr("\"direction\":\"decreased\""));
  const Outcome same = run(in_window({"diff", "--base-run", "after", "--compare-run", "after"}));
  EXPECT_EQ(same.code, 0);
  EXPECT_THAT(same.out, HasSubstr("unchanged"));
  EXPECT_EQ(run({"diff", "--base-trace", k_id, "--compare-trace", k_other}).code, 3);
  EXPECT_EQ(run(in_window({"diff", "--base-run", "nobodys", "--compare-run", "after"})).code, 2);
  EXPECT_EQ(run({"diff", "--base-run", "before"}).code, 2);
}

TEST_F(TraceSetCommands, diff_wants_two_ids_or_two_sets) {
  EXPECT_THAT(run({"diff"}).err, HasSubstr("two ids of traces are needed, or two sets"));
  EXPECT_EQ(run({"diff", k_id}).code, 2);
  EXPECT_EQ(run({"diff", k_id, k_other, "--base-run", "before"}).code, 2);
}

TEST_F(TraceSetCommands, track_makes_a_submission_for_each_operation_of_the_path) {
  const auto track = [&](std::vector<std::string> more) {
    std::vector<std::string> words = in_window(
        {"track", "--run", "after", "--repository", "https://github.com/org/shop", "--commit",
         "0123456789abcdef0123456789abcdef01234567", "--machine-name", "bench-1", "--dry-run"});
    words.insert(words.end(), more.begin(), more.end());
    return run(std::move(words));
  };
  const Outcome dry = track({"--tag", "size=1M"});
  ASSERT_EQ(dry.code, 0) << dry.err;
  EXPECT_EQ(track({"--tag", "size=1M"}).out, dry.out);  // nothing of now is in it
  const std::size_t end = dry.out.find('\n');
  const json::Value first = json::parse(dry.out.substr(0, end)).value();
  EXPECT_EQ(json::to_text(*first.find("tags")),
            R"({"size":"1M","name":"critical path/db/SELECT"})");
  EXPECT_EQ(json::to_text(*first.find("stats")->find("data")), "[90350000]");
  EXPECT_EQ(first.find("stats")->find("unit")->as_string(), "ns");
  EXPECT_EQ(first.find("run_id")->as_string(), "after");
  EXPECT_EQ(first.find("timestamp")->as_string(), "2026-11-23T01:59:50Z");
  EXPECT_EQ(first.find("optional_benchmark_info")
                ->find("critical_path")
                ->find("values_ns")
                ->items()
                .size(),
            8u);
  const json::Value second = json::parse(dry.out.substr(end + 1)).value();
  EXPECT_EQ(second.find("tags")->find("name")->as_string(), "critical path/shop/GET /cart");
  EXPECT_NE(second.find("submission_key")->as_string(), first.find("submission_key")->as_string());
  const Outcome large = track({"--share-min", "0.5"});
  EXPECT_EQ(std::ranges::count(large.out, '\n'), 1);
}

TEST_F(TraceSetCommands, track_names_what_it_lacks) {
  EXPECT_THAT(run({"track"}).err, HasSubstr("--run is needed"));
  EXPECT_THAT(run(in_window({"track", "--run", "after", "--repository", "https://x.org/a/b"})).err,
              HasSubstr("needs --commit"));
  EXPECT_EQ(run(in_window({"track", "--run", "nobodys"})).code, 2);
}

TEST_F(TraceCommands, bench_measures_what_it_sends) {
  const Outcome measured =
      run({"bench", "--spans", "100", "--batch", "30", "--asks", "5", "--json"});
  EXPECT_EQ(measured.code, 0) << measured.err;
  EXPECT_THAT(measured.out, HasSubstr("\"spans\":100"));
}

// Triggers ----------------------------------------------------------------------------------------

std::string artifact(int day, const std::string& measurements) {
  return R"({"kind":"traces_bench","profile":"local_nvme","created":"2026-11-0)" +
         std::to_string(day) + R"(T00:00:00Z","measurements":[)" + measurements + "]}";
}
std::string measured(const std::string& name, double value, int samples = 1'000) {
  return R"({"name":")" + name + R"(","value":)" + std::to_string(value) + R"(,"samples":)" +
         std::to_string(samples) + "}";
}
/// The lines of one item.
std::string item(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name + ":");
  return at == std::string::npos ? "" : text.substr(at, text.find("\n\n", at) - at);
}

TEST_F(TraceCommands, what_is_in_no_artifact_is_said_to_be_not_measured) {
  const Outcome judged = run({"triggers", "--artifacts", folder.path()});
  EXPECT_EQ(judged.code, 3) << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("no artifact of a benchmark of traces is in"));
  EXPECT_THAT(judged.out, HasSubstr("File-level trace index: not measured"));
  EXPECT_EQ(run({"triggers", "--artifacts", folder.at("missing")}).code, 2);
}

TEST_F(TraceCommands, three_runs_beyond_the_bound_reopen_and_two_do_not) {
  for (int day = 1; day <= 2; ++day) {
    file(std::to_string(day) + ".json", artifact(day, measured("full_fallback_share", 0.5)));
  }
  Outcome judged = run({"triggers", "--artifacts", folder.path()});
  EXPECT_EQ(judged.code, 3);
  EXPECT_THAT(item(judged.out, "File-level trace index"), HasSubstr("not measured"));
  file("3.json", artifact(3, measured("full_fallback_share", 0.03)));
  judged = run({"triggers", "--artifacts", folder.path()});
  EXPECT_EQ(judged.code, 1);
  EXPECT_THAT(item(judged.out, "File-level trace index"), HasSubstr("reopen"));
  EXPECT_THAT(judged.out, HasSubstr("0.03, 0.5, 0.5"));
  file("4.json", artifact(4, measured("full_fallback_share", 0.01)));
  EXPECT_NE(run({"triggers", "--artifacts", folder.path()}).code, 1);
}

TEST_F(TraceCommands, every_condition_of_a_trigger_must_hold) {
  for (int day = 1; day <= 3; ++day) {
    file(std::to_string(day) + ".json",
         artifact(day, measured("planning_share_of_warm_p95", 0.4) + "," +
                           measured("planning_ms_p95", 1.5) + "," +
                           measured("golden_queries_that_lost_a_predicate", 0)));
  }
  const Outcome judged = run({"triggers", "--artifacts", folder.path(), "--json"});
  EXPECT_THAT(judged.out,
              HasSubstr(R"("id":"custom-optimizer-rules","name":"Custom optimizer rules",)"
                        R"("verdict":"stay deferred")"));
}

TEST_F(TraceCommands, too_few_samples_say_nothing_and_other_profiles_are_others) {
  file("1.json", artifact(1, measured("unknown_id_ms_p95", 5'000, 10)));
  const Outcome judged = run({"triggers", "--artifacts", folder.path()});
  EXPECT_THAT(judged.out, HasSubstr("1.json has 10 samples, 500 are needed"));
  EXPECT_THAT(run({"triggers", "--artifacts", folder.path(), "--profile", "object_cold"}).out,
              HasSubstr("is in no artifact"));
  file("2.json", R"({"kind":"traces_bench"})");
  EXPECT_EQ(run({"triggers", "--artifacts", folder.path()}).code, 2);
}

}  // namespace
}  // namespace bl::traces
