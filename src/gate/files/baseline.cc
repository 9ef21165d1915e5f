#include "gate/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"
#include "gate/outputs.h"

namespace bl::gate {
namespace {

constexpr std::int64_t k_version = 1;

json::ParseLimits parse_limits(const BaselineLimits& limits) {
  return {.bytes_max = limits.file_bytes_max, .values_max = 40'000'000};
}

std::string text_of(const json::Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

Result<void> check_version(const json::Value& document, const std::string& place) {
  const json::Value* version = document.find("version");
  if (version == nullptr || !version->is_number() || version->as_int64() != k_version)
    return Error{Code::invalid,
                 fmt::format("{}: version must be {}: {}", place, k_version,
                             version == nullptr ? "absent" : json::to_text(*version))};
  return {};
}

bool by_name(const Benchmark& a, const Benchmark& b) {
  return a.name < b.name;
}

Result<void> sort_by_name(Benchmarks& benchmarks, const std::string& place) {
  std::ranges::sort(benchmarks, by_name);
  const auto twice = std::ranges::adjacent_find(benchmarks, {}, &Benchmark::name);
  if (twice == benchmarks.end()) return {};
  return Error{Code::invalid, place + ": a name that comes twice: " + twice->name};
}

Result<const json::Array*> benchmarks_of(const json::Value& document, const std::string& place,
                                         const BaselineLimits& limits) {
  const json::Value* benchmarks = document.find("benchmarks");
  if (benchmarks == nullptr || !benchmarks->is_array())
    return Error{Code::invalid, place + ": an array of benchmarks is needed"};
  if (benchmarks->items().size() > limits.benchmarks_max)
    return Error{Code::too_large, fmt::format("{}: more than {} benchmarks: {}", place,
                                              limits.benchmarks_max, benchmarks->items().size())};
  return &benchmarks->items();
}

/// One entry of the flat file, with every fault named.
Benchmark flat_entry(const json::Value& entry, const std::string& path, json::Faults& faults) {
  Benchmark benchmark;
  Summary summary;
  if (!entry.is_object()) {
    faults.add(path, "must be an object", &entry);
    return benchmark;
  }
  const auto number = [&](const char* key, double least) {
    const json::Value* value = entry.find(key);
    if (value != nullptr && value->is_number() && value->as_double() >= least &&
        value->as_double() <= k_figure_max)
      return value->as_double();
    faults.add(json::pointer_append(path, key), "must be a number in range", value);
    return 0.0;
  };
  benchmark.name = text_of(entry.find("name"));
  if (benchmark.name.empty()) faults.add(path + "/name", "must be a text", entry.find("name"));
  summary.median = number("median", k_figure_min);
  summary.stddev = number("stddev", 0);
  const json::Value* rounds = entry.find("rounds");
  summary.samples = rounds != nullptr && rounds->is_number() ? rounds->as_int64().value_or(0) : 0;
  if (summary.samples < 1) faults.add(path + "/rounds", "must be an integer from 1", rounds);
  benchmark.main.unit = "s";
  if (text_of(entry.find("unit")) != "seconds")
    faults.add(path + "/unit", "must be \"seconds\"", entry.find("unit"));
  for (const auto& [key, value] : entry.members()) {
    if (key != "name" && key != "median" && key != "stddev" && key != "rounds" && key != "unit")
      faults.add(json::pointer_append(path, key), "is no member of version 1", &value);
  }
  benchmark.summary = summary;
  return benchmark;
}

/// pytest-benchmark's own file: the samples of each benchmark are one round.
Result<Baseline> from_pytest(const json::Value& document, std::string_view bytes,
                             const std::string& place) {
  Baseline baseline;
  BL_TRY(baseline.benchmarks, read_pytest_file(bytes, place));
  for (Benchmark& benchmark : baseline.benchmarks) {
    if (!benchmark.summary) benchmark.summary = summary_of(benchmark.main.samples());
  }
  BL_TRY(baseline.recorded_at, parse_iso_datetime(text_of(document.find("datetime"))));
  const json::Value* machine = document.find("machine_info");
  const std::string system = machine == nullptr ? "" : text_of(machine->find("system"));
  std::string processor = machine == nullptr ? "" : text_of(machine->find("machine"));
  if (processor == "aarch64") processor = "arm64";
  if (!system.empty() && !processor.empty()) {
    baseline.architecture = system + "-" + processor;
    for (char& c : baseline.architecture)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  baseline.provenance["tool"] = "pytest-benchmark " + text_of(document.find("version"));
  if (const json::Value* commit = document.find("commit_info"))
    baseline.provenance["commit"] = text_of(commit->find("id"));
  return baseline;
}

void write_series(json::Writer& out, const Series& series) {
  out.member("unit", series.unit);
  out.member("better", series.better == Direction::less_is_better ? "less" : "more");
  const std::vector<double> all = series.samples();
  if (!all.empty()) {
    out.key("percentiles").begin_object();
    out.member("p50", quantile(all, 0.5)).member("p95", quantile(all, 0.95));
    out.member("p99", quantile(all, 0.99)).end_object();
  }
  out.key("rounds").begin_array();
  for (const auto& round : series.rounds) {
    out.begin_array();
    for (const double value : round) out.value(value);
    out.end_array();
  }
  out.end_array();
}

Result<Series> read_series(const json::Value& object, const std::string& place) {
  Series series;
  if (!object.is_object()) return Error{Code::invalid, place + ": must be an object"};
  series.unit = text_of(object.find("unit"));
  const std::string better = text_of(object.find("better"));
  if (better != "less" && better != "more")
    return Error{Code::invalid, place + "/better: must be less or more: '" + better + "'"};
  if (better == "more") series.better = Direction::more_is_better;
  const json::Value* rounds = object.find("rounds");
  if (rounds == nullptr || !rounds->is_array())
    return Error{Code::invalid, place + "/rounds: must be an array of arrays"};
  for (const json::Value& round : rounds->items()) {
    std::vector<double> samples;
    if (!round.is_array() || round.items().empty())
      return Error{Code::invalid, place + "/rounds: a round must be an array of numbers"};
    for (const json::Value& value : round.items()) {
      if (!value.is_number() || !is_extra_figure(value.as_double()))
        return Error{Code::invalid, place + "/rounds: no figure: " + json::to_text(value)};
      samples.push_back(value.as_double());
    }
    series.rounds.push_back(std::move(samples));
  }
  return series;
}

Result<Benchmark> read_detailed(const json::Value& entry, const std::string& place) {
  BL_TRY(Series main, read_series(entry, place));
  Benchmark benchmark{.name = text_of(entry.find("name")),
                      .scenario = text_of(entry.find("scenario")),
                      .main = std::move(main)};
  if (benchmark.name.empty()) return Error{Code::invalid, place + "/name: must be a text"};
  const std::vector<double> samples = benchmark.main.samples();
  if (samples.empty()) return Error{Code::invalid, place + "/rounds: is empty"};
  if (!std::ranges::all_of(samples, is_figure))
    return Error{Code::invalid, place + "/rounds: a sample must be above zero"};
  benchmark.summary = summary_of(samples);
  const json::Value* extras = entry.find("extras");
  if (extras == nullptr) return benchmark;
  if (!extras->is_object()) return Error{Code::invalid, place + "/extras: must be an object"};
  for (const auto& [name, value] : extras->members()) {
    BL_TRY(Series extra, read_series(value, place + "/extras/" + name));
    if (!extra.rounds.empty()) benchmark.extras[name] = std::move(extra);
  }
  return benchmark;
}

Result<std::map<std::string, std::string>> read_texts(const json::Value& document, const char* key,
                                                      const std::string& place) {
  std::map<std::string, std::string> texts;
  const json::Value* object = document.find(key);
  if (object == nullptr) return texts;
  if (!object->is_object())
    return Error{Code::invalid, fmt::format("{}#/{}: must be an object", place, key)};
  for (const auto& [name, value] : object->members()) {
    if (!value.is_string())
      return Error{Code::invalid, fmt::format("{}#/{}/{}: must be a text", place, key, name)};
    texts[name] = value.as_string();
  }
  return texts;
}

void write_texts(json::Writer& out, const char* key,
                 const std::map<std::string, std::string>& texts) {
  out.key(key).begin_object();
  for (const auto& [name, value] : texts) out.member(name, value);
  out.end_object();
}

Result<void> is_of(const json::Value& detail, std::string_view flat, const std::string& place) {
  if (text_of(detail.find("baseline_sha256")) == sha256_hex(flat)) return {};
  return Error{Code::invalid, place + ": belongs to another baseline than the file beside it"};
}

}  // namespace

std::string flat_text(const Baseline& baseline) {
  std::string out = "{\n  \"version\": 1,\n  \"arch\": ";
  json::append_quoted(out, baseline.architecture);
  out += ",\n  \"recorded_at\": ";
  json::append_quoted(out, to_rfc3339_seconds(baseline.recorded_at));
  out += ",\n  \"benchmarks\": [";
  const char* separator = "\n";
  for (const Benchmark& benchmark : baseline.benchmarks) {
    if (benchmark.main.unit != "s") continue;
    BL_CHECK(benchmark.summary || !benchmark.main.rounds.empty());
    const Summary summary =
        benchmark.summary ? *benchmark.summary : summary_of(benchmark.main.samples());
    out += separator;
    out += "    {\"name\": ";
    json::append_quoted(out, benchmark.name);
    out += ", \"median\": " + json_number(summary.median);
    out += ", \"stddev\": " + json_number(summary.stddev);
    out += fmt::format(", \"rounds\": {}, \"unit\": \"seconds\"}}", summary.samples);
    separator = ",\n";
  }
  return out + "\n  ]\n}\n";
}

std::string detail_text(const Baseline& baseline) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("version", k_version).member("arch", baseline.architecture);
  out.member("recorded_at", to_rfc3339_seconds(baseline.recorded_at));
  out.member("baseline_sha256", sha256_hex(flat_text(baseline)));
  out.member("machine_fingerprint", baseline.machine.fingerprint());
  write_texts(out, "machine", baseline.machine.facts);
  write_texts(out, "provenance", baseline.provenance);
  out.key("benchmarks").begin_array();
  for (const Benchmark& benchmark : baseline.benchmarks) {
    out.begin_object().member("name", benchmark.name).member("scenario", benchmark.scenario);
    write_series(out, benchmark.main);
    out.key("extras").begin_object();
    for (const auto& [name, extra] : benchmark.extras) {
      out.key(name).begin_object();
      write_series(out, extra);
      out.end_object();
    }
    out.end_object().end_object();
  }
  out.end_array().end_object();
  return text + "\n";
}

Result<Baseline> parse_baseline(std::string_view flat, const std::string& place,
                                const BaselineLimits& limits) {
  auto document = json::parse(flat, parse_limits(limits));
  if (!document.ok()) return std::move(document).error().with_context(place);
  BL_TRY(const json::Array* entries, benchmarks_of(*document, place, limits));
  if (document->find("machine_info") != nullptr) return from_pytest(*document, flat, place);
  BL_RETURN_IF_ERROR(check_version(*document, place));
  Baseline baseline{.architecture = text_of(document->find("arch"))};
  json::Faults faults;
  if (baseline.architecture.empty())
    faults.add(place + "#/arch", "must be a text", document->find("arch"));
  if (auto time = parse_rfc3339(text_of(document->find("recorded_at"))); time.ok()) {
    baseline.recorded_at = *time;
  } else {
    faults.add(place + "#/recorded_at", "must be a time", document->find("recorded_at"));
  }
  for (const auto& [key, value] : document->members()) {
    if (key != "version" && key != "arch" && key != "recorded_at" && key != "benchmarks")
      faults.add(json::pointer_append(place + "#", key), "is no member of version 1");
  }
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const std::string path = json::pointer_append(place + "#/benchmarks", i);
    baseline.benchmarks.push_back(flat_entry((*entries)[i], path, faults));
  }
  if (!faults.ok()) return faults.to_error("the baseline");
  BL_RETURN_IF_ERROR(sort_by_name(baseline.benchmarks, place));
  return baseline;
}

Result<void> add_detail(Baseline& baseline, std::string_view flat, std::string_view detail,
                        const std::string& place, const BaselineLimits& limits) {
  BL_TRY(const Baseline detailed, parse_detail(detail, place, flat, limits));
  baseline.machine = detailed.machine;
  baseline.provenance = detailed.provenance;
  baseline.benchmarks = detailed.benchmarks;
  return {};
}

Result<Baseline> parse_detail(std::string_view detail, const std::string& place,
                              std::optional<std::string_view> flat, const BaselineLimits& limits) {
  auto document = json::parse(detail, parse_limits(limits));
  if (!document.ok()) return std::move(document).error().with_context(place);
  BL_RETURN_IF_ERROR(check_version(*document, place));
  if (flat) BL_RETURN_IF_ERROR(is_of(*document, *flat, place));
  BL_TRY(const json::Array* entries, benchmarks_of(*document, place, limits));
  Baseline baseline{.architecture = text_of(document->find("arch"))};
  BL_TRY(baseline.recorded_at, parse_rfc3339(text_of(document->find("recorded_at"))));
  BL_TRY(baseline.machine.facts, read_texts(*document, "machine", place));
  BL_TRY(baseline.provenance, read_texts(*document, "provenance", place));
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const std::string path = json::pointer_append(place + "#/benchmarks", i);
    BL_TRY(Benchmark benchmark, read_detailed((*entries)[i], path));
    baseline.benchmarks.push_back(std::move(benchmark));
  }
  BL_RETURN_IF_ERROR(sort_by_name(baseline.benchmarks, place));
  return baseline;
}

