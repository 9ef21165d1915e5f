#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/compression.h"
#include "product/server_process.h"

/// Traces of the built program: who may send, what is refused under load, and the critical path of
/// a run as a series of its commits.
namespace bl::product {
namespace {

using testing::HasSubstr;

/// Spans of one trace around now: a root `GET /cart` of `shop`, in it a call to `db`.
struct MadeTrace {
  std::uint64_t number = 1;
  std::int64_t query_us = 60'000;
  std::string run = {};
  std::size_t text_bytes = 0;  ///< of an attribute of the root
};

std::string id_of(const MadeTrace& trace) {
  return fmt::format("4bf92f3577b34da6{:016x}", trace.number);
}

std::string resource_spans(const MadeTrace& trace, const char* service, const std::string& span) {
  std::string attributes =
      fmt::format(R"({{"key":"service.name","value":{{"stringValue":"{}"}}}})", service);
  if (!trace.run.empty()) {
    attributes +=
        fmt::format(R"(,{{"key":"benchlake.run_id","value":{{"stringValue":"{}"}}}})", trace.run);
  }
  return R"({"resource":{"attributes":[)" + attributes + R"(]},"scopeSpans":[{"spans":[)" + span +
         "]}]}";
}

std::string otlp_json(const MadeTrace& trace) {
  static const std::int64_t k_now_us = std::chrono::duration_cast<std::chrono::microseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count();
  const std::int64_t start = k_now_us - 60'000'000;
  const auto tail = 20'000 + static_cast<std::int64_t>(trace.number / 100 % 3) * 100;
  const auto span = [&](int id, const std::string& more, const char* name, std::int64_t from,
                        std::int64_t to) {
    return fmt::format(
        R"({{"traceId":"{}","spanId":"{:016x}"{},"name":"{}","startTimeUnixNano":"{}000",)"
        R"("endTimeUnixNano":"{}000"}})",
        id_of(trace), id, more, name, start + from, start + to);
  };
  const std::int64_t end = 20'000 + trace.query_us;
  const std::string text =
      fmt::format(R"(,"attributes":[{{"key":"text","value":{{"stringValue":"{}"}}}}])",
                  std::string(trace.text_bytes, 'x'));
  return R"({"resourceSpans":[)" +
         resource_spans(trace, "shop", span(1, text, "GET /cart", 0, end + tail)) + "," +
         resource_spans(trace, "db",
                        span(2, R"(,"parentSpanId":"0000000000000001")", "SELECT", 20'000, end)) +
         "]}";
}

int send(const std::string& url, const std::string& body, net::Headers headers = {}) {
  headers.set("Content-Type", "application/json");
  net::Client client;
  const auto response = client.send(net::Method::post, url + "/v1/traces", headers, body);
  return response.ok() ? response->status : 0;
}

class Traces : public testing::Test {
 protected:
  ServerProcess& serve(const std::vector<std::string>& settings = {}) {
    std::vector<std::string> more;
    for (const std::string& setting : settings) more.insert(more.end(), {"--set", setting});
    server = std::make_unique<ServerProcess>(data, more);
    EXPECT_TRUE(server->ready());
    return *server;
  }
  net::Headers operators() const {
    net::Headers headers;
    headers.set("Authorization", "Bearer " + server->operator_token());
    return headers;
  }
  CommandOutcome run(std::vector<std::string> words) const {
    words.insert(words.end(), {"--data", data});
    return run_benchlake(words);
  }

  TemporaryFolder folder;
  std::string data = folder.path() + "/data";
  std::unique_ptr<ServerProcess> server;
};

// Who may send ------------------------------------------------------------------------------------

TEST_F(Traces, a_port_of_its_own_takes_spans_and_nothing_else) {
  serve({"server.otlp_http=127.0.0.1:0"});
  const std::string otlp = "http://" + server->said().find("otlp_http")->as_string();
  ASSERT_NE(otlp, server->url());
  EXPECT_EQ(send(otlp, otlp_json({.number = 1})), 200);
  EXPECT_EQ(send(server->url(), otlp_json({.number = 2})), 200);
  for (const std::uint64_t number : {1, 2}) {
    const Answer answer = server->get("/api/v1/traces/" + id_of({.number = number}));
    EXPECT_EQ(answer.status, 200) << answer.text;
  }
  net::Client client;
  for (const char* path : {"/api/v1/traces", "/", "/metrics", "/tempo/api/echo"}) {
    EXPECT_EQ(client.send(net::Method::get, otlp + path, operators(), "")->status, 404) << path;
  }
}

TEST_F(Traces, without_the_anonymous_every_exporter_needs_a_token) {
  serve({"traces.anonymous=none", "server.otlp_http=127.0.0.1:0"});
  const std::string otlp = "http://" + server->said().find("otlp_http")->as_string();
  for (const std::string& url : {server->url(), otlp}) {
    EXPECT_EQ(send(url, otlp_json({})), 401);
    net::Headers nobodys;
    nobodys.set("Authorization", "Bearer nobody-has-this");
    EXPECT_EQ(send(url, otlp_json({}), nobodys), 401);
    EXPECT_EQ(send(url, otlp_json({}), operators()), 200);
  }
  EXPECT_EQ(run_benchlake({"serve", "--data", data, "--set", "traces.anonymous=some"}).exit_code,
            2);
}

// Where they are kept -----------------------------------------------------------------------------

TEST_F(Traces, without_a_lake_the_server_makes_one_which_is_backed_up_and_comes_back) {
  serve();
  EXPECT_FALSE(std::filesystem::exists(data + "/lake")) << "nobody needed it yet";
  ASSERT_EQ(send(server->url(), otlp_json({.number = 1})), 200);
  const std::string backup = folder.path() + "/saved";
  ASSERT_EQ(run({"backup", backup}).exit_code, 0) << "a server runs";
  ASSERT_EQ(send(server->url(), otlp_json({.number = 2})), 200);
  ASSERT_EQ(server->terminate(), 0);
  const std::string later = folder.path() + "/saved-later";
  ASSERT_EQ(run({"backup", later}).exit_code, 0) << "none does";

  for (const std::string& from : {backup, later}) {
    data = from + "-elsewhere";
    const CommandOutcome restored = run({"restore", from});
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    serve();
    EXPECT_EQ(server->get("/api/v1/traces/" + id_of({.number = 1})).status, 200);
    EXPECT_EQ(server->get("/api/v1/traces/" + id_of({.number = 2})).status,
              from == later ? 200 : 404);
    ASSERT_EQ(server->terminate(), 0);
  }
}

TEST_F(Traces, a_lake_of_its_own_is_left_for_another_by_backup_and_restore_only) {
  serve();
  ASSERT_EQ(send(server->url(), otlp_json({.number = 1})), 200);
  ASSERT_EQ(server->terminate(), 0);
  const std::string setting = "lake.objects=" + folder.path() + "/objects";
  const CommandOutcome refused = run({"serve", "--http", "127.0.0.1:0", "--set", setting});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("has a lake of its own in " + data + "/lake/files"));

  const std::string backup = folder.path() + "/saved";
  ASSERT_EQ(run({"backup", backup}).exit_code, 0);
  data = folder.path() + "/elsewhere";
  const CommandOutcome restored = run({"restore", backup, "--set", setting});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  serve({setting});
  EXPECT_EQ(server->get("/api/v1/traces/" + id_of({.number = 1})).status, 200);
  ASSERT_EQ(server->terminate(), 0);

  // And back: without the setting, nobody takes that lake's folder for its own.
  serve();
  EXPECT_EQ(send(server->url(), otlp_json({.number = 2})), 503) << "exporters keep theirs";
}

TEST_F(Traces, a_lake_of_its_own_is_a_lake_like_any_other_from_the_next_start_on) {
  serve();
  ASSERT_EQ(send(server->url(), otlp_json({.number = 1})), 200);
  ASSERT_EQ(server->terminate(), 0);
  serve();
  const CommandOutcome asked = run({"query", "select count(*) as n from spans", "--format", "csv"});
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_EQ(asked.out, "n\r\n2\r\n");
}

// Too much ----------------------------------------------------------------------------------------

/// The most memory that the process ever had.
std::int64_t peak_bytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1'024;
  }
  return 0;
}

TEST_F(Traces, a_bomb_is_413_and_takes_no_memory) {
  serve({"traces.request_max=4MiB"});
  EXPECT_EQ(send(server->url(), otlp_json({})), 200);  // what a first span opens
  const std::string piece(1 << 20, ' ');
  const auto compressor = Compressor::make(Encoding::gzip);
  std::string bomb;
  for (int i = 0; i < 1'024; ++i) compressor->feed(piece, bomb);  // 1 GiB
  compressor->finish(bomb);
  const std::int64_t before = peak_bytes(server->pid());
  ASSERT_GT(before, 0);
  net::Headers headers;
  headers.set("Content-Encoding", "gzip");
  // More than may come in at all, and what is small enough to be looked at.
  EXPECT_EQ(send(server->url(), bomb, headers), 413) << bomb.size();
  const std::string small = compress(Encoding::gzip, std::string(64 << 20, ' '));
  ASSERT_LT(small.size(), 4u << 20);
  EXPECT_EQ(send(server->url(), small, headers), 413);
  EXPECT_LT(peak_bytes(server->pid()) - before, 40 << 20);
  EXPECT_EQ(send(server->url(), otlp_json({.number = 2})), 200);
}

TEST_F(Traces, what_has_no_room_is_503_and_kept_when_it_is_sent_again) {
  serve({"traces.request_max=64KiB", "traces.intake_max=128KiB"});
  EXPECT_EQ(send(server->url(), otlp_json({.number = 1})), 200);
  std::atomic<int> refused = 0;
  std::atomic<std::uint64_t> next = 2;
  std::atomic<bool> is_wrong = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  // Each sends what it has until it is taken, as exporters do.
  const auto exporter = [&] {
    net::Client client;
    net::Headers headers;
    headers.set("Content-Type", "application/json");
    while (refused == 0 && !is_wrong && std::chrono::steady_clock::now() < deadline) {
      const std::string body = otlp_json({.number = next++, .text_bytes = 60'000});
      for (;;) {
        const auto response =
            client.send(net::Method::post, server->url() + "/v1/traces", headers, body);
        if (response.ok() && response->status == 200) break;
        const bool may_come_again = response.ok() && response->status == 503 &&
                                    !response->headers.get("Retry-After").empty();
        if (!may_come_again) {
          is_wrong = true;
          ADD_FAILURE() << (response.ok() ? response->body : response.error().message);
          return;
        }
        ++refused;
      }
    }
  };
  std::vector<std::thread> exporters;
  for (int i = 0; i < 16; ++i) exporters.emplace_back(exporter);
  for (std::thread& one : exporters) one.join();
  EXPECT_GT(refused, 0);
  for (std::uint64_t number = 1; number < next; ++number) {
    const Answer answer = server->get("/api/v1/traces/" + id_of({.number = number}));
    ASSERT_EQ(answer.status, 200) << number << answer.text;
    EXPECT_EQ(answer.body.find("summary")->find("spans")->as_int64(), 2);
  }
}

// Runs --------------------------------------------------------------------------------------------

constexpr std::uint64_t k_traces_of_run = 5;

class TracesOfRuns : public Traces {
 protected:
  /// Commit `number` was measured: its traces, whose query took so long and a little more or less.
  void measure(std::uint64_t number, std::int64_t query_us) {
    for (std::uint64_t i = 0; i < k_traces_of_run; ++i) {
      const auto noise = static_cast<std::int64_t>(number * 7 % 5 + i) * 200;
      const MadeTrace trace{.number = number * 100 + i,
                            .query_us = query_us + noise,
                            .run = fmt::format("run-{}", number)};
      ASSERT_EQ(send(server->url(), otlp_json(trace)), 200);
    }
  }
  CommandOutcome track(std::uint64_t number, const std::string& commit = "") const {
    const std::int64_t day = static_cast<std::int64_t>(number) + 1;
    return run({"traces", "track", "--run", fmt::format("run-{}", number), "--repository",
                "https://github.com/org/shop", "--commit",
                commit.empty() ? fmt::format("{:040x}", number + 1) : commit, "--commit-time",
                fmt::format("2026-01-{:02}T00:00:00Z", day), "--machine-name", "bench-1",
                "--json"});
  }
  /// Ids of the results, by the order of their shares: that of the query first.
  static std::vector<std::string> ids_of(const CommandOutcome& tracked) {
    const auto answer = json::parse(tracked.out);
    EXPECT_EQ(tracked.exit_code, 0) << tracked.out << tracked.err;
    std::vector<std::string> ids;
    if (!answer.ok()) return ids;
    for (const json::Value& result : answer->find("results")->items()) {
      ids.push_back(result.find("id")->as_string());
    }
    return ids;
  }
};

TEST_F(TracesOfRuns, the_critical_path_is_a_series_that_tells_which_operation_got_slower) {
  serve();
  std::vector<std::string> query, itself;
  for (std::uint64_t number = 0; number < 18; ++number) {
    measure(number, number >= 13 ? 90'000 : 60'000);
    const std::vector<std::string> ids = ids_of(track(number));
    ASSERT_EQ(ids.size(), 2u);
    query.push_back(ids[0]);
    itself.push_back(ids[1]);
  }
  EXPECT_EQ(run({"compare", query[11], query[12]}).exit_code, 0);
  const CommandOutcome slower = run({"compare", query[12], query[13]});
  EXPECT_EQ(slower.exit_code, 1) << slower.out << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("REGRESSION"));
  EXPECT_EQ(run({"compare", itself[12], itself[13]}).exit_code, 0) << "the root waited, no more";
  // Series are judged behind the answer of a submission.
  const auto verdict = [&](const char* name) { return run({"history", name, "--verdict"}).out; };
  std::string told;
  for (int i = 0; i < 500 && told.find("slower") == std::string::npos; ++i) {
    told = verdict("critical path/db/SELECT");
  }
  EXPECT_THAT(told, HasSubstr("slower"));
  EXPECT_THAT(verdict("critical path/shop/GET /cart"), testing::Not(HasSubstr("slower")));
  const CommandOutcome series = run({"series", "critical path", "--json"});
  EXPECT_EQ(std::ranges::count(series.out, '\n'), 2) << series.out;
  const Answer result = server->get("/api/benchmark-results/" + query[13]);
  EXPECT_THAT(result.text, HasSubstr(R"("unit":"ns")"));
  EXPECT_THAT(result.text, HasSubstr(R"("run_id":"run-13")"));
  // The traces themselves say so too.
  const CommandOutcome diff =
      run({"traces", "diff", "--base-run", "run-12", "--compare-run", "run-13"});
  EXPECT_EQ(diff.exit_code, 1) << diff.out << diff.err;
  EXPECT_THAT(diff.out, HasSubstr("shop: GET /cart > db: SELECT"));
  EXPECT_EQ(run({"traces", "diff", "--base-run", "run-11", "--compare-run", "run-12"}).exit_code,
            0);
}

TEST_F(TracesOfRuns, a_run_is_tracked_once) {
  serve();
  measure(1, 60'000);
  const std::vector<std::string> first = ids_of(track(1));
  EXPECT_EQ(ids_of(track(1)), first);
  EXPECT_EQ(server->get("/api/v1/facts").body.find("results")->as_int64(), 2);
  const CommandOutcome other = track(1, std::string(40, 'f'));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.out, HasSubstr(R"("failed":2)"));
  EXPECT_EQ(server->get("/api/v1/facts").body.find("results")->as_int64(), 2);
}

TEST_F(TracesOfRuns, what_track_would_send_is_what_submit_takes) {
  serve();
  measure(1, 60'000);
  const CommandOutcome dry =
      run({"traces", "track", "--run", "run-1", "--repository", "https://github.com/org/shop",
           "--commit", std::string(40, 'a'), "--dry-run"});
  ASSERT_EQ(dry.exit_code, 0) << dry.err;
  const CommandOutcome submitted = run_benchlake({"submit", "-", "--data", data}, dry.out);
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  EXPECT_EQ(server->get("/api/v1/facts").body.find("results")->as_int64(), 2);
}

}  // namespace
}  // namespace bl::product
