#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "verdict/tests/bisection_simulation.h"

// How many runs bisect() needs to name one of 64 commits, how often it is right, and the same of
// plain bisection: `bisection_bench [COUNT [SEED]]`. A table on stderr, JSON on stdout.

namespace bl::verdict {
namespace {

constexpr std::size_t k_commits = 64;
constexpr double k_confidence = 0.95;

// A test that is looked at after every run is wrong more often than it says. What plain bisection
// costs when it is as often right is among these.
constexpr double k_plain_confidences[] = {0.98, 0.99, 0.995};

struct Tally {
  std::string name;
  std::size_t right = 0, wrong = 0, undecided = 0, runs = 0;
  std::vector<double> each;

  void add(const Outcome& outcome, const Planted& planted) {
    if (!outcome.named) {
      ++undecided;
    } else {
      ++(*outcome.named == planted.guilty() ? right : wrong);
    }
    runs += outcome.runs;
    each.push_back(static_cast<double>(outcome.runs));
  }
};

void print(std::vector<Tally>& tallies, std::size_t count, double seconds) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("slowdowns", static_cast<std::uint64_t>(count));
  out.member("commits", static_cast<std::uint64_t>(k_commits)).member("confidence", k_confidence);
  out.member("seconds", seconds).key("found").begin_array();
  fmt::print(stderr, "{:<28} {:>6} {:>6} {:>10} {:>7} {:>7} {:>7}\n", "", "right", "wrong",
             "undecided", "runs", "median", "90 %");
  for (Tally& tally : tallies) {
    const double middle = order_statistic(tally.each, 0.5), most = order_statistic(tally.each, 0.9);
    fmt::print(stderr, "{:<28} {:>6} {:>6} {:>10} {:>7} {:>7} {:>7}\n", tally.name, tally.right,
               tally.wrong, tally.undecided, tally.runs, middle, most);
    out.begin_object().member("by", tally.name);
    out.member("right", static_cast<std::uint64_t>(tally.right));
    out.member("wrong", static_cast<std::uint64_t>(tally.wrong));
    out.member("undecided", static_cast<std::uint64_t>(tally.undecided));
    out.member("runs", static_cast<std::uint64_t>(tally.runs));
    out.member("runs_median", middle).member("runs_p90", most).end_object();
  }
  out.end_array().end_object();
  fmt::print("{}\n", text);
}

int simulate(std::size_t count, std::uint64_t seed) {
  const std::vector<NoisePool> pools = real_noise();
  if (pools.empty()) {
    fmt::print(stderr, "the accuracy benchmark is missing: BENCHLAKE_SHARED\n");
    return 2;
  }
  const bool is_verbose = std::getenv("BISECTION_EACH") != nullptr;
  std::vector<Tally> tallies = {{.name = "bisect"},
                                {.name = "plain"},
                                {.name = "bisect, 10 values known"},
                                {.name = "plain, 10 values known"}};
  const auto begin = std::chrono::steady_clock::now();
  for (const double confidence : k_plain_confidences) {
    Tally tally{.name = fmt::format("plain, asked for {}", confidence)};
    for (std::size_t i = 0; i < count; ++i) {
      const Planted planted(pools[i % pools.size()], k_commits, seed + i);
      tally.add(find_by_plain_bisection(planted, confidence, 0), planted);
    }
    tallies.push_back(tally);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Planted planted(pools[i % pools.size()], k_commits, seed + i);
    const Outcome outcomes[] = {find_by_bisect(planted, k_confidence, 0),
                                find_by_plain_bisection(planted, k_confidence, 0),
                                find_by_bisect(planted, k_confidence, 10),
                                find_by_plain_bisection(planted, k_confidence, 10)};
    for (std::size_t k = 0; k < std::size(outcomes); ++k) tallies[k].add(outcomes[k], planted);
    if (!is_verbose) continue;
    fmt::print(stderr, "{:>3} {} {:>5.1f} % guilty {:>2}:", i, pools[i % pools.size()].id,
               100 * planted.size(), planted.guilty());
    for (const Outcome& outcome : outcomes)
      fmt::print(stderr, "  {:>2} in {:>4}", outcome.named ? std::to_string(*outcome.named) : "?",
                 outcome.runs);
    fmt::print(stderr, "\n");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  print(tallies, count, took.count());
  return 0;
}

}  // namespace
}  // namespace bl::verdict

int main(int argc, char** argv) {
  const auto number = [&](int i, std::uint64_t otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  return bl::verdict::simulate(number(1, 100), number(2, 1));
}