std::string detail_path(const std::string& flat_path) {
  const std::string stem =
      flat_path.ends_with(".json") ? flat_path.substr(0, flat_path.size() - 5) : flat_path;
  return stem + ".detail.json";
}

Result<Baseline> read_baseline(Disk& disk, const std::string& path) {
  const BaselineLimits limits;
  BL_TRY(const std::string flat, read_file(disk, path, limits.file_bytes_max));
  BL_TRY(Baseline baseline, parse_baseline(flat, path, limits));
  const std::string beside = detail_path(path);
  const auto detail = read_file(disk, beside, limits.file_bytes_max);
  if (!detail.ok()) {
    if (detail.error().code != Code::not_found) return detail.error();
    return baseline;
  }
  if (const auto added = add_detail(baseline, flat, *detail, beside, limits); !added.ok())
    baseline.warnings.push_back("passed over: " + added.error().message);
  return baseline;
}

std::optional<std::string> choose_baseline(Disk& disk, const std::string& folder,
                                           const std::string& architecture) {
  for (const std::string& name : {architecture, std::string(k_canonical_architecture)}) {
    const std::string path = folder + "/" + name + ".json";
    const auto exists = disk.exists(path);
    if (exists.ok() && *exists) return path;
  }
  return std::nullopt;
}

Result<void> write_baseline(Disk& disk, const std::string& path, const Baseline& baseline) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0)
    BL_RETURN_IF_ERROR(disk.make_folder(path.substr(0, slash)));
  BL_RETURN_IF_ERROR(
      write_file_atomically(disk, detail_path(path), detail_text(baseline), FileMode::normal));
  return write_file_atomically(disk, path, flat_text(baseline), FileMode::normal);
}

}  // namespace bl::gate
