#include "results/model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"

namespace bl::results {

using verdict::Direction;

// Hardware -----------------------------------------------------------------------------------

std::string Hardware::hash() const {
  if (type == Type::cluster) return name + "-" + md5_hex(json::to_python_canonical(info));
  std::string text = name;
  for (const auto& count : {gpu_count, cpu_core_count, cpu_thread_count, memory_bytes}) {
    text += '-';
    text += std::to_string(count.value_or(0));
  }
  return text;
}

std::string Hardware::identity() const {
  std::string text;
  json::Writer out(text);
  out.begin_array().value(type == Type::cluster ? "cluster" : "machine").value(name);
  if (type == Type::cluster) {
    out.raw(json::to_canonical(info)).raw(json::to_canonical(optional_info)).end_array();
    return text;
  }
  for (const auto* field :
       {&architecture_name, &kernel_name, &os_name, &os_version, &cpu_model_name}) {
    out.value(*field);
  }
  for (const auto* field :
       {&cpu_l1d_cache_bytes, &cpu_l1i_cache_bytes, &cpu_l2_cache_bytes, &cpu_l3_cache_bytes,
        &cpu_core_count, &cpu_thread_count, &cpu_frequency_max_hz, &memory_bytes, &gpu_count}) {
    out.value(*field);
  }
  if (gpu_product_names) {
    out.begin_array();
    for (const std::string& product : *gpu_product_names) out.value(product);
    out.end_array();
  } else {
    out.null();
  }
  out.end_array();
  return text;
}

// Commits ------------------------------------------------------------------------------------

Result<std::string> normalise_repository(std::string_view text) {
  constexpr std::string_view k_ssh = "git@github.com:";
  constexpr std::string_view k_scheme = "https://";
  std::string url = text.starts_with(k_ssh)
                        ? "https://github.com/" + std::string(text.substr(k_ssh.size()))
                        : std::string(text);
  while (url.ends_with('/')) url.pop_back();
  const bool has_host = url.size() > k_scheme.size() && url[k_scheme.size()] != '/';
  const bool one_word = std::none_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
  });
  if (!url.starts_with(k_scheme) || !has_host || !one_word) {
    return Error{Code::invalid,
                 "a repository is a URL that begins with https://: " + std::string(text)};
  }
  return url;
}

// Tags ---------------------------------------------------------------------------------------

