// The log in SQL: every question at some sizes of the log, then rates of durable appends.
//   events_sql_bench [URI|sqlite|shared|postgres]... [--events=10000,1000000] [--questions=400]
// Without a URI the log lies in the working folder, whose disk is measured.
#include <cstdlib>

#include "base/testing/temporary_folder.h"
#include "events/open_log.h"
#include "events/tests/sql_bench.h"
#include "store/testing/postgres_server.h"

namespace bl::events::testing {
namespace {

struct Wanted {
  std::vector<std::string> places;
  std::vector<std::int64_t> sizes = {10'000, 1'000'000};
  int questions = 400;
};

Wanted read(int argc, char** argv) {
  Wanted wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--events=")) {
      wanted.sizes.clear();
      for (const char* at = argv[i] + 9; *at != '\0';) {
        char* end = nullptr;
        wanted.sizes.push_back(std::strtoll(at, &end, 10));
        at = *end == ',' ? end + 1 : end;
      }
    } else if (word.starts_with("--questions=")) {
      wanted.questions = std::atoi(argv[i] + 12);
    } else {
      wanted.places.emplace_back(word);
    }
  }
  if (wanted.places.empty()) wanted.places = {"sqlite"};
  return wanted;
}

void measure(EventLog& log, const std::string& backend, const Wanted& wanted) {
  Corpus corpus({.seed = 7, .partitions = 20'000});
  for (const std::int64_t size : wanted.sizes) {
    const auto start = BenchClock::now();
    const std::int64_t before = log.status()->events;
    for (std::int64_t there = before; there < size; there += 5'000) {
      BL_CHECK(log.append(corpus.take(5'000)).ok());
    }
    const LogStatus status = log.status().value();
    if (status.events > before) {
      fmt::print(
          "{{\"backend\":\"{}\",\"filled_to\":{},\"events_per_second\":{:.0f},"
          "\"bytes_per_event\":{:.0f}}}\n",
          backend, status.events,
          static_cast<double>(status.events - before) / seconds_since(start),
          static_cast<double>(status.bytes) / static_cast<double>(status.events));
    }
    bench_questions(log, backend, wanted.questions);
  }
  bench_appends(log, backend, 1, 1, 1'000, 3'000);
  bench_appends(log, backend, 16, 1, 2'000, 1'000);
  bench_appends(log, backend, 1, 1'000, 3'000, 50'000);
}

int run(const Wanted& wanted) {
  const auto disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Log log(clock, LogLevel::error, [](std::string_view) {});
  for (const std::string& place : wanted.places) {
    const TemporaryFolder folder(TemporaryFolder::Place::here, "events-bench");
    std::unique_ptr<store::testing::PostgresServer> server;
    std::string uri = place;
    if (place == "sqlite") uri = "sqlite://" + folder.at("events.db");
    if (place == "shared") uri = "sqlite://" + folder.at("events.db") + "?shared=1";
    if (place == "postgres") {
      server = store::testing::PostgresServer::start({.fsync = true}).value();
      uri = server->uri(server->create_database());
    }
    Metrics metrics;
    const auto parsed = parse_log_uri(uri);
    BL_CHECK(parsed.ok());
    const auto opened =
        open_log(*parsed, {*disk, clock, random, metrics, log, folder.at("scratch")});
    BL_CHECK(opened.ok());
    measure(**opened, place, wanted);
  }
  return 0;
}

}  // namespace
}  // namespace bl::events::testing

int main(int argc, char** argv) {
  return bl::events::testing::run(bl::events::testing::read(argc, argv));
}
