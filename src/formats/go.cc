#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include "base/numbers.h"
#include "base/utf8.h"
#include "formats/detection.h"
#include "formats/metrics.h"

/// What `go test -bench` prints (spec/bigquery-and-gate.md 6.1): lines `key: value` that configure
/// what follows, and lines `BenchmarkName-GOMAXPROCS  iterations  (value unit)...`, between logs of
/// any kind. A benchmark that prints something parts its line: its name, then what it printed, then
/// a line that begins with the iterations. `go test -json` wraps the same text into events; those
/// of different packages may be mixed. Direction: `ns/op`, `B/op` less, `MB/s` more is better.
namespace bl::formats {
namespace {

constexpr std::size_t k_detect_bytes = 1u << 20;
constexpr std::size_t k_fields_max = 513;    ///< 256 metrics
constexpr std::size_t k_log_lines_max = 20;  ///< of a benchmark that failed

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t start = 0; start < line.size();) {
    start = line.find_first_not_of(" \t\r", start);
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", start), line.size());
    fields.push_back(line.substr(start, end - start));
    start = end;
  }
  return fields;
}

/// `BenchmarkSort/size=10-8`, as Go itself tells a benchmark from another function.
bool is_benchmark_name(std::string_view field) {
  constexpr std::string_view k_prefix = "Benchmark";
  if (!field.starts_with(k_prefix)) return false;
  return field.size() == k_prefix.size() ||
         !(field[k_prefix.size()] >= 'a' && field[k_prefix.size()] <= 'z');
}

struct Value {
  std::string unit;
  json::Value number;
};
/// What stands behind the name.
struct Measured {
  std::int64_t iterations = 0;
  std::vector<Value> values;
};

/// `100  138.6 ns/op  3.5 hits/op`; nullopt when it is something else.
std::optional<Measured> measured_of(std::span<const std::string_view> fields) {
  if (fields.size() < 3 || fields.size() % 2 == 0 || fields.size() > k_fields_max)
    return std::nullopt;
  const auto iterations = parse_int64(fields[0]);
  if (!iterations || *iterations < 0) return std::nullopt;
  Measured measured{.iterations = *iterations};
  for (std::size_t i = 1; i < fields.size(); i += 2) {
    const bool is_word = fields[i] == "NaN" || fields[i] == "+Inf" || fields[i] == "-Inf";
    if (is_word) {
      measured.values.push_back(
          {std::string(fields[i + 1]), json::Value::string(std::string(fields[i]))});
    } else if (is_json_number(fields[i]) && is_bounded_number(fields[i])) {
      measured.values.push_back(
          {std::string(fields[i + 1]), json::Value::number_text(std::string(fields[i]))});
    } else {
      return std::nullopt;
    }
  }
  return measured;
}

std::optional<Measured> measured_after_name(const std::vector<std::string_view>& fields) {
  return measured_of(std::span(fields).subspan(1));
}

/// One benchmark of one package with all its repeats.
struct Benchmark {
  std::string name, place;
  std::map<std::string, std::string> configuration;  // as it was when the first repeat was read
  json::Array iterations;
  std::vector<Metric> metrics;
  std::string error;  // empty: it did not fail
};

/// Keys whose values are facts of ours; other lines `key: value` may as well be logs.
constexpr std::array<std::string_view, 7> k_keys = {"goos",   "goarch",      "pkg",   "cpu",
                                                    "commit", "commit-time", "branch"};

/// `-8` of `BenchmarkSort/size=10-8`: GOMAXPROCS, left out when it is 1.
std::string_view suffix_of(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  const bool is_number = dash != std::string_view::npos && dash + 1 < name.size() &&
                         name.find_first_not_of("0123456789", dash + 1) == std::string_view::npos;
  return is_number ? name.substr(dash) : std::string_view();
}

