#include "app/tests/noisy_series.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "base/hash.h"
#include "base/json.h"
#include "verdict/series_lines.h"

namespace bl::app {
namespace {

constexpr std::size_t k_margin = 5;  // results around a labelled change

/// Places at or near a labelled change, or a stretch that the labels leave open.
std::set<std::size_t> disturbed(const json::Value& label) {
  std::set<std::size_t> places;
  const auto add = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first - static_cast<std::int64_t>(k_margin);
         i <= last + static_cast<std::int64_t>(k_margin); ++i) {
      if (i >= 0) places.insert(static_cast<std::size_t>(i));
    }
  };
  for (const json::Value& change : label.find("changes")->items()) {
    const auto at = change.find("i")->as_int64().value();
    add(at, at);
  }
  for (const json::Value& range : label.find("ignore")->items()) {
    add(range.items()[0].as_int64().value(), range.items()[1].as_int64().value());
  }
  return places;
}

/// The benchmark without its suite and machine: `i7/a.B.time_c#0` and `atom/a.B.time_c#0` are one.
std::string source_of(const json::Value& label) {
  const json::Value* meta = label.find("meta");
  for (const char* key : {"pool", "bench", "file"}) {
    const json::Value* name = meta == nullptr ? nullptr : meta->find(key);
    if (name == nullptr) continue;
    const std::string& text = name->as_string();
    return text.substr(text.rfind('/') + 1);
  }
  return label.find("id")->as_string();
}

struct AsvCommit {
  double date = 0;
  std::map<std::string, double> values;  // by benchmark
};

Result<AsvCommit> asv_commit(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  BL_TRY(const json::Value document, json::parse(text.str()));
  AsvCommit commit{.date = document.find("date")->as_double()};
  for (const auto& [name, result] : document.find("results")->members()) {
    const auto& fields = result.items();
    if (fields.empty() || !fields[0].is_array() || fields[0].items().size() != 1) continue;
    const json::Value& value = fields[0].items()[0];
    if (value.is_number()) commit.values[name] = value.as_double();
  }
  return commit;
}

}  // namespace

Result<std::vector<NoisySeries>> noisy_series(const std::string& folder, std::size_t own_runs_max) {
  std::map<std::string, json::Value> labels;
  std::ifstream label_lines(folder + "/labels.jsonl"), series_lines(folder + "/series.jsonl");
  if (!label_lines || !series_lines) return Error{Code::not_found, "no series in " + folder};
  for (std::string line; std::getline(label_lines, line);) {
    BL_TRY(json::Value label, json::parse(line));
    std::string id = label.find("id")->as_string();
    labels.emplace(std::move(id), std::move(label));
  }
  std::vector<NoisySeries> all;
  for (std::string line; std::getline(series_lines, line);) {
    BL_TRY(const verdict::SeriesLine read, verdict::read_series_line(line));
    const json::Value& label = labels.at(read.id);
    const std::string family = label.find("family")->as_string();
    // Drifts have no place where nothing happens; those of tcpd are no benchmarks.
    if (!read.online || family == "drift" || family == "tcpd") continue;
    NoisySeries series{.id = read.id,
                       .source = source_of(label),
                       .less_is_better = read.direction == verdict::Direction::less_is_better};
    for (const verdict::Observation& one : read.results) {
      series.values.push_back(one.value);
      series.machines.push_back(one.machine);
    }
    const std::set<std::size_t> near = disturbed(label);
    for (std::size_t i = k_history_min; i + own_runs_max <= series.values.size(); ++i) {
      bool is_quiet = true;
      for (std::size_t k = i; k < i + own_runs_max; ++k) {
        is_quiet = is_quiet && !near.contains(k) && std::isfinite(series.values[k]) &&
                   series.machines[k] == series.machines[i - 1];
      }
      if (is_quiet) series.quiet.push_back(i);
    }
    if (!series.quiet.empty()) all.push_back(std::move(series));
  }
  return all;
}

std::vector<NoisySeries> half_of(const std::vector<NoisySeries>& series, Half half) {
  std::vector<NoisySeries> chosen;
  std::ranges::copy_if(series, std::back_inserter(chosen), [&](const NoisySeries& one) {
    return (xxh3_64(one.source) % 2 == 1) == (half == Half::held_out);
  });
  return chosen;
}

Result<std::vector<NoisySeries>> asv_series(const std::string& folder, std::size_t own_runs_max) {
  std::error_code error;
  std::vector<AsvCommit> commits;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename() == "machine.json") continue;
    BL_TRY(AsvCommit commit, asv_commit(entry.path()));
    commits.push_back(std::move(commit));
  }
  if (error || commits.empty()) return Error{Code::not_found, "no results in " + folder};
  std::ranges::sort(commits, {}, &AsvCommit::date);
  std::map<std::string, NoisySeries> by_name;
  for (std::size_t i = 0; i < commits.size(); ++i) {
    for (const auto& [name, value] : commits[i].values) {
      NoisySeries& series = by_name[name];
      series.values.resize(commits.size(), std::numeric_limits<double>::quiet_NaN());
      series.values[i] = value;
    }
  }
  std::vector<NoisySeries> all;
  for (auto& [name, series] : by_name) {
    series.id = series.source = name;
    series.machines.assign(commits.size(), 0);
    std::size_t measured = 0;
    for (std::size_t i = 0; i + own_runs_max <= commits.size(); ++i) {
      bool is_whole = measured >= k_history_min;
      for (std::size_t k = i; k < i + own_runs_max; ++k) {
        is_whole = is_whole && std::isfinite(series.values[k]);
      }
      if (is_whole) series.quiet.push_back(i);
      measured += std::isfinite(series.values[i]);
    }
    if (!series.quiet.empty()) all.push_back(std::move(series));
  }
  return all;
}

}  // namespace bl::app
