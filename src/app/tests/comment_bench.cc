// Wrong comments on quiet pull requests, and the share of planted slowdowns that are told:
// a table for people on stderr, JSON on stdout. `comment_bench [PULL_REQUESTS] [SEED]`.
#include <fmt/format.h>

#include <cstdlib>

#include "app/tests/quiet_pull_requests.h"
#include "base/json.h"

int main(int argc, char** argv) {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  if (shared == nullptr) {
    fmt::print(stderr, "BENCHLAKE_SHARED is not set: the folder with accuracy/\n");
    return 2;
  }
  const auto series = bl::app::noisy_series(std::string(shared) + "/accuracy", 4);
  if (!series.ok()) {
    fmt::print(stderr, "{}\n", series.error().message);
    return 2;
  }
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 1'000;
  const auto seed = static_cast<std::uint64_t>(argc > 2 ? std::atoll(argv[2]) : 1);
  std::string text;
  bl::json::Writer out(text);
  out.begin_object().member("series", static_cast<std::int64_t>(series->size())).key("rows");
  out.begin_array();
  fmt::print(stderr, "runs  benchmarks  planted   pull requests  wrong  unsure   found  maybe\n");
  const auto row = [&](int runs, int benchmarks, int planted, double slowdown, std::int64_t pulls) {
    const bl::app::Told told = tell(*series, {.count = pulls,
                                              .benchmarks = benchmarks,
                                              .own_runs = runs,
                                              .planted = planted,
                                              .slowdown = slowdown,
                                              .seed = seed});
    const auto share = [&](std::int64_t found) {
      return told.planted == 0 ? 0.0
                               : static_cast<double>(found) / static_cast<double>(told.planted);
    };
    fmt::print(stderr, "{:4}  {:10}  {} x {:3.0f} %  {:13}  {:5}  {:6}   {:.3f}  {:.3f}\n", runs,
               benchmarks, planted, slowdown * 100, told.pull_requests, told.wrong, told.unsure,
               share(told.found), share(told.found_unsure));
    out.begin_object()
        .member("runs", runs)
        .member("benchmarks", benchmarks)
        .member("planted", planted)
        .member("slowdown", slowdown)
        .member("pull_requests", told.pull_requests)
        .member("wrong", told.wrong)
        .member("unsure", told.unsure)
        .member("found", share(told.found))
        .member("found_unsure", share(told.found_unsure))
        .end_object();
  };
  for (const int runs : {1, 3}) {
    for (const int benchmarks : {4, 12}) row(runs, benchmarks, 0, 0, count);
    for (const double slowdown : {0.02, 0.05, 0.1, 0.2}) row(runs, 8, 1, slowdown, count / 5);
    row(runs, 8, 4, 0.05, count / 5);
  }
  out.end_array().end_object();
  fmt::print("{}\n", text);
  return 0;
}