/// Reads the lines of one stream.
class GoText {
 public:
  void read_line(std::string_view line, const std::string& place) {
    if (line.starts_with("    ") && !is_measured_later(line)) return keep_log(line.substr(4));
    Benchmark* const failed = std::exchange(failed_, nullptr);
    if (failed != nullptr) add_log(*failed);
    is_log_of_another_ = false;
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.empty()) return;
    if (line.starts_with("--- ")) return read_verdict(fields, place);
    log_.clear();
    if (is_benchmark_name(line.substr(0, line.find_first_of(" \t"))))
      return read_benchmark(fields, line, place);
    if (is_measured_later(line)) {
      return add(std::exchange(pending_, ""), *measured_of(fields), place);
    }
    if (fields[0] == "FAIL") return read_failure(fields, place);
    if (fields[0] == "Unit") return read_unit(fields);
    read_configuration(line);
  }

  void finish(const Facts& facts, const std::optional<Timestamp>& time, Reading& reading) {
    if (failed_ != nullptr) add_log(*failed_);
    complete_failures();
    for (Benchmark& benchmark : benchmarks_) finish(benchmark, facts, time, reading);
    for (Skipped& skipped : skipped_) reading.skipped.push_back(std::move(skipped));
  }
  /// Before any line: the package that the events name.
  void set_package(const std::string& package) { configuration_["pkg"] = package; }

 private:
  void read_benchmark(const std::vector<std::string_view>& fields, std::string_view line,
                      const std::string& place) {
    if (auto measured = measured_after_name(fields)) {
      pending_.clear();
      return add(std::string(fields[0]), *std::move(measured), place);
    }
    // With -v the name stands alone, without GOMAXPROCS, before it is measured.
    pending_ = fields[0];
    if (line.find("/op") != std::string_view::npos)
      skipped_.push_back({place, "not a result, though it looks like one: " + std::string(line)});
  }

  /// `--- FAIL: BenchmarkX`, `--- SKIP: BenchmarkX`, `--- BENCH: BenchmarkX-8` (only a log).
  void read_verdict(const std::vector<std::string_view>& fields, const std::string& place) {
    const bool is_failure = fields.size() > 1 && fields[1] == "FAIL:";
    is_log_of_another_ = !is_failure;
    if (!is_failure) log_.clear();
    if (fields.size() < 3 || !is_benchmark_name(fields[2])) return;
    pending_.clear();
    const std::string name(fields[2]);
    if (fields[1] == "SKIP:") skipped_.push_back({place, "skipped by the benchmark: " + name});
    if (!is_failure) return;
    failed_ = &benchmark_of(name, place);
    failed_->error = "the benchmark failed";
    has_failed_benchmark_ = true;
  }

  /// The numbers of a name whose line was parted.
  bool is_measured_later(std::string_view line) const {
    return !pending_.empty() && (line.starts_with(' ') || line.starts_with('\t')) &&
           measured_of(fields_of(line));
  }

  /// Indented lines are a benchmark's log; it stands before its failure (-v), or behind it.
  void keep_log(std::string_view line) {
    if (!is_log_of_another_ && log_.size() < k_log_lines_max) log_.emplace_back(line);
  }
  void add_log(Benchmark& failed) {
    for (std::size_t i = 0; i < log_.size(); ++i) {
      failed.error += i == 0 ? ": " : "\n";
      failed.error += log_[i];
    }
    log_.clear();
  }

  /// A failure names neither GOMAXPROCS nor which of its sub-benchmarks it comes from: the first is
  /// that of all others, when they agree; the second has failed, too, and is the one that counts.
  void complete_failures() {
    std::set<std::string> suffixes;
    for (const Benchmark& benchmark : benchmarks_) {
      if (benchmark.error.empty()) suffixes.emplace(suffix_of(benchmark.name));
    }
    std::set<std::string> failures;
    for (const Benchmark& benchmark : benchmarks_) {
      if (!benchmark.error.empty()) failures.insert(key_of(benchmark));
    }
    const auto is_only_a_parent = [&](const Benchmark& parent) {
      if (parent.error.empty() || !parent.iterations.empty()) return false;
      const std::string below = key_of(parent) + "/";
      const auto next = failures.lower_bound(below);
      return next != failures.end() && next->starts_with(below);
    };
    std::vector<Benchmark> kept;
    for (Benchmark& benchmark : benchmarks_) {
      if (is_only_a_parent(benchmark)) continue;
      if (!benchmark.error.empty() && benchmark.iterations.empty() && suffixes.size() == 1 &&
          suffix_of(benchmark.name).empty())
        benchmark.name += *suffixes.begin();
      kept.push_back(std::move(benchmark));
    }
    benchmarks_ = std::move(kept);
  }

  /// `FAIL  package  0.1s`, `FAIL  package [build failed]`: of what did not end, and of a panic.
  void read_failure(const std::vector<std::string_view>& fields, const std::string& place) {
    if (!pending_.empty()) {
      benchmark_of(pending_, place).error = "the benchmark did not end";
      pending_.clear();
    } else if (fields.size() > 1 && !has_failed_benchmark_) {
      skipped_.push_back({place, "the package failed, and what it did not get to is not here: " +
                                     std::string(fields[1])});
    }
    if (fields.size() > 1) has_failed_benchmark_ = false;  // the next package
  }

  /// `Unit ns/op better=lower`.
  void read_unit(const std::vector<std::string_view>& fields) {
    for (std::size_t i = 2; i < fields.size(); ++i) {
      if (fields[i] == "better=lower") is_more_better_[std::string(fields[1])] = false;
      if (fields[i] == "better=higher") is_more_better_[std::string(fields[1])] = true;
    }
  }

  void read_configuration(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view key = line.substr(0, colon);
    if (std::find(k_keys.begin(), k_keys.end(), key) == k_keys.end()) return;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t\r") + 1);
    configuration_[std::string(key)] = value;
  }

  static std::string key_of(const Benchmark& benchmark) {
    const auto package = benchmark.configuration.find("pkg");
    return (package == benchmark.configuration.end() ? "" : package->second) + "\n" +
           benchmark.name;
  }

  Benchmark& benchmark_of(const std::string& name, const std::string& place) {
    Benchmark benchmark{.name = name, .place = place, .configuration = configuration_};
    const auto [found, is_new] = index_.try_emplace(key_of(benchmark), benchmarks_.size());
    if (is_new) benchmarks_.push_back(std::move(benchmark));
    return benchmarks_[found->second];
  }

  void add(const std::string& name, Measured measured, const std::string& place) {
    Benchmark& benchmark = benchmark_of(name, place);
    benchmark.iterations.push_back(json::Value::number(measured.iterations));
    for (Value& value : measured.values) {
      const auto is_its = [&](const Metric& metric) { return metric.unit == value.unit; };
      auto metric = std::find_if(benchmark.metrics.begin(), benchmark.metrics.end(), is_its);
      if (metric == benchmark.metrics.end()) {
        if (benchmark.metrics.size() > k_metrics_max) continue;  // add_results says so
        metric = benchmark.metrics.insert(
            benchmark.metrics.end(),
            {.name = value.unit == "ns/op" ? "" : value.unit, .unit = value.unit, .place = place});
      }
      metric->values.push_back(std::move(value.number));
    }
  }

  void refuse_wrong_directions(Benchmark& benchmark) const {
    for (Metric& metric : benchmark.metrics) {
      const auto said = is_more_better_.find(metric.unit);
      const std::optional<Scale> scale = scale_of(metric.unit);
      if (said == is_more_better_.end() || !scale) continue;
      if (std::string_view(scale->unit).ends_with("/s") != said->second)
        metric.refused =
            fmt::format("its line Unit says the opposite direction of the stores' {}", scale->unit);
    }
  }

  void finish(Benchmark& benchmark, const Facts& facts, const std::optional<Timestamp>& time,
              Reading& reading);

  std::map<std::string, std::string> configuration_;
  std::map<std::string, bool> is_more_better_;
  std::vector<Benchmark> benchmarks_;
  std::unordered_map<std::string, std::size_t> index_;  // "package\nname" -> benchmarks_
  std::vector<Skipped> skipped_;
  std::string pending_;                // a name whose numbers have not come yet
  Benchmark* failed_ = nullptr;        // whose log may follow
  bool has_failed_benchmark_ = false;  // in this package
  bool is_log_of_another_ = false;     // behind --- BENCH, --- SKIP
  std::vector<std::string> log_;       // indented lines since the last that was not
};

