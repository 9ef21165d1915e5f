#include "inference/power.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/numbers.h"
#include "base/time.h"
#include "inference/coercion.h"
#include "inference/etl/csv.h"

namespace bl::inference {
namespace {

constexpr double k_milliseconds_from = 1e12;

struct Sample {
  double at = 0;  // seconds
  double watts = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool contains(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != text.npos; });
}

bool is_timestamp_header(std::string_view header) {
  return header.find("timestamp") != header.npos || header == "time" || header == "datetime";
}

/// Not what a GPU may draw, but what it draws.
bool is_power_header(std::string_view header) {
  return header.find("power") != header.npos &&
         !contains(header, {"limit", "max", "min", "default", "enforced", "state"});
}

bool is_gpu_header(std::string_view header) {
  for (const char* name : {"index", "gpu", "gpu_id", "gpu_index", "card", "device", "uuid"}) {
    if (header == name) return true;
  }
  return false;
}

/// Sorts, and averages samples of one instant.
void settle(std::vector<Sample>& samples) {
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.at < b.at; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size();) {
    double sum = 0;
    std::size_t j = i;
    for (; j < samples.size() && samples[j].at == samples[i].at; ++j) sum += samples[j].watts;
    samples[kept++] = {samples[i].at, sum / static_cast<double>(j - i)};
    i = j;
  }
  samples.resize(kept);
}

/// Power between two samples.
double watts_at(const Sample& a, const Sample& b, double at) {
  return a.watts + (b.watts - a.watts) * (at - a.at) / (b.at - a.at);
}

class Integration {
 public:
  explicit Integration(const PowerWindow& window) : window_(window) {}

  PowerMeasurement run(std::string_view csv) {
    bool has_window = std::isfinite(window_.start_unix) && std::isfinite(window_.end_unix) &&
                      window_.end_unix > window_.start_unix;
    if (!has_window) fail("invalid_benchmark_window");
    if (window_.expected_num_gpus <= 0) fail("invalid_expected_gpu_count");
    if (!(window_.max_sample_gap_s > 0)) fail("invalid_max_sample_gap");
    if (!out_.invalid_reasons.empty()) return std::move(out_);
    if (trimmed(csv).empty()) {
      fail("telemetry_file_empty");
      return std::move(out_);
    }
    read(csv);
    if (out_.invalid_reasons.empty() || !samples_.empty()) judge();
    out_.is_valid = out_.invalid_reasons.empty();
    return std::move(out_);
  }