std::string case_permutation(const Case& benchmark_case) {
  if (!benchmark_case.tags.is_object() || benchmark_case.tags.members().empty()) {
    return "no-permutations";
  }
  std::vector<std::string> pairs;
  for (const auto& [key, value] : benchmark_case.tags.members()) {
    pairs.push_back(key + "=" + (value.is_string() ? value.as_string() : json::to_text(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const std::string& pair : pairs) {
    if (!text.empty()) text += ", ";
    text += pair;
  }
  return text;
}

std::optional<std::string> tag_text(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::string:
      if (value.as_string().empty()) return std::nullopt;
      return value.as_string();
    case json::Kind::boolean:
      return value.as_bool() ? "True" : "False";
    case json::Kind::number:
      return json::to_python_canonical(value);  // for a number: what str() of it prints
    case json::Kind::null:
    case json::Kind::array:
    case json::Kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

// Aggregates ---------------------------------------------------------------------------------

namespace {

/// Pairwise summation in blocks of eight running sums: the order in which numpy adds, so that means
/// agree with Conbench's to the last digit.
double pairwise_sum(const double* values, std::size_t count) {
  if (count < 8) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  if (count > 128) {
    const std::size_t half = count / 2 - count / 2 % 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
  }
  std::array<double, 8> lanes;
  std::copy_n(values, 8, lanes.begin());
  std::size_t i = 8;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += values[i + lane];
  }
  double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
               ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  for (; i < count; ++i) sum += values[i];
  return sum;
}

std::optional<double> finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

/// Finite for finite samples, also where their sum is not.
double mean_of(const std::vector<double>& samples) {
  const auto count = static_cast<double>(samples.size());
  const double mean = pairwise_sum(samples.data(), samples.size()) / count;
  if (std::isfinite(mean)) return mean;
  long double wide = 0;
  for (const double sample : samples) wide += sample;
  return static_cast<double>(wide / static_cast<long double>(count));
}

/// ddof 1; nullopt when the squares leave the range of a double.
std::optional<double> stdev_of(const std::vector<double>& samples, double mean) {
  std::vector<double> squares;
  squares.reserve(samples.size());
  for (const double sample : samples) squares.push_back((sample - mean) * (sample - mean));
  const auto degrees = static_cast<double>(samples.size() - 1);
  return finite(std::sqrt(pairwise_sum(squares.data(), squares.size()) / degrees));
}

/// Linear interpolation between order statistics, from the nearer side.
std::optional<double> quantile(const std::vector<double>& sorted, double q) {
  const double place = static_cast<double>(sorted.size() - 1) * q;
  const auto below = static_cast<std::size_t>(place);
  const double low = sorted[below];
  const double high = sorted[std::min(below + 1, sorted.size() - 1)];
  const double t = place - static_cast<double>(below);
  return finite(t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t));
}

/// The middle one, or the mean of the middle two.
double median_of(const std::vector<double>& sorted) {
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return mean_of({sorted[middle - 1], sorted[middle]});
}

}  // namespace

void set_aggregates(Stats& stats, const std::vector<double>& samples) {
  BL_CHECK(!samples.empty());
  const double mean = mean_of(samples);
  stats.mean = mean;
  for (auto* aggregate :
       {&stats.min, &stats.max, &stats.median, &stats.stdev, &stats.q1, &stats.q3, &stats.iqr}) {
    aggregate->reset();
  }
  if (samples.size() < 3) return;
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  stats.min = sorted.front();
  stats.max = sorted.back();
  stats.median = median_of(sorted);
  stats.stdev = stdev_of(samples, mean);
  stats.q1 = quantile(sorted, 0.25);
  stats.q3 = quantile(sorted, 0.75);
  if (stats.q1 && stats.q3) stats.iqr = finite(*stats.q3 - *stats.q1);
}

// Results ------------------------------------------------------------------------------------

bool BenchmarkResult::failed() const {
  if (!stats.unit || !error.is_null() || stats.data.empty()) return true;
  return std::any_of(stats.data.begin(), stats.data.end(),
                     [](const json::Value& sample) { return sample.is_null(); });
}

Summary BenchmarkResult::summary(SummaryMode mode) const {
  if (!stats.unit) return {std::nullopt, "n/a"};
  const bool less = direction_of(*stats.unit) == Direction::less_is_better;
  const bool best = mode == SummaryMode::best;
  Summary summary{std::nullopt, !best ? "mean" : less ? "min" : "max"};
  if (failed()) return summary;
  summary.value = !best ? stats.mean : less ? stats.min : stats.max;
  if (summary.value) return summary;
  std::vector<double> samples;
  samples.reserve(stats.data.size());
  for (const json::Value& sample : stats.data) samples.push_back(sample.as_double());
  summary.value = !best  ? mean_of(samples)
                  : less ? *std::min_element(samples.begin(), samples.end())
                         : *std::max_element(samples.begin(), samples.end());
  return summary;
}

bool BenchmarkResult::begins_distribution_change() const {
  const json::Value* mark = change_annotations.find("begins_distribution_change");
  return mark != nullptr && mark->is_bool() && mark->as_bool();
}

std::string history_fingerprint(std::string_view case_id, std::string_view context_id,
                                std::string_view hardware_hash, std::string_view repository) {
  std::string bytes;
  bytes.reserve(case_id.size() + context_id.size() + hardware_hash.size() + repository.size());
  bytes.append(case_id).append(context_id).append(hardware_hash).append(repository);
  return md5_hex(bytes);
}

}  // namespace bl::results