/// `BenchmarkSort/size=10/fast-8`: name `BenchmarkSort`, tags size=10, params=fast, gomaxprocs=8.
void set_case(Draft& draft, std::string_view name) {
  if (const std::string_view suffix = suffix_of(name); !suffix.empty()) {
    draft.tags.set("gomaxprocs", json::Value::string(std::string(suffix.substr(1))));
    name.remove_suffix(suffix.size());
  }
  std::size_t slash = std::min(name.find('/'), name.size());
  draft.name = name.substr(0, slash);
  std::string params;
  while (slash < name.size()) {
    const std::size_t end = std::min(name.find('/', slash + 1), name.size());
    const std::string_view part = name.substr(slash + 1, end - slash - 1);
    slash = end;
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && equals > 0 && equals + 1 < part.size()) {
      add_parameter(draft, std::string(part.substr(0, equals)),
                    json::Value::string(std::string(part.substr(equals + 1))));
    } else {
      params += params.empty() ? "" : "/";
      params += part;
    }
  }
  if (!params.empty()) add_parameter(draft, "params", json::Value::string(params));
}

Draft draft_of(const Benchmark& benchmark) {
  Draft draft;
  const auto configured = [&](const char* key) {
    const auto found = benchmark.configuration.find(key);
    return found == benchmark.configuration.end() ? std::string() : found->second;
  };
  if (const std::string package = configured("pkg"); !package.empty())
    draft.tags.set("pkg", json::Value::string(package));
  set_case(draft, benchmark.name);
  draft.context.set("benchmark_language", json::Value::string("Go"));
  for (const char* key : {"goos", "goarch", "cpu", "branch"}) {
    if (const std::string text = configured(key); !text.empty())
      draft.info.set(key, json::Value::string(text));
  }
  if (const std::string commit = configured("commit"); !commit.empty()) draft.commit = commit;
  if (const auto time = parse_iso_datetime(configured("commit-time")); time.ok() && draft.commit) {
    draft.commit_info = json::Value::object();
    draft.commit_info.set("timestamp", json::Value::string(to_rfc3339(*time)));
  }
  return draft;
}