 private:
  void fail(const std::string& reason) {
    auto& reasons = out_.invalid_reasons;
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(reason);
    }
  }
  void fail_device(const std::string& gpu, const std::string& reason) {
    fail(reason);
    out_.device_issues[gpu].push_back(reason);
  }

  void read(std::string_view csv) {
    PowerColumns columns;
    bool has_header = false, has_columns = false;
    for_each_line(csv, [&](std::string_view line) {
      std::vector<std::string> fields = csv_fields(line);
      if (has_header) {
        if (has_columns) read_sample(fields, columns);
        return;
      }
      has_header = true;
      columns = detect_power_columns(fields);
      if (columns.timestamp < 0) fail("timestamp_column_missing");
      if (columns.power < 0) fail("power_column_missing");
      if (columns.gpu < 0) fail("gpu_identity_column_missing");
      has_columns = out_.invalid_reasons.empty();
    });
    if (has_columns && samples_.empty()) fail("no_usable_power_samples");
  }

  void read_sample(const std::vector<std::string>& fields, const PowerColumns& columns) {
    auto field = [&](int column) {
      auto index = static_cast<std::size_t>(column);
      return index < fields.size() ? std::string_view(fields[index]) : std::string_view();
    };
    auto at = parse_power_timestamp(field(columns.timestamp));
    if (!at) {
      fail("invalid_timestamp_sample");
      return;
    }
    double margin = window_.max_sample_gap_s;
    if (*at < window_.start_unix - margin || *at > window_.end_unix + margin) return;
    std::string_view gpu = field(columns.gpu);
    if (gpu.empty()) {
      fail("gpu_identity_missing");
      return;
    }
    auto watts = parse_power(field(columns.power));
    if (!watts || *watts < 0) {
      fail("invalid_power_sample");
      return;
    }
    samples_[std::string(gpu)].push_back({*at, *watts});
  }

  void judge() {
    if (samples_.empty()) return;
    auto count = static_cast<std::int64_t>(samples_.size());
    if (count != window_.expected_num_gpus) fail("expected_gpu_count_mismatch");
    for (auto& [gpu, samples] : samples_) {
      settle(samples);
      out_.gpu_ids.push_back(gpu);
      out_.sample_counts[gpu] = static_cast<std::int64_t>(samples.size());
      judge_device(gpu, samples);
    }
    if (out_.energy_j.size() != samples_.size()) return;
    double total = 0;
    for (const auto& [gpu, energy] : out_.energy_j) total += energy;
    double seconds = window_.end_unix - window_.start_unix;
    out_.total_gpu_energy_j = total;
    out_.avg_total_gpu_power_w = total / seconds;
    out_.avg_power_w = total / seconds / static_cast<double>(count);
  }

  void judge_device(const std::string& gpu, const std::vector<Sample>& samples) {
    if (samples.size() < 2) {
      fail_device(gpu, "insufficient_power_samples");
      return;
    }
    if (samples.front().at > window_.start_unix || samples.back().at < window_.end_unix) {
      fail_device(gpu, "benchmark_window_not_bracketed");
      return;
    }
    double gap = 0, energy = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
      const Sample& a = samples[i - 1];
      const Sample& b = samples[i];
      double from = std::max(a.at, window_.start_unix);
      double to = std::min(b.at, window_.end_unix);
      if (!(from < to)) continue;
      gap = std::max(gap, b.at - a.at);
      energy += (watts_at(a, b, from) + watts_at(a, b, to)) / 2 * (to - from);
    }
    out_.max_sample_gap_s[gpu] = gap;
    out_.energy_j[gpu] = energy;
    if (gap > window_.max_sample_gap_s) fail_device(gpu, "sampling_gap_exceeded");
  }

  const PowerWindow& window_;
  PowerMeasurement out_;
  std::map<std::string, std::vector<Sample>> samples_;
};

}  // namespace

std::optional<double> parse_power(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at])) continue;
    std::size_t begin = at > 0 && text[at - 1] == '-' ? at - 1 : at;
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
      for (++end; end < text.size() && is_digit(text[end]);) ++end;
    }
    auto number = number_prefix(text.substr(begin, end - begin));
    return number && std::isfinite(*number) ? number : std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> parse_power_timestamp(std::string_view text) {
  text = trimmed(text);
  if (auto number = parse_double(text)) {
    return *number > k_milliseconds_from ? *number / 1000 : *number;
  }
  std::string date(text);
  std::replace(date.begin(), date.end(), '/', '-');
  auto time = parse_iso_datetime(date);
  if (!time.ok()) return std::nullopt;
  return static_cast<double>(time->micros) / 1e6;
}

PowerColumns detect_power_columns(const std::vector<std::string>& headers) {
  PowerColumns columns;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    std::string header = lower_case(trimmed(headers[i]));
    int column = static_cast<int>(i);
    if (columns.timestamp < 0 && is_timestamp_header(header)) columns.timestamp = column;
    if (columns.power < 0 && is_power_header(header)) columns.power = column;
    if (columns.gpu < 0 && is_gpu_header(header)) columns.gpu = column;
  }
  return columns;
}

PowerMeasurement integrate_power(std::string_view csv, const PowerWindow& window) {
  return Integration(window).run(csv);
}

}  // namespace bl::inference
