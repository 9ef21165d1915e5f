// What clients wait for, over HTTP from the built program: its start, reads on one kept connection,
// single submits by many connections. Clients and server share the machine's cores.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/numbers.h"
#include "filled_store.h"
#include "generate/submission_document.h"
#include "net/tests/raw_socket.h"
#include "product/server_process.h"

namespace bl::bench {
namespace {

using net::testing::RawSocket;
using product::ServerProcess;

/// One request at a time on one kept connection; another status than the expected ends the program.
class Asker {
 public:
  explicit Asker(const ServerProcess& server)
      : socket_(server.port()), token_(server.operator_token()) {}

  std::string get(const std::string& target) {
    return ask("GET " + target + " HTTP/1.1\r\nHost: bench\r\n\r\n", 200);
  }
  std::string post(const std::string& target, const std::string& body) {
    return ask("POST " + target + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + token_ +
                   "\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body,
               201);
  }

 private:
  std::string ask(const std::string& request, int expected) {
    socket_.send(request);
    auto answer = socket_.read_answer();
    if (!answer || answer->status != expected || !answer->whole) {
      std::fprintf(stderr, "no good answer to %.200s\n%s\n", request.c_str(),
                   answer ? answer->body.c_str() : "(none)");
      std::exit(2);
    }
    return std::move(answer->body);
  }

  RawSocket socket_;
  std::string token_;
};

/// A number of /proc/PID/status, in kB there, as MB here.
double status_mb(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::atof(line.c_str() + name.size() + 1) / 1024;
  }
  return 0;
}

/// The mean of a route's answers so far, from the first byte that came to the last that was handed
/// to the kernel, in milliseconds.
double server_ms_of(const ServerProcess& server, const std::string& route) {
  const std::string metrics = server.get("/metrics").text;
  const auto value_of = [&](const std::string& what) {
    const std::string name =
        "bl_http_request_duration_seconds_" + what + "{route=\"" + route + "\"} ";
    const std::size_t at = metrics.find("\n" + name);
    return at == std::string::npos ? 0 : std::atof(metrics.c_str() + at + 1 + name.size());
  };
  return value_of("sum") / std::max(1.0, value_of("count")) * 1e3;
}

/// User and system time of a process and all its threads.
double cpu_seconds_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  long long ticks = 0;
  for (int i = 1; i <= 15 && file >> word; ++i) {
    if (i >= 14) ticks += std::atoll(word.c_str());
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void expect_started(const ServerProcess& server) {
  if (!server.ready()) std::exit(2);
  Asker(server).get("/healthz");
}

void time_starts(const std::string& filled, Report& report) {
  const TemporaryFolder folder;
  int number = 0;
  report.add(measure("start to first 200, new store", 11, [&](std::int64_t) {
    expect_started(ServerProcess(folder.at(std::to_string(number++))));
  }));
  report.add(measure("start to first 200, old store", 11,
                     [&](std::int64_t) { expect_started(ServerProcess(folder.at("0"))); }));
  report.add(measure("start to first 200, filled store", 11,
                     [&](std::int64_t) { expect_started(ServerProcess(filled)); }));
  const ServerProcess server(folder.at("0"));
  expect_started(server);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  report.fact("rss_at_rest_mb_new_store", status_mb(server.pid(), "VmRSS"));
}

void time_reads(const ServerProcess& server, const Samples& samples, std::int64_t rounds,
                Report& report) {
  Asker asker(server);
  SeededRandom random(5);
  const auto any = [&](const std::vector<std::string>& from) {
    return from[random.below(from.size())];
  };
  std::size_t bytes = 0;
  const auto time = [&](const std::string& name, std::int64_t count, const auto& target) {
    bytes = 0;
    report.add(measure(name, count, [&](std::int64_t i) { bytes += asker.get(target(i)).size(); }));
  };
  time("GET /healthz", rounds, [](std::int64_t) { return "/healthz"; });
  time("GET history of a long series", rounds,
       [&](std::int64_t) { return "/api/history?fingerprint=" + any(samples.long_series); });
  report.fact("history_answer_bytes", static_cast<double>(bytes) / static_cast<double>(rounds));
  report.fact("history_server_mean_ms", server_ms_of(server, "/api/history"));
  time("GET result by id", rounds,
       [&](std::int64_t) { return "/api/benchmark-results/" + any(samples.result_ids); });
  const auto words = ResultGenerator::search_words();
  for (const std::string sort : {"recent", "name", "change"}) {
    time("GET browse by " + sort, rounds / 4,
         [&](std::int64_t) { return "/api/series?page_size=25&sort=" + sort; });
    time("GET search by " + sort, rounds / 4, [&](std::int64_t) {
      return "/api/series?page_size=25&sort=" + sort + "&q=" + any(words);
    });
  }
  time("GET search box", rounds / 4,
       [&](std::int64_t) { return "/api/v1/search?limit=20&q=" + any(words); });
  time("GET recent runs with attention", rounds / 4,
       [](std::int64_t) { return "/api/runs/recent?include_attention=true&page_size=25"; });
  time("GET the page", rounds / 4, [](std::int64_t) { return "/"; });
}

void time_submits(const ServerProcess& server, const Options& options, Report& report) {
  const ResultGenerator generator(plan_of(options));
  const std::int64_t connections = options.integer("--connections");
  const auto each = static_cast<std::size_t>(options.integer("--submits") / connections);
  std::vector<std::vector<std::string>> documents(static_cast<std::size_t>(connections));
  for (std::size_t c = 0; c < documents.size(); ++c) {
    for (std::size_t i = 0; i < each; ++i) {
      documents[c].push_back(submission_document(generator.single(c * each + i)));
    }
  }
  std::vector<std::vector<double>> times(documents.size());
  std::vector<std::thread> clients;
  const double server_cpu = cpu_seconds_of(server.pid());
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t c = 0; c < documents.size(); ++c) {
    clients.emplace_back([&, c] {
      Asker asker(server);
      for (const std::string& document : documents[c]) {
        const auto begin = std::chrono::steady_clock::now();
        asker.post("/api/results", document);
        times[c].push_back(seconds_since(begin) * 1e3);
      }
    });
  }
  for (auto& client : clients) client.join();
  const double seconds = seconds_since(start);
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  report.fact("submit_server_cpu_us",
              (cpu_seconds_of(server.pid()) - server_cpu) * 1e6 / static_cast<double>(all.size()));
  report.add(
      timing_of("POST result, " + std::to_string(connections) + " connections", all, seconds));
}

int run(const Options& options) {
  setenv("BL_TEST_BINARY", BL_PROGRAM, 0);
  Report report("benchlake over HTTP");
  const Samples samples = sample(*open_filled_store(options, report)->database);
  const std::string data = options.text("--data");
  time_starts(data, report);
  const ServerProcess server(data);
  expect_started(server);
  time_reads(server, samples, options.integer("--rounds"), report);
  time_submits(server, options, report);
  report.fact("rss_mb_after_load_filled_store", status_mb(server.pid(), "VmRSS"));
  std::fputs(("\n" + report.table()).c_str(), stdout);
  return report.save(options.text("--json")) ? 0 : 2;
}

}  // namespace
}  // namespace bl::bench

int main(int argc, char** argv) {
  const bl::bench::Options options(
      argc, argv,
      bl::bench::with_store_options(
          {{"--rounds", "2000"}, {"--connections", "64"}, {"--submits", "20000"}}));
  return options.ok() ? bl::bench::run(options) : 2;
}
