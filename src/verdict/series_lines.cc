#include "verdict/series_lines.h"

#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/json.h"
#include "verdict/online.h"
#include "verdict/robust.h"
#include "verdict/segmentation.h"

namespace bl::verdict {

namespace {

constexpr json::ParseLimits k_line_limits{.bytes_max = 1u << 30, .values_max = 60'000'000};

constexpr double k_no_value = std::numeric_limits<double>::quiet_NaN();

/// A number, null, or an array of replicates; nullopt when it is none of them.
std::optional<double> read_value(const json::Value& value) {
  if (value.is_number()) return value.as_double();
  if (value.is_null()) return k_no_value;
  if (!value.is_array()) return std::nullopt;
  std::vector<double> replicates;
  for (const json::Value& replicate : value.items()) {
    if (replicate.is_null()) return k_no_value;
    if (!replicate.is_number()) return std::nullopt;
    replicates.push_back(replicate.as_double());
  }
  return replicates.empty() ? k_no_value : median(replicates);
}

void read_values(const json::Value& line, SeriesLine& series, json::Faults& faults) {
  const json::Value* values = line.find("value");
  if (values == nullptr || !values->is_array()) {
    faults.add("/value", "must be an array of numbers", values);
    return;
  }
  series.results.reserve(values->items().size());
  for (std::size_t i = 0; i < values->items().size(); ++i) {
    const auto value = read_value(values->items()[i]);
    if (!value) {
      faults.add(json::pointer_append("/value", i), "must be a number, null or an array of numbers",
                 &values->items()[i]);
    }
    series.results.push_back({.value = value.value_or(k_no_value)});
  }
}

void read_machines(const json::Value& line, SeriesLine& series, json::Faults& faults) {
  const json::Value* machines = line.find("env");
  if (machines == nullptr || machines->is_null()) return;
  if (!machines->is_array() || machines->items().size() != series.results.size()) {
    faults.add("/env", "must be an array as long as value");
    return;
  }
  std::map<std::string, std::uint32_t> numbers;
  for (std::size_t i = 0; i < series.results.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(numbers.size());
    series.results[i].machine =
        numbers.try_emplace(json::to_text(machines->items()[i]), number).first->second;
  }
}

void read_benchmarks(const json::Value& line, SeriesLine& series, json::Faults& faults) {
  const json::Value* versions = line.find("benchmark");
  if (versions == nullptr || versions->is_null()) return;
  if (!versions->is_array() || versions->items().size() != series.results.size()) {
    faults.add("/benchmark", "must be an array as long as value");
    return;
  }
  for (std::size_t i = 1; i < series.results.size(); ++i)
    series.results[i].benchmark_changed = !(versions->items()[i] == versions->items()[i - 1]);
}

void read_lessons(const json::Value& line, SeriesLine& series, json::Faults& faults) {
  const json::Value* annotations = line.find("annotations");
  if (annotations == nullptr || !annotations->is_array()) return;
  for (std::size_t k = 0; k < annotations->items().size(); ++k) {
    const json::Value& annotation = annotations->items()[k];
    const std::string path = json::pointer_append("/annotations", k);
    const json::Value* at = annotation.find("i");
    const auto index = at != nullptr && at->is_number() ? at->as_int64() : std::nullopt;
    if (!index || *index < 0 || *index >= static_cast<std::int64_t>(series.results.size())) {
      faults.add(path + "/i", "must be the index of a value", at);
      continue;
    }
    const json::Value* kind = annotation.find("kind");
    const std::string word = kind != nullptr && kind->is_string() ? kind->as_string() : "";
    Lesson& lesson = series.results[static_cast<std::size_t>(*index)].lesson;
    if (word == "expected")
      lesson = Lesson::expected;
    else if (word == "machine_changed")
      lesson = Lesson::machine_changed;
    else if (word == "noise")
      lesson = Lesson::noise;
    else
      faults.add(path + "/kind", "must be expected, machine_changed or noise", kind);
  }
}

const char* word_for(bool larger, Direction direction) {
  return larger == (direction == Direction::less_is_better) ? "regression" : "improvement";
}

void write_offline(const SeriesLine& series, json::Writer& out) {
  const auto history = changes_of(series.results);
  out.key("offline").begin_array();
  if (history.ok()) {
    for (const Change& c : history.value().changes) {
      out.begin_object().member("i", static_cast<std::int64_t>(c.first));
      out.member("direction", word_for(c.change > 0, series.direction));
      out.member("score", c.log_odds).member("change", c.change);
      if (c.of_unit) out.member("of_unit", true);
      out.end_object();
    }
  }
  out.end_array();
  if (!history.ok()) out.member("offline_refused", history.error().message);
}

void write_online(const SeriesLine& series, json::Writer& out) {
  out.key("online").begin_array();
  OnlineDetector detector;
  for (const Observation& result : series.results) {
    if (!series.online) break;
    const Decision decision = detector.push(result);
    if (!decision.is_change()) continue;
    out.begin_object().member("t", decision.newest).member("i", decision.since);
    out.member("direction", word_for(decision.call == Decision::Call::larger, series.direction));
    out.member("score", decision.log_odds).member("change", decision.change);
    if (decision.of_unit) out.member("of_unit", true);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

Result<SeriesLine> read_series_line(std::string_view text) {
  BL_TRY(const json::Value line, json::parse(text, k_line_limits));
  SeriesLine series;
  json::Faults faults;
  const json::Value* id = line.find("id");
  if (id != nullptr && id->is_string()) {
    series.id = id->as_string();
  } else {
    faults.add("/id", "must be a text", id);
  }
  const json::Value* direction = line.find("direction");
  const std::string word =
      direction != nullptr && direction->is_string() ? direction->as_string() : "";
  if (word == "higher") {
    series.direction = Direction::more_is_better;
  } else if (word != "lower") {
    faults.add("/direction", "must be lower or higher", direction);
  }
  const json::Value* online = line.find("online");
  series.online = online == nullptr || !online->is_bool() || online->as_bool();
  read_values(line, series, faults);
  read_machines(line, series, faults);
  read_benchmarks(line, series, faults);
  read_lessons(line, series, faults);
  if (!faults.ok()) return faults.to_error("series");
  return series;
}

void append_verdict_line(const SeriesLine& series, std::string& text) {
  json::Writer out(text);
  out.begin_object().member("id", series.id);
  write_offline(series, out);
  write_online(series, out);
  out.end_object();
}

}  // namespace bl::verdict
