#include "app/demo/measurement.h"

#include <fmt/format.h>

#include <cmath>

namespace bl::app::demo {
namespace {

constexpr std::size_t k_samples = 8;
constexpr double k_sample_noise = 0.004;  // of all parts alike
constexpr double k_part_noise = 0.009;    // of each part for itself
constexpr double k_hiccups = 0.02;        // samples that something came between
constexpr std::int64_t k_sample_step_ns = 1'000'000'000;
constexpr std::chrono::seconds k_benchmark_step{30};

// The price of a line is what three benchmarks share.
constexpr Part k_checkout[] = {
    {"web", "POST /checkout", -1, 2.1}, {"cart", "load cart", 0, 0.8},
    {"db", "SELECT lines", 1, 2.4},     {"pricing", "price lines", 0, 2.6, true},
    {"db", "SELECT discounts", 3, 1.3}, {"payment", "authorise", 0, 6.2},
    {"db", "INSERT order", 0, 3.1},
};
constexpr Part k_cart[] = {
    {"web", "GET /cart", -1, 1.4},      {"cart", "load cart", 0, 0.7},
    {"db", "SELECT lines", 1, 2.2},     {"pricing", "price lines", 0, 1.5, true},
    {"db", "SELECT discounts", 3, 0.9}, {"web", "render", 0, 3.6},
};
constexpr Part k_product[] = {
    {"web", "GET /product", -1, 1.1}, {"catalogue", "load product", 0, 0.9},
    {"db", "SELECT product", 1, 1.8}, {"pricing", "price lines", 0, 0.9, true},
    {"web", "render", 0, 2.9},
};
constexpr Part k_search[] = {
    {"web", "GET /search", -1, 1.2}, {"search", "parse query", 0, 0.4},
    {"search", "match", 0, 5.8},     {"db", "SELECT products", 2, 2.7},
    {"web", "render", 0, 3.3},
};
constexpr Part k_login[] = {{"web", "POST /login", -1, 48.0}};
constexpr Part k_index[] = {{"catalogue", "build index", -1, 410.0}};
constexpr Part k_resize[] = {{"images", "resize", -1, 17.5}};
constexpr Part k_encode[] = {{"api", "encode order", -1, 0.85}};

constexpr Benchmark k_benchmarks[] = {
    {"checkout", "lines", "12", k_checkout, 0, true},
    {"cart", "lines", "12", k_cart, 0, true},
    {"product-page", "variants", "4", k_product, 0, true},
    {"search", "words", "3", k_search, 0, true},
    {"login", "hash", "argon2id", k_login},
    {"build-index", "products", "100000", k_index, 64.0 * (1 << 20)},
    {"resize-image", "size", "1600x1200", k_resize},
    {"encode-order", "format", "json", k_encode},
};

/// Lays a part and all that it waits for from `at` on; gives its end.
std::int64_t lay_out(std::span<const Part> parts, std::span<const double> self_ns,
                     std::size_t place, std::int64_t at, std::vector<PartTimes>& times) {
  std::vector<std::size_t> children;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].parent == static_cast<int>(place)) children.push_back(i);
  }
  const auto slice =
      static_cast<std::int64_t>(self_ns[place]) / static_cast<std::int64_t>(children.size() + 1);
  times[place].start_ns = at;
  at += slice;
  for (const std::size_t child : children) at = lay_out(parts, self_ns, child, at, times) + slice;
  return times[place].end_ns = at;
}

Sample draw_sample(const StoryCommit& commit, const Benchmark& benchmark, Random& draws) {
  double factor = commit.machine_factor * std::exp(k_sample_noise * draw_normal(draws));
  const bool is_hiccup = static_cast<double>(draws.below(1'000)) < 1'000 * k_hiccups;
  if (is_hiccup) factor *= 1.1 + static_cast<double>(draws.below(20)) / 100;
  std::vector<double> self_ns;
  for (const Part& part : benchmark.parts) {
    const double growth = commit.is_slow && part.grows ? k_growth : 1;
    self_ns.push_back(part.self_ms * 1e6 * growth * factor *
                      std::exp(k_part_noise * draw_normal(draws)));
  }
  Sample sample;
  sample.parts.resize(benchmark.parts.size());
  lay_out(benchmark.parts, self_ns, 0, 0, sample.parts);
  return sample;
}

}  // namespace

std::span<const Benchmark> benchmarks() {
  return k_benchmarks;
}

std::vector<double> Measurement::values() const {
  std::vector<double> values;
  for (const Sample& sample : samples) {
    const double seconds = static_cast<double>(sample.duration_ns()) / 1e9;
    values.push_back(benchmark->bytes > 0 ? benchmark->bytes / seconds : seconds);
  }
  return values;
}

std::vector<Measurement> measure(const Story& story, const StoryCommit& commit) {
  if (commit.has_failed_build) return {};
  std::vector<Measurement> measured;
  const auto place = &commit - story.commits.data();
  Timestamp time = commit.measured_at();
  for (const Benchmark& benchmark : k_benchmarks) {
    const std::string what = fmt::format("{} of {}", benchmark.name, place);
    SeededRandom draws = draws_for(story.options, what);
    SeededRandom ids = draws_for(
        story.options, fmt::format("ids of {} until {}", what, story.options.until.micros));
    Measurement& one = measured.emplace_back(&commit, &benchmark, time);
    for (std::size_t i = 0; i < k_samples; ++i) {
      Sample& sample = one.samples.emplace_back(draw_sample(commit, benchmark, draws));
      sample.trace = {.high = ids.next_u64(), .low = ids.next_u64() | 1};
      sample.first_span = {1 + (ids.next_u64() >> 1)};
      sample.offset_ns = static_cast<std::int64_t>(i) * k_sample_step_ns;
    }
    time = time + k_benchmark_step;
  }
  return measured;
}

}  // namespace bl::app::demo
