#include <fmt/format.h>

#include <map>

#include "formats/detection.h"
#include "formats/metrics.h"

/// Criterion.rs (spec/bigquery-and-gate.md 6.1). In `target/criterion` each benchmark has a folder
/// whose `new/` holds benchmark.json (ids, throughput), sample.json (iterations and the time they
/// took) and estimates.json; `base/` and named baselines are measurements of earlier runs. A sample
/// is the time of one iteration. cargo-criterion prints the same as one JSON line per benchmark.
/// The group is the benchmark's name, function and value are its `params`, in both.
namespace bl::formats {
namespace {

constexpr std::uint64_t k_file_bytes_max = 64u << 20;
/// target/criterion/GROUP/FUNCTION/VALUE/new, and some more for the ones who made folders of them.
constexpr int k_depth_max = 8;
constexpr std::size_t k_folders_max = 100'000;

struct Throughput {
  std::string unit;  // per second
  json::Value per_iteration;
};

/// One benchmark, from either source.
struct Measurement {
  std::string place, group, id;
  std::string time_unit = "ns";
  const json::Value* iterations = nullptr;
  const json::Value* times = nullptr;
  std::vector<Throughput> throughputs;
  json::Value statistics;
};

/// `{"Bytes": 1024}`, `{"Elements": 10}`; of Criterion 0.6 also `{"ElementsAndBytes": {...}}`.
std::vector<Throughput> throughputs_of(const json::Value& throughput) {
  std::vector<Throughput> found;
  if (!throughput.is_object()) return found;
  for (const auto& [kind, amount] : throughput.members()) {
    if (kind == "Bytes" || kind == "BytesDecimal" || kind == "bytes") {
      found.push_back({"B/s", amount});
    } else if (kind == "Elements" || kind == "elements") {
      found.push_back({"elements/s", amount});
    } else if (kind == "Bits" && amount.is_number()) {
      found.push_back({"B/s", json::Value::number(amount.as_double() / 8)});
    } else if (kind == "ElementsAndBytes") {
      for (Throughput& inner : throughputs_of(amount)) found.push_back(std::move(inner));
    }
  }
  return found;
}

/// time / iterations of each sample, or why not.
std::optional<std::string> set_samples(const Measurement& from, json::Array& samples) {
  const bool are_arrays = from.iterations != nullptr && from.iterations->is_array() &&
                          from.times != nullptr && from.times->is_array();
  if (!are_arrays || from.times->items().empty() ||
      from.times->items().size() != from.iterations->items().size())
    return "the samples cannot be read";
  for (std::size_t i = 0; i < from.times->items().size(); ++i) {
    const json::Value& time = from.times->items()[i];
    const json::Value& count = from.iterations->items()[i];
    if (!time.is_number() || !count.is_number() || !(count.as_double() >= 1))
      return fmt::format("sample {} is no time of some iterations", i);
    samples.push_back(json::Value::number(time.as_double() / count.as_double()));
  }
  return std::nullopt;
}

/// Per second, from the time of each iteration.
Metric throughput_metric(const Throughput& throughput, const Metric& time) {
  Metric metric{.name = "throughput", .unit = throughput.unit, .place = time.place};
  if (throughput.unit != "B/s") metric.name = "elements";
  const std::optional<Scale> scale = scale_of(time.unit);
  const bool is_time =
      scale && (std::string_view(scale->unit) == "ns" || std::string_view(scale->unit) == "s");
  if (!is_time || !throughput.per_iteration.is_number()) {
    metric.refused = "a throughput needs a time and an amount";
    return metric;
  }
  const double units_per_second = std::string_view(scale->unit) == "ns" ? 1e9 : 1;
  const double amount = throughput.per_iteration.as_double();
  for (const json::Value& value : time.values) {
    const double per_second = amount / (value.as_double() * scale->factor) * units_per_second;
    if (!(per_second >= 0 && per_second <= 1.7e308)) {
      metric.refused = "the throughput has no number that a double holds";
      return metric;
    }
    metric.values.push_back(json::Value::number(per_second));
  }
  return metric;
}

void add_measurement(const Measurement& measurement, const Facts& facts, Reading& reading) {
  Draft draft;
  draft.name = measurement.group;
  const std::string prefix = measurement.group + "/";
  if (measurement.id.starts_with(prefix) && measurement.id.size() > prefix.size())
    draft.tags.set("params", json::Value::string(measurement.id.substr(prefix.size())));
  draft.context.set("benchmark_language", json::Value::string("Rust"));
  if (draft.name.empty()) {
    reading.skipped.push_back({measurement.place, "has no name"});
    return;
  }
  Metric time{.unit = measurement.time_unit, .place = measurement.place};
  if (auto reason = set_samples(measurement, time.values)) {
    reading.skipped.push_back({measurement.place, *std::move(reason)});
    return;
  }
  draft.optional_benchmark_info = json::Value::object();
  draft.optional_benchmark_info.set("statistics", measurement.statistics);
  std::vector<Metric> metrics = {time};
  for (const Throughput& throughput : measurement.throughputs)
    metrics.push_back(throughput_metric(throughput, time));
  add_results(std::move(draft), metrics, facts, reading);
}

/// Folders of a `new` below `folder` that hold a measurement, sorted.
class Folders {
 public:
  explicit Folders(Disk& disk) : disk_(disk) {}
  std::vector<std::string> find(const std::string& folder, std::size_t wanted_max) {
    wanted_max_ = wanted_max;
    look_into(folder, k_depth_max);
    return std::move(found_);
  }

