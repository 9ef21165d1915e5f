#include "app/demo/story.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/hash.h"

namespace bl::app::demo {
namespace {

constexpr std::size_t k_branch_commits = 150;
constexpr std::size_t k_pull_request_commits = 2;
constexpr std::size_t k_guilty = k_branch_commits - 4;
constexpr std::size_t k_failed = 122;
constexpr std::size_t k_traced_from = 120;
constexpr std::int64_t k_pull_request = 128;
constexpr std::int64_t k_first_sweep = 29'003'473'061;
constexpr std::size_t k_sweeps[] = {132, 141, k_branch_commits - 1};

constexpr const char* k_guilty_message = "pricing: discounts are looked up for each line";
constexpr const char* k_pull_request_messages[] = {"search: suggestions have a page of their own",
                                                   "search: tests of suggestions"};
constexpr const char* k_messages[] = {
    "docs: how to run the shop on a laptop",
    "cart: an empty cart has a page of its own",
    "login: sessions end after a day",
    "deps: the JSON library is 3.11.3",
    "search: synonyms come from a file",
    "checkout: an address is checked once",
    "ci: benchmarks run on their own machine",
    "images: thumbnails keep their profile",
    "pricing: currencies have a table",
    "tests: the clock is the test's own",
    "catalogue: the index is built in two passes",
    "api: errors name the field",
    "cart: lines are sorted as they were put in",
    "login: the form says which field is missing",
    "metrics: a histogram for each page",
    "search: an empty question has no answer",
};
constexpr const char* k_authors[] = {"Mira Lund", "Jonas Weber", "Aiko Tanaka", "Sam Okafor"};

template <class T, std::size_t N>
const T& one_of(const T (&all)[N], Random& random) {
  return all[random.below(N)];
}

std::string draw_sha(Random& random) {
  return fmt::format("{:016x}{:016x}{:08x}", random.next_u64(), random.next_u64(),
                     random.next_u64() >> 32);
}

/// The draws of each commit, in its order.
class Writer {
 public:
  explicit Writer(const StoryOptions& options)
      : ids_(draws_for(options, fmt::format("ids until {}", options.until.micros))),
        draws_(draws_for(options, "commits")) {}

  StoryCommit commit(Timestamp time) {
    StoryCommit commit;
    commit.sha = draw_sha(ids_);
    commit.run_id = draw_uuid(ids_);
    commit.time = time;
    commit.author = one_of(k_authors, draws_);
    commit.message = one_of(k_messages, draws_);
    // A machine's day resembles the day before.
    wander_ = 0.3 * wander_ + 0.001 * draw_normal(draws_);
    commit.machine_factor = std::exp(wander_);
    return commit;
  }
  /// Between two commits of people who sleep now and then.
  std::chrono::minutes pause() {
    return std::chrono::minutes(150 + static_cast<std::int64_t>(draws_.below(600)));
  }

 private:
  SeededRandom ids_, draws_;
  double wander_ = 0;
};

}  // namespace

SeededRandom draws_for(const StoryOptions& options, std::string_view what) {
  return SeededRandom(xxh3_64(fmt::format("{}/{}", options.seed, what)));
}

double draw_normal(Random& random) {
  const auto unit = [&] { return (static_cast<double>(random.next_u64() >> 11) + 0.5) * 0x1p-53; };
  const double radius = std::sqrt(-2 * std::log(unit()));
  return radius * std::cos(2 * std::numbers::pi * unit());
}

std::string draw_uuid(Random& random) {
  const std::uint64_t high = random.next_u64();
  const std::uint64_t low = random.next_u64();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xfff, low >> 52, low & 0xffff'ffff'ffff);
}

Story make_story(const StoryOptions& options) {
  Story story{.options = options,
              .repository = "https://github.com/acme/shop",
              .machine = "bench-1",
              .commits = {},
              .guilty = k_guilty,
              .before = k_guilty - 1,
              .failed = k_failed,
              .head = k_branch_commits + k_pull_request_commits - 1};
  Writer writer(options);
  std::vector<std::chrono::minutes> pauses;
  std::chrono::minutes whole{60};
  for (std::size_t i = 0; i <= story.head; ++i) whole += pauses.emplace_back(writer.pause());
  Timestamp time = options.until - whole;
  for (std::size_t i = 0; i <= story.head; ++i) {
    time = time + pauses[i];
    StoryCommit commit = writer.commit(time);
    commit.is_slow = i >= k_guilty;
    commit.is_traced = i >= k_traced_from && i != k_failed;
    commit.has_failed_build = i == k_failed;
    if (i > 0) commit.parent = story.commits.back().sha;
    if (i == k_guilty) commit.message = k_guilty_message;
    if (i >= k_branch_commits) {
      commit.message = k_pull_request_messages[i - k_branch_commits];
      commit.pull_request = k_pull_request;
      commit.fork_point = story.commits[k_branch_commits - 1].sha;
    }
    story.commits.push_back(std::move(commit));
  }
  for (std::size_t i = 0; i < std::size(k_sweeps); ++i) {
    story.commits[k_sweeps[i]].sweep = k_first_sweep + static_cast<std::int64_t>(i);
  }
  return story;
}

}  // namespace bl::app::demo
