// Wrong comments on quiet pull requests, and the share of planted slowdowns that are told:
// a table for people on stderr, JSON on stdout. `comment_bench [PULL_REQUESTS] [SEED] [SET]`; the
// sets are the two halves of the accuracy benchmark (`chosen`, `held-out`) and the raw history of
// Django's suite, all benchmarks of a pull request at one commit (`django`).
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "app/tests/quiet_pull_requests.h"
#include "base/json.h"

namespace {

constexpr std::size_t k_own_runs_max = 4;

class Table {
 public:
  Table(bl::json::Writer& out, std::string_view set, std::vector<bl::app::NoisySeries> series)
      : out_(out), set_(set), series_(series.size()), maker_(std::move(series)) {}

  void add(const bl::app::PullRequests& asked) {
    const bl::app::Told told = maker_.tell(asked);
    const auto share = [&](std::int64_t found) {
      return told.planted == 0 ? 0.0
                               : static_cast<double>(found) / static_cast<double>(told.planted);
    };
    fmt::print(
        stderr,
        "{:8}  {:6}  {:4}  {:4}  {:10}  {} x {:3.0f} %  {:13}  {:5}  {:6}  {:4}  {:.3f}  {:.3f}\n",
        set_, series_, asked.seed, asked.own_runs, asked.benchmarks, asked.planted,
        asked.slowdown * 100, told.pull_requests, told.wrong, told.unsure, told.held,
        share(told.found), share(told.found_unsure));
    out_.begin_object()
        .member("set", set_)
        .member("series", static_cast<std::int64_t>(series_))
        .member("seed", asked.seed)
        .member("runs", asked.own_runs)
        .member("benchmarks", asked.benchmarks)
        .member("planted", asked.planted)
        .member("slowdown", asked.slowdown)
        .member("pull_requests", told.pull_requests)
        .member("wrong", told.wrong)
        .member("unsure", told.unsure)
        .member("held", told.held)
        .member("found", share(told.found))
        .member("found_unsure", share(told.found_unsure))
        .end_object();
  }

 private:
  bl::json::Writer& out_;
  std::string_view set_;
  std::size_t series_;
  bl::app::PullRequestMaker maker_;
};

void measure(Table table, std::int64_t count, std::uint64_t seed, bool together) {
  for (const int runs : {1, 3}) {
    bl::app::PullRequests asked{.own_runs = runs, .seed = seed, .together = together};
    asked.count = count;
    for (asked.benchmarks = 4; asked.benchmarks <= 12; asked.benchmarks += 8) table.add(asked);
    asked.count = count / 5;
    asked.benchmarks = 8;
    asked.planted = 1;
    for (const double slowdown : {0.02, 0.05, 0.1, 0.2}) {
      asked.slowdown = slowdown;
      table.add(asked);
    }
    asked.planted = 4;
    asked.slowdown = 0.05;
    table.add(asked);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using bl::app::Half;
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  if (shared == nullptr) {
    fmt::print(stderr, "BENCHLAKE_SHARED is not set: the folder with accuracy/ and data/\n");
    return 2;
  }
  const auto labelled = bl::app::noisy_series(std::string(shared) + "/accuracy", k_own_runs_max);
  const auto raw = bl::app::asv_series(
      std::string(shared) + "/data/histories/django-asv/results/ubuntu-latest", k_own_runs_max);
  for (const auto* read : {&labelled, &raw}) {
    if (read->ok()) continue;
    fmt::print(stderr, "{}\n", read->error().message);
    return 2;
  }
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 1'000;
  const auto seed = static_cast<std::uint64_t>(argc > 2 ? std::atoll(argv[2]) : 1);
  const std::string_view only = argc > 3 ? argv[3] : "";
  std::string text;
  bl::json::Writer out(text);
  out.begin_object().key("rows").begin_array();
  fmt::print(stderr,
             "set       series  seed  runs  benchmarks  planted   pull requests  wrong  unsure  "
             "held  found  maybe\n");
  const auto is_wanted = [&](std::string_view set) { return only.empty() || only == set; };
  if (is_wanted("chosen")) {
    measure({out, "chosen", half_of(*labelled, Half::to_choose_by)}, count, seed, false);
  }
  if (is_wanted("held-out")) {
    measure({out, "held-out", half_of(*labelled, Half::held_out)}, count, seed, false);
  }
  if (is_wanted("django")) measure({out, "django", *raw}, count, seed, true);
  out.end_array().end_object();
  fmt::print("{}\n", text);
  return 0;
}
