#include <fmt/format.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "formats/metrics.h"

/// airspeed velocity's results on disk: RESULTS/benchmarks.json tells names, units and parameters;
/// RESULTS/MACHINE/ holds machine.json and one file per commit and environment. In such a file
/// `results` maps a benchmark to a row whose columns `result_columns` names; a row's `result` and
/// `samples` have one element per combination of parameters, the last parameter fastest; trailing
/// columns may be missing.
namespace bl::formats {
namespace {

constexpr std::uint64_t k_file_bytes_max = 256u << 20;
constexpr std::size_t k_version_digits = 12;  ///< of a benchmark's version hash, in the context
constexpr std::size_t k_combinations_max = 100'000;

Result<json::Value> read_document(Disk& disk, const std::string& path) {
  BL_TRY(const std::string bytes, read_file(disk, path, k_file_bytes_max));
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), path);
  if (!document->is_object()) return Error{Code::invalid, "not a JSON object: " + path};
  return document;
}

std::string text_of(const json::Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<Timestamp> millis_of(const json::Value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double millis = value->as_double();
  if (!(millis > -6e13 && millis < 2.5e14)) return std::nullopt;  // years 1 to 9999
  return Timestamp::from_millis(static_cast<std::int64_t>(millis));
}

/// The unit of a benchmark: as benchmarks.json says, else by asv's naming rule. nullopt when
/// neither tells.
std::optional<std::string> unit_of_benchmark(const std::string& name,
                                             const json::Value* description) {
  if (description != nullptr) {
    if (std::string unit = text_of(description->find("unit")); !unit.empty()) return unit;
  }
  const std::size_t dot = name.rfind('.');
  const std::string method = name.substr(dot == std::string::npos ? 0 : dot + 1);
  if (method.starts_with("time_") || method.starts_with("timeraw_")) return "s";
  if (method.starts_with("mem_") || method.starts_with("peakmem_")) return "B";
  return std::nullopt;
}

/// A row of `results`, by column name.
class ResultRow {
 public:
  ResultRow(const json::Value& row, const json::Value& columns) : row_(row), columns_(columns) {}
  const json::Value* find(std::string_view name) const {
    if (!row_.is_array()) {
      // Files of asv before 0.4: the bare value, or an object with `result`.
      if (name == "result" && !row_.is_object()) return &row_;
      return row_.find(name);
    }
    const json::Array& columns = columns_.items();
    for (std::size_t i = 0; i < columns.size() && i < row_.items().size(); ++i) {
      if (columns[i].is_string() && columns[i].as_string() == name) {
        const json::Value& cell = row_.items()[i];
        return cell.is_null() ? nullptr : &cell;
      }
    }
    return nullptr;
  }

 private:
  const json::Value& row_;
  const json::Value& columns_;
};

/// The parameters of each combination: pairs of name and text. One empty combination when there are
/// no parameters.
using Combination = std::vector<std::pair<std::string, std::string>>;

std::vector<Combination> combinations_of(const json::Value* params, const json::Value* names) {
  std::vector<Combination> combinations = {{}};
  if (params == nullptr || !params->is_array()) return combinations;
  for (std::size_t p = 0; p < params->items().size(); ++p) {
    const json::Value& choices = params->items()[p];
    if (!choices.is_array() || combinations.size() * choices.items().size() > k_combinations_max)
      return {};
    std::string name;
    if (names != nullptr && names->is_array() && p < names->items().size())
      name = text_of(&names->items()[p]);
    if (name.empty() || name == "name") name = fmt::format("param{}", p + 1);
    std::vector<Combination> longer;
    for (const Combination& combination : combinations) {
      for (const json::Value& choice : choices.items()) {
        longer.push_back(combination);
        longer.back().emplace_back(name,
                                   choice.is_string() ? choice.as_string() : json::to_text(choice));
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

/// The element of a combination; a result without parameters may stand there bare.
const json::Value* element(const json::Value* column, std::size_t index, std::size_t combinations) {
  if (column == nullptr) return nullptr;
  if (!column->is_array()) return combinations == 1 ? column : nullptr;
  return index < column->items().size() ? &column->items()[index] : nullptr;
}

/// What is the same for all results of one file.
struct FileFacts {
  std::string place, machine, environment, commit, repository;
  std::optional<Timestamp> date;
  Draft common;
};

FileFacts facts_of_file(const json::Value& document, const std::string& place) {
  FileFacts file;
  file.place = place;
  file.commit = text_of(document.find("commit_hash"));
  file.environment = text_of(document.find("env_name"));
  const json::Value* params = document.find("params");
  if (params != nullptr) file.machine = text_of(params->find("machine"));
  file.date = millis_of(document.find("date"));

  Draft& common = file.common;
  common.context.set("benchmark_language", json::Value::string("Python"));
  common.context.set("asv_environment", json::Value::string(file.environment));
  for (const char* key : {"python", "requirements", "env_vars"}) {
    if (const json::Value* value = document.find(key); value != nullptr && !value->is_null()) {
      common.info.set(key, *value);
    }
  }
  if (!file.commit.empty()) common.commit = file.commit;
  if (file.date && common.commit) {
    common.commit_info = json::Value::object();
    common.commit_info.set("timestamp", json::Value::string(to_rfc3339(*file.date)));
  }
  common.run_id =
      fmt::format("asv-{}-{}-{}", file.machine, file.environment, file.commit.substr(0, 12));
  return file;
}

/// machine.json, as machine_info.
json::Value machine_info_of(const json::Value* machine, const std::string& name) {
  json::Value info = json::Value::object();
  info.set("name", json::Value::string(name));
  if (machine == nullptr) return info;
  const auto copy = [&](const char* from, const char* to) {
    if (const std::string text = text_of(machine->find(from)); !text.empty())
      info.set(to, json::Value::string(text));
  };
  copy("arch", "architecture_name");
  copy("os", "os_name");
  copy("cpu", "cpu_model_name");
  // A number in new files, its text in older ones.
  const json::Value* threads = machine->find("num_cpu");
  const auto count = threads == nullptr     ? std::nullopt
                     : threads->is_number() ? threads->as_int64()
                                            : parse_int64(text_of(threads));
  if (count && *count > 0 && *count <= INT32_MAX)
    info.set("cpu_thread_count", json::Value::number(*count));
  return info;
}

/// Data from samples, else the single value. A null is a failure; NaN means that asv left the
/// combination out.
enum class Outcome { measured, failed, left_out };

Outcome set_stats(Draft& draft, const json::Value* value, const json::Value* samples,
                  const Scale& scale) {
  const bool has_samples = samples != nullptr && samples->is_array() && !samples->items().empty();
  if (value != nullptr && value->is_string()) return Outcome::left_out;  // "NaN", "Infinity"
  if (value == nullptr || !value->is_number()) {
    draft.error = json::Value::object();
    draft.error.set("message", json::Value::string("the benchmark failed in asv"));
    return Outcome::failed;
  }
  json::Array data;
  for (const json::Value& sample : has_samples ? samples->items() : json::Array{*value})
    data.push_back(scaled(sample, scale.factor).value_or(sample));
  draft.stats = json::Value::object();
  draft.stats.set("data", json::Value::array(std::move(data)));
  draft.stats.set("unit", json::Value::string(scale.unit));
  return Outcome::measured;
}

/// The same measurement, sent again, is recognised by the server. Old files do not say when a
/// benchmark ran; there its value tells one measurement from the next.
std::string submission_key(const FileFacts& file, const std::string& benchmark,
                           const Combination& combination, const json::Value* started_at,
                           const json::Value* result) {
  std::string identity = fmt::format("{}\n{}\n{}\n{}\n{}", file.repository, file.machine,
                                     file.environment, file.commit, benchmark);
  for (const auto& [name, value] : combination) identity += "\n" + name + "=" + value;
  const json::Value* tells = started_at != nullptr ? started_at : result;
  if (tells != nullptr) identity += "\n" + json::to_text(*tells);
  return "asv-" + sha256_hex(identity).substr(0, 40);
}

/// All combinations of one benchmark in one file.
void read_benchmark(const FileFacts& file, const std::string& name, const ResultRow& row,
                    const json::Value* description, const Facts& facts, Reading& reading) {
  const std::string place = file.place + "#" + json::pointer_append("/results", name);
  const json::Value* values = row.find("result");
  const json::Value* samples = row.find("samples");
  const json::Value* names = description != nullptr ? description->find("param_names") : nullptr;
  const std::vector<Combination> combinations = combinations_of(row.find("params"), names);
  if (combinations.empty()) {
    reading.skipped.push_back({place, "parameters cannot be read"});
    return;
  }
  const std::optional<std::string> unit = unit_of_benchmark(name, description);
  if (!unit) {
    reading.skipped.push_back({place, "benchmarks.json does not say its unit"});
    return;
  }
  const std::optional<Scale> scale = scale_of(*unit);
  if (!scale) {
    reading.skipped.push_back({place, "the stores have no such unit: " + *unit});
    return;
  }
  for (std::size_t i = 0; i < combinations.size(); ++i) {
    Draft draft = file.common;
    draft.name = name;
    for (const auto& [key, value] : combinations[i])
      draft.tags.set(key, json::Value::string(value));
    if (const std::string version = text_of(row.find("version")); !version.empty()) {
      draft.context.set("benchmark_version",
                        json::Value::string(version.substr(0, k_version_digits)));
    }
    const json::Value* value = element(values, i, combinations.size());
    const Outcome outcome =
        set_stats(draft, value, element(samples, i, combinations.size()), *scale);
    if (outcome == Outcome::left_out) {
      reading.skipped.push_back(
          {place, "asv has no number for this combination of parameters: " + text_of(value)});
      continue;
    }
    const json::Value* started_at = row.find("started_at");
    draft.timestamp = millis_of(started_at);
    if (!draft.timestamp) draft.timestamp = file.date;
    draft.submission_key = submission_key(file, name, combinations[i], started_at, value);
    reading.submissions.push_back(to_submission(std::move(draft), facts));
  }
}

/// `https://github.com/org/project.git` of asv.conf.json, which may hold comments: only this one
/// line is wanted.
std::optional<std::string> repository_of(Disk& disk, const std::string& file) {
  const Result<std::string> bytes = read_file(disk, file, k_file_bytes_max);
  if (!bytes.ok()) return std::nullopt;
  const std::size_t key = bytes->find("\"repo\"");
  if (key == std::string::npos) return std::nullopt;
  const std::size_t begin = bytes->find('"', bytes->find(':', key));
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t end = bytes->find('"', begin + 1);
  if (end == std::string::npos) return std::nullopt;
  std::string repository = bytes->substr(begin + 1, end - begin - 1);
  if (!repository.starts_with("http") && !repository.starts_with("git@"))
    return std::nullopt;  // a local path
  if (repository.ends_with(".git")) repository.resize(repository.size() - 4);
  return repository;
}

bool is_file(Disk& disk, const std::string& path) {
  const Result<bool> exists = disk.exists(path);
  return exists.ok() && *exists;
}

}  // namespace

Result<AsvDirectory> AsvDirectory::open(Disk& disk, const std::string& folder) {
  AsvDirectory asv;
  asv.disk_ = &disk;
  asv.folder_ = folder;
  if (!is_file(disk, folder + "/benchmarks.json") &&
      is_file(disk, folder + "/results/benchmarks.json")) {
    asv.folder_ = folder + "/results";
  }
  if (!is_file(disk, asv.folder_ + "/benchmarks.json")) {
    return Error{Code::not_found, "no asv results here (benchmarks.json is missing): " + folder};
  }
  BL_TRY(asv.benchmarks_, read_document(disk, asv.folder_ + "/benchmarks.json"));
  asv.repository_ = repository_of(disk, asv.folder_ + "/../asv.conf.json");
  BL_TRY(const std::vector<std::string> entries, disk.list(asv.folder_));
  for (const std::string& entry : entries) {
    const Result<std::vector<std::string>> names = disk.list(asv.folder_ + "/" + entry);
    if (!names.ok()) continue;  // not a folder
    for (const std::string& name : *names) {
      const std::string path = entry + "/" + name;
      if (name == "machine.json") {
        BL_TRY(asv.machines_[entry], read_document(disk, asv.folder_ + "/" + path));
      } else if (name.ends_with(".json")) {
        asv.files_.push_back(path);
      }
    }
  }
  return asv;
}

Result<Reading> AsvDirectory::read(std::size_t file, const Facts& facts) const {
  BL_CHECK(file < files_.size());
  const std::string path = this->path(file);
  BL_TRY(const json::Value document, read_document(*disk_, path));
  const json::Value* results = document.find("results");
  const json::Value* columns = document.find("result_columns");
  if (results == nullptr || !results->is_object() || (columns != nullptr && !columns->is_array())) {
    return Error{Code::invalid, "not a result file of asv (results are missing): " + path};
  }
  FileFacts common = facts_of_file(document, path);
  const std::string folder_machine = files_[file].substr(0, files_[file].find('/'));
  if (common.machine.empty()) common.machine = folder_machine;
  common.repository = facts.repository ? *facts.repository : repository_.value_or("");
  if (repository_) common.common.repository = *repository_;
  const auto machine = machines_.find(folder_machine);
  common.common.machine =
      machine_info_of(machine == machines_.end() ? nullptr : &machine->second, common.machine);

  Facts laid_over = facts;
  laid_over.machine = json::Value();
  static const json::Value no_columns = json::Value::array();
  Reading reading;
  for (const json::Member& member : results->members()) {
    const ResultRow row(member.second, columns == nullptr ? no_columns : *columns);
    read_benchmark(common, member.first, row, benchmarks_.find(member.first), laid_over, reading);
  }
  return reading;
}

}  // namespace bl::formats