 private:
  void look_into(const std::string& folder, int depth) {
    if (depth == 0 || looked_at_++ > k_folders_max || found_.size() >= wanted_max_) return;
    const Result<std::vector<std::string>> names = disk_.list(folder);
    if (!names.ok()) return;  // a file
    for (const std::string& name : *names) {
      const std::string path = folder + "/" + name;
      if (name == "new") {
        const Result<bool> exists = disk_.exists(path + "/benchmark.json");
        if (exists.ok() && *exists) found_.push_back(path);
      } else {
        look_into(path, depth - 1);
      }
    }
  }

  Disk& disk_;
  std::size_t looked_at_ = 0;
  std::size_t wanted_max_ = 0;
  std::vector<std::string> found_;
};

Result<json::Value> read_document(Disk& disk, const std::string& path) {
  BL_TRY(const std::string bytes, read_file(disk, path, k_file_bytes_max));
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), path);
  return document;
}

/// The folder itself, or the `criterion` in it that cargo made.
std::string criterion_of(Disk& disk, const std::string& folder) {
  for (const char* below : {"/target/criterion", "/criterion"}) {
    if (disk.list(folder + below).ok()) return folder + below;
  }
  return folder;
}

Result<void> read_measurement(Disk& disk, const std::string& folder, const Facts& facts,
                              Reading& reading) {
  BL_TRY(const json::Value benchmark, read_document(disk, folder + "/benchmark.json"));
  BL_TRY(const json::Value sample, read_document(disk, folder + "/sample.json"));
  BL_TRY(json::Value estimates, read_document(disk, folder + "/estimates.json"));
  Measurement measurement{.place = folder,
                          .group = text_at(benchmark, "group_id"),
                          .id = text_at(benchmark, "full_id"),
                          .iterations = sample.find("iters"),
                          .times = sample.find("times"),
                          .statistics = std::move(estimates)};
  if (const json::Value* throughput = benchmark.find("throughput"))
    measurement.throughputs = throughputs_of(*throughput);
  add_measurement(measurement, facts, reading);
  return {};
}

struct Line {
  std::string place;
  json::Value message;
};

