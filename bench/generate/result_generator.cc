#include "generate/result_generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/hash.h"
#include "base/json.h"

namespace bl::bench {
namespace {

using results::BenchmarkResult;
using results::Submission;

constexpr std::string_view k_repository = "https://github.com/example/engine";
constexpr std::int64_t k_start_micros = 1'672'531'200'000'000;  // 2023-01-01
constexpr std::int64_t k_commit_step_micros = 6LL * 3'600'000'000;

constexpr std::array<std::string_view, 16> k_areas = {
    "parse",   "sort",   "join",   "scan",  "hash",  "compress", "encode", "filter",
    "groupby", "window", "string", "regex", "cache", "network",  "codec",  "index"};
constexpr std::array<std::string_view, 12> k_subjects = {"csv",   "json",   "parquet", "arrow",
                                                         "int64", "utf8",   "decimal", "bloom",
                                                         "btree", "vector", "tensor",  "log"};
constexpr std::array<std::string_view, 10> k_verbs = {"read",  "write", "build", "probe", "merge",
                                                      "split", "seek",  "copy",  "flush", "walk"};
constexpr std::array<std::string_view, 4> k_machines = {"bench-amd-1", "bench-amd-2",
                                                        "bench-intel-1", "bench-arm-1"};
constexpr std::array<std::string_view, 3> k_languages = {"C++", "Python", "Java"};

// splitmix64: a stream of numbers for any key.
class Draw {
 public:
  explicit Draw(std::uint64_t key) : state_(key) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // Standard normal.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

std::uint64_t key_of(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) {
  Draw draw(seed ^ (a * 0xd6e8feb86659fd93ULL) ^ (b * 0xa0761d6478bd642fULL));
  return draw.next();
}

std::string sha_of(std::uint64_t seed, int commit) {
  return md5_hex("commit " + std::to_string(seed) + " " + std::to_string(commit)) +
         sha256_hex(std::to_string(commit)).substr(0, 8);
}

bool is_pull_request(int commit) {
  return commit % 25 == 24;
}

}  // namespace

struct ResultGenerator::Series {
  int index = 0;
  std::string name;
  json::Value tags = json::Value::object();
  std::string_view machine, language, unit;
  double level = 1, noise = 0.01;
  int step_at = -1;
  double step_factor = 1;
};

struct ResultGenerator::CommitFacts {
  int index = 0;
  results::Commit commit;
  Timestamp time;
  std::string run_prefix;
};

ResultGenerator::ResultGenerator(const ResultPlan& plan) : plan_(plan) {
  int long_series = 0;
  for (int i = 0; i < plan.series; ++i) long_series += is_long(i) ? 1 : 0;
  const auto ordinary = static_cast<double>(plan.series - long_series) * plan.commits;
  const auto left =
      static_cast<double>(plan.results) - static_cast<double>(long_series) * plan.commits;
  ordinary_share_ = ordinary > 0 ? std::clamp(left / ordinary, 0.0, 1.0) : 0;
}

bool ResultGenerator::is_long(int series) const {
  if (series == 0) return true;
  return Draw(key_of(plan_.seed, 11, static_cast<std::uint64_t>(series))).uniform() <
         plan_.long_share;
}

ResultGenerator::Series ResultGenerator::series(int index) const {
  Draw draw(key_of(plan_.seed, 23, static_cast<std::uint64_t>(index)));
  Series series;
  series.index = index;
  // Eight parameter sets share one name.
  const auto family = static_cast<std::uint64_t>(index / 8);
  Draw words(key_of(plan_.seed, 31, family));
  series.name = std::string(k_areas[words.below(k_areas.size())]) + "." +
                std::string(k_subjects[words.below(k_subjects.size())]) + "_" +
                std::string(k_verbs[words.below(k_verbs.size())]) + "." + std::to_string(family);
  series.tags.set("rows", json::Value::string(std::to_string(1000 << (index % 4))));
  series.tags.set("threads", json::Value::string(index % 8 < 4 ? "1" : "8"));
  series.machine = k_machines[words.below(k_machines.size())];
  series.language = k_languages[words.below(k_languages.size())];
  series.unit = words.uniform() < 0.7 ? "s" : words.uniform() < 0.5 ? "B/s" : "i/s";
  series.level = std::exp(draw.normal() * 2) * (series.unit == "s" ? 0.01 : 1e6);
  series.noise = 0.002 + 0.03 * draw.uniform() * draw.uniform();
  if (draw.uniform() < plan_.step_share) {
    series.step_at = static_cast<int>(draw.below(static_cast<std::uint64_t>(plan_.commits)));
    series.step_factor = 1 + (draw.uniform() < 0.5 ? -1 : 1) * (0.05 + 0.3 * draw.uniform());
  }
  return series;
}

ResultGenerator::CommitFacts ResultGenerator::commit_facts(int commit) const {
  CommitFacts facts;
  facts.index = commit;
  facts.time = {k_start_micros + commit * k_commit_step_micros};
  results::Commit& row = facts.commit;
  row.sha = sha_of(plan_.seed, commit);
  row.repository = k_repository;
  row.timestamp = facts.time;
  row.message = "Make the " + std::string(k_areas[static_cast<std::size_t>(commit) % 16]) +
                " path of commit " + std::to_string(commit) + " do less work";
  row.author_name = "Author " + std::to_string(commit % 17);
  if (is_pull_request(commit)) {
    row.branch = "contributor:change-" + std::to_string(commit);
    row.fork_point_sha = sha_of(plan_.seed, commit - 1);
    row.parent = row.fork_point_sha;
  } else {
    row.branch = "example:main";
    row.fork_point_sha = row.sha;
    if (commit > 0) row.parent = sha_of(plan_.seed, commit - 1);
  }
  facts.run_prefix = "ci-" + std::to_string(plan_.seed) + "-" + std::to_string(commit) + "-";
  return facts;
}

Submission ResultGenerator::submission(const Series& series, const CommitFacts& commit,
                                       std::uint64_t draw_key) const {
  Draw draw(draw_key);
  Submission submission;
  BenchmarkResult& result = submission.result;
  result.run_id = commit.run_prefix + std::string(series.machine);
  result.batch_id = result.run_id + "-" + series.name;
  result.timestamp = {commit.time.micros + 60'000'000 + series.index * 1'000LL};
  result.run_reason = is_pull_request(commit.index) ? "pull request" : "commit";
  result.run_tags.set("name", json::Value::string("commit: " + commit.commit.sha));
  result.benchmark_case = {series.name, series.tags};
  result.context.set("benchmark_language", json::Value::string(std::string(series.language)));
  result.info.set("compiler",
                  json::Value::string("gcc 12.2." + std::to_string(commit.index / 100)));
  result.hardware.name = series.machine;
  result.hardware.architecture_name =
      series.machine.find("arm") == std::string_view::npos ? "x86_64" : "aarch64";
  result.hardware.cpu_core_count = 16;
  result.hardware.cpu_thread_count = 32;
  result.hardware.gpu_count = 0;
  result.hardware.memory_bytes = 68'719'476'736;
  result.repository = k_repository;
  result.commit = commit.commit;
  result.stats.unit = series.unit;
  result.stats.time_unit = "s";
  if (draw.uniform() < plan_.error_share) {
    result.error = json::Value::object();
    result.error.set("stack_trace", json::Value::string("assertion failed"));
    return submission;
  }
  double center = series.level;
  if (series.step_at >= 0 && commit.index >= series.step_at) center *= series.step_factor;
  if (draw.uniform() < plan_.outlier_share) center *= 1.5;
  std::vector<double> samples;
  const std::size_t count = 3 + draw.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back(center * std::max(0.1, 1 + series.noise * draw.normal()));
  }
  for (const double sample : samples) result.stats.data.push_back(json::Value::number(sample));
  results::set_aggregates(result.stats, samples);
  return submission;
}

std::vector<Submission> ResultGenerator::commit(int commit) const {
  const CommitFacts facts = commit_facts(commit);
  std::vector<Submission> submissions;
  for (int i = 0; i < plan_.series; ++i) {
    const std::uint64_t key = key_of(plan_.seed, 1000 + static_cast<std::uint64_t>(commit),
                                     static_cast<std::uint64_t>(i));
    if (!is_long(i) && Draw(key ^ 5).uniform() >= ordinary_share_) continue;
    submissions.push_back(submission(series(i), facts, key));
  }
  return submissions;
}

Submission ResultGenerator::single(std::uint64_t index) const {
  const int commit =
      plan_.commits + static_cast<int>(index / static_cast<std::uint64_t>(plan_.series));
  const int which = static_cast<int>(index % static_cast<std::uint64_t>(plan_.series));
  return submission(series(which), commit_facts(commit), key_of(plan_.seed, 77, index));
}

std::vector<std::string> ResultGenerator::search_words() {
  std::vector<std::string> words;
  for (const auto word : k_areas) words.emplace_back(word);
  for (const auto word : k_subjects) words.emplace_back(word);
  for (const auto word : k_verbs) words.emplace_back(word);
  return words;
}

}  // namespace bl::bench
