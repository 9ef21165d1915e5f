// The log in SQL: every question at some sizes of the log, then rates of durable appends.
//   events_sql_bench [URI|sqlite|shared|postgres|turns]... [--events=10000,1000000]
//   [--questions=400]
// `turns`: four logs with four writers each, as four processes would have them, on one database of
// a PostgreSQL server, where they take turns, and on one each, where their commits may overlap.
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

/// One event at a time by 16 writers over `logs`.
void measure_together(const std::vector<std::unique_ptr<EventLog>>& logs, const char* name) {
  constexpr std::size_t k_writers = 16, k_each = 600;
  static std::uint64_t seed = 50'000;
  std::vector<std::vector<BuildEvent>> events;
  for (std::size_t i = 0; i < k_writers; ++i) events.push_back(history(++seed, k_each));
  std::vector<std::thread> writers;
  const auto start = BenchClock::now();
  for (std::size_t i = 0; i < k_writers; ++i) {
    writers.emplace_back([&, i] {
      for (const BuildEvent& event : events[i]) {
        BL_CHECK(logs[i % logs.size()]->append(std::span(&event, 1)).ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  fmt::print("{{\"backend\":\"{}\",\"logs\":{},\"writers\":{},\"events_per_second\":{:.0f}}}\n",
             name, logs.size(), k_writers,
             static_cast<double>(k_writers * k_each) / seconds_since(start));
  std::fflush(stdout);
}

void measure_turns(const LogWorld& world) {
  const auto server = store::testing::PostgresServer::start({.fsync = true}).value();
  const auto open = [&](const std::string& database) {
    return open_log(parse_log_uri(server->uri(database)).value(), world).value();
  };
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<EventLog>> together, apart, alone;
    const std::string one = server->create_database();
    for (int i = 0; i < 4; ++i) {
      together.push_back(open(one));
      apart.push_back(open(server->create_database()));
    }
    alone.push_back(open(server->create_database()));
    measure_together(together, "postgres, one database");
    measure_together(apart, "postgres, four databases");
    measure_together(alone, "postgres, one log");
  }
}

int run(const Wanted& wanted) {
  const auto disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Log log(clock, LogLevel::error, [](std::string_view) {});
  for (const std::string& place : wanted.places) {
    const TemporaryFolder folder(TemporaryFolder::Place::here, "events-bench");
    std::unique_ptr<store::testing::PostgresServer> server;
    if (place == "turns") {
      Metrics metrics;
      measure_turns({*disk, clock, random, metrics, log, folder.at("scratch")});
      continue;
    }
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