void GoText::finish(Benchmark& benchmark, const Facts& facts, const std::optional<Timestamp>& time,
                    Reading& reading) {
  Draft draft = draft_of(benchmark);
  if (time) draft.timestamp = time;
  if (!benchmark.iterations.empty())
    draft.info.set("iterations", json::Value::array(benchmark.iterations));
  if (!benchmark.error.empty())
    return add_error(std::move(draft), error_object(benchmark.error), facts, reading);
  refuse_wrong_directions(benchmark);
  // The time comes first: what has no unit of the stores is kept with it.
  std::stable_partition(benchmark.metrics.begin(), benchmark.metrics.end(),
                        [](const Metric& metric) { return metric.name.empty(); });
  add_results(std::move(draft), benchmark.metrics, facts, reading);
}

/// The texts of the packages in a stream of events, each put together again.
class GoEvents {
 public:
  void read_event(const json::Value& event, const std::string& place) {
    if (!time_) {
      if (const auto time = parse_rfc3339(text_at(event, "Time")); time.ok()) time_ = *time;
    }
    const std::string action = text_at(event, "Action");
    if (action != "output" && action != "build-output") return;
    std::string package = text_at(event, "Package");
    if (package.empty()) package = text_at(event, "ImportPath");
    auto found = streams_.find(package);
    if (found == streams_.end()) {
      found = streams_.try_emplace(package).first;
      found->second.text.set_package(package);
      order_.push_back(package);
    }
    Stream& stream = found->second;
    for (const char c : text_at(event, "Output")) {
      if (stream.line.empty()) stream.place = place;
      if (c != '\n') {
        stream.line += c;
      } else {
        stream.text.read_line(stream.line, stream.place);
        stream.line.clear();
      }
    }
  }
  Reading finish(const Facts& facts) {
    Reading reading;
    for (const std::string& package : order_) {
      Stream& stream = streams_.at(package);
      stream.text.read_line(stream.line, stream.place);
      stream.text.finish(facts, time_, reading);
    }
    return reading;
  }

 private:
  struct Stream {
    GoText text;
    std::string line, place;  // a line that has not ended, and where it began
  };
  std::map<std::string, Stream> streams_;
  std::vector<std::string> order_;
  std::optional<Timestamp> time_;
};

/// Calls `each(line, its number)`.
template <class Each>
void each_line(std::string_view bytes, const Each& each) {
  std::size_t number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
    std::string_view line = bytes.substr(start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    each(line, ++number);
    start = end + 1;
  }
}

/// An event of `go test -json`; what the go command prints between them is no JSON.
std::optional<json::Value> event_of(std::string_view line) {
  if (!line.starts_with('{')) return std::nullopt;
  auto event = json::parse(line);
  if (!event.ok() || text_at(*event, "Action").empty()) return std::nullopt;
  return std::move(event).value();
}

/// Whether a line among the first is an event.
bool has_event(std::string_view bytes) {
  bool found = false;
  each_line(bytes.substr(0, k_detect_bytes), [&](std::string_view line, std::size_t) {
    if (!found) found = event_of(line).has_value();
  });
  return found;
}

}  // namespace

bool looks_like_go(std::string_view bytes) {
  if (has_event(bytes)) return true;
  bool found = false;
  each_line(bytes.substr(0, k_detect_bytes), [&](std::string_view line, std::size_t) {
    if (found || line.empty()) return;
    const bool has_key = line.starts_with("goos: ") || line.starts_with("pkg: ") ||
                         line.starts_with("--- FAIL: Benchmark");
    if (has_key || !line.starts_with("Benchmark")) {
      found = has_key;
      return;
    }
    const auto fields = fields_of(line);
    found = is_benchmark_name(fields[0]) && measured_after_name(fields);
  });
  return found;
}

Result<Reading> read_go(std::string_view bytes, const std::string& place, const Facts& facts) {
  const auto at = [&](std::size_t number) { return fmt::format("{}:{}", place, number); };
  Reading reading;
  if (has_event(bytes)) {
    GoEvents events;
    each_line(bytes, [&](std::string_view line, std::size_t number) {
      if (const auto event = event_of(line)) events.read_event(*event, at(number));
    });
    reading = events.finish(facts);
  } else {
    GoText text;
    const std::string valid = valid_utf8(bytes);  // logs may hold anything
    each_line(valid,
              [&](std::string_view line, std::size_t number) { text.read_line(line, at(number)); });
    text.finish(facts, std::nullopt, reading);
  }
  if (reading.submissions.empty() && reading.skipped.empty()) {
    return Error{Code::invalid, "no line of go test -bench in it: " + place};
  }
  return reading;
}

}  // namespace bl::formats