/// The messages of cargo-criterion, one JSON object a line.
Result<std::vector<Line>> lines_of(std::string_view bytes, const std::string& place) {
  std::vector<Line> lines;
  std::size_t number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
    const std::string_view line = bytes.substr(start, end - start);
    start = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string line_place = fmt::format("{}:{}", place, number);
    Result<json::Value> message = parse_with_nonfinite(line);
    if (!message.ok()) return at_place(std::move(message).error(), line_place);
    lines.push_back({line_place, std::move(message).value()});
  }
  return lines;
}

/// The group of each benchmark, from the messages that end a group.
std::map<std::string, std::string> groups_of(const std::vector<Line>& lines) {
  std::map<std::string, std::string> groups;
  for (const Line& line : lines) {
    const json::Value* benchmarks = line.message.find("benchmarks");
    if (text_at(line.message, "reason") != "group-complete" || benchmarks == nullptr ||
        !benchmarks->is_array())
      continue;
    for (const json::Value& id : benchmarks->items()) {
      if (id.is_string()) groups[id.as_string()] = text_at(line.message, "group_name");
    }
  }
  return groups;
}

Measurement measurement_of(const Line& line, const std::map<std::string, std::string>& groups) {
  const json::Value& message = line.message;
  Measurement measurement{.place = line.place,
                          .id = text_at(message, "id"),
                          .time_unit = text_at(message, "unit"),
                          .iterations = message.find("iteration_count"),
                          .times = message.find("measured_values"),
                          .statistics = json::Value::object()};
  // A stream that was cut ends without its last group.
  const auto group = groups.find(measurement.id);
  measurement.group =
      group != groups.end() ? group->second : measurement.id.substr(0, measurement.id.find('/'));
  const json::Value* throughputs = message.find("throughput");
  if (throughputs != nullptr && throughputs->is_array()) {
    for (const json::Value& throughput : throughputs->items()) {
      json::Value amount = json::Value::object();
      if (const json::Value* count = throughput.find("per_iteration"))
        amount.set(text_at(throughput, "unit"), *count);
      for (Throughput& one : throughputs_of(amount))
        measurement.throughputs.push_back(std::move(one));
    }
  }
  for (const char* key : {"typical", "mean", "median", "median_abs_dev", "slope"}) {
    if (const json::Value* value = message.find(key); value != nullptr && value->is_object())
      measurement.statistics.set(key, *value);
  }
  return measurement;
}

}  // namespace

Result<Reading> read_criterion_messages(std::string_view bytes, const std::string& place,
                                        const Facts& facts) {
  BL_TRY(const std::vector<Line> lines, lines_of(bytes, place));
  const std::map<std::string, std::string> groups = groups_of(lines);
  Reading reading;
  for (const Line& line : lines) {
    const std::string reason = text_at(line.message, "reason");
    if (reason == "benchmark-complete") {
      add_measurement(measurement_of(line, groups), facts, reading);
    } else if (reason.empty()) {
      return Error{Code::invalid,
                   "not a message of cargo-criterion (Criterion's own files are read as a folder, "
                   "target/criterion): " +
                       line.place};
    }
  }
  return reading;
}

bool is_criterion_folder(Disk& disk, const std::string& folder) {
  return !Folders(disk).find(criterion_of(disk, folder), 1).empty();
}

Result<Reading> read_criterion_folder(Disk& disk, const std::string& folder, const Facts& facts) {
  const std::vector<std::string> measurements =
      Folders(disk).find(criterion_of(disk, folder), k_folders_max);
  if (measurements.empty()) {
    return Error{Code::not_found,
                 "no measurement of Criterion here (no new/benchmark.json below): " + folder};
  }
  Reading reading;
  for (const std::string& measurement : measurements) {
    // One broken benchmark does not keep the others.
    Result<void> read = read_measurement(disk, measurement, facts, reading);
    if (!read.ok()) reading.skipped.push_back({measurement, read.error().message});
  }
  return reading;
}

}  // namespace bl::formats
