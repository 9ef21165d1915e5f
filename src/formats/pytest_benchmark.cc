#include <fmt/format.h>

#include <array>

#include "base/hash.h"
#include "formats/metrics.h"

/// pytest-benchmark's JSON (spec/bigquery-and-gate.md 6.1): `--benchmark-json`, and the files that
/// `--benchmark-save` and `--benchmark-autosave` keep in `.benchmarks/`. Every number is seconds.
namespace bl::formats {
namespace {

constexpr std::size_t k_parameter_bytes_max = 256;

/// A parameter whose text may be a tag. pytest-benchmark writes an object as
/// `UNSERIALIZABLE[<... at 0x7f...>]`, which differs from run to run.
bool is_tag(const json::Value& value) {
  if (value.is_array() || value.is_object()) return false;
  if (!value.is_string()) return true;
  const std::string& text = value.as_string();
  return text.size() <= k_parameter_bytes_max && !text.starts_with("UNSERIALIZABLE[");
}

/// Name and parameters: `tests/a.py::test_sort[10-fast]` is `tests/a.py::test_sort` with the
/// parameters as tags, and pytest's own id `10-fast` where one of them has no text of its own.
void set_case(Draft& draft, const json::Value& benchmark) {
  std::string name = text_at(benchmark, "fullname");
  if (name.empty()) name = text_at(benchmark, "name");
  const std::string id = text_at(benchmark, "param");
  const std::string suffix = "[" + id + "]";
  const bool has_id = !id.empty() && name.size() > suffix.size() && name.ends_with(suffix);
  if (has_id) name.resize(name.size() - suffix.size());
  draft.name = std::move(name);
  bool needs_id = has_id;
  if (const json::Value* params = benchmark.find("params");
      params != nullptr && params->is_object() && !params->members().empty()) {
    needs_id = false;
    for (const auto& [key, value] : params->members()) {
      if (!is_tag(value)) {
        needs_id = true;
      } else {
        // The stores drop a null.
        add_parameter(draft, key, value.is_null() ? json::Value::string("None") : value);
      }
    }
  }
  if (needs_id) add_parameter(draft, "param", json::Value::string(id));
}

/// machine_info of the file: what is meant as our detection means it.
json::Value machine_of(const json::Value& machine) {
  const std::string name = text_at(machine, "node");
  if (name.empty()) return {};
  json::Value info = json::Value::object();
  info.set("name", json::Value::string(name));
  const auto copy = [&](const json::Value& from, const char* key, const char* to) {
    if (const std::string text = text_at(from, key); !text.empty())
      info.set(to, json::Value::string(text));
  };
  copy(machine, "machine", "architecture_name");
  copy(machine, "release", "kernel_name");
  copy(machine, "system", "os_name");
  const json::Value* cpu = machine.find("cpu");
  if (cpu == nullptr) return info;
  copy(*cpu, "brand_raw", "cpu_model_name");
  copy(*cpu, "brand", "cpu_model_name");  // before version 3.3
  if (const json::Value* count = number_at(*cpu, "count")) info.set("cpu_thread_count", *count);
  return info;
}

/// `CPython`, `3.11`: pytest-benchmark itself keeps the results of different Pythons apart.
void set_python(Draft& draft, const json::Value& machine) {
  draft.context.set("benchmark_language", json::Value::string("Python"));
  if (const std::string text = text_at(machine, "python_implementation"); !text.empty())
    draft.context.set("python_implementation", json::Value::string(text));
  const std::string version = text_at(machine, "python_version");
  if (version.empty()) return;
  draft.info.set("python_version", json::Value::string(version));
  const std::size_t minor = version.find('.');
  const std::size_t end = minor == std::string::npos ? minor : version.find('.', minor + 1);
  draft.context.set("python_version", json::Value::string(version.substr(0, end)));
}

bool is_hash(const std::string& text) {
  return text.size() >= 7 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The commit. Its time goes with it only on the branch that is the default one by its name: a
/// commit with a time and nothing more counts as one of the default branch. Of others the checkout
/// or the server finds out.
void set_commit(Draft& draft, const json::Value& commit) {
  const std::string id = text_at(commit, "id");
  if (!is_hash(id)) return;  // `unversioned`, `unknown`
  draft.commit = id;
  const json::Value* dirty = commit.find("dirty");
  if (dirty != nullptr && dirty->is_bool()) draft.info.set("commit_dirty", *dirty);
  const std::string branch = text_at(commit, "branch");
  if (branch.empty()) return;
  draft.info.set("commit_branch", json::Value::string(branch));
  if (branch != "main" && branch != "master") return;
  for (const char* key : {"author_time", "time"}) {
    const auto time = parse_iso_datetime(text_at(commit, key));
    if (!time.ok()) continue;
    draft.commit_info = json::Value::object();
    draft.commit_info.set("timestamp", json::Value::string(to_rfc3339(*time)));
    return;
  }
}

/// What is the same for all results of one file.
Draft draft_of(const json::Value& document) {
  Draft draft;
  static const json::Value nothing = json::Value::object();
  const json::Value* machine = document.find("machine_info");
  const json::Value* commit = document.find("commit_info");
  set_python(draft, machine == nullptr ? nothing : *machine);
  set_commit(draft, commit == nullptr ? nothing : *commit);
  if (machine != nullptr) draft.machine = machine_of(*machine);
  const std::string datetime = text_at(document, "datetime");
  if (const auto time = parse_iso_datetime(datetime); time.ok()) draft.timestamp = *time;
  const std::string node = machine == nullptr ? "" : text_at(*machine, "node");
  const std::string run = node + "\n" + datetime + "\n" + draft.commit.value_or("");
  draft.run_id = "pytest-benchmark-" + sha256_hex(run).substr(0, 16);
  return draft;
}

void read_benchmark(const json::Value& benchmark, const std::string& place, Draft draft,
                    const Facts& facts, Reading& reading) {
  set_case(draft, benchmark);
  const json::Value* stats = benchmark.find("stats");
  if (draft.name.empty() || stats == nullptr || !stats->is_object()) {
    reading.skipped.push_back({place, draft.name.empty() ? "has no name" : "has no stats"});
    return;
  }
  const Metric metric{
      .unit = "s", .values = samples_or_minimum(*stats, "data", draft), .place = place};
  if (const std::string group = text_at(benchmark, "group"); !group.empty())
    draft.info.set("group", json::Value::string(group));
  draft.stats = json::Value::object();
  if (const json::Value* iterations = number_at(*stats, "iterations");
      iterations != nullptr && iterations->as_int64())
    draft.stats.set("iterations", *iterations);
  json::Value statistics = *stats;
  std::erase_if(statistics.members(), [](const json::Member& m) { return m.first == "data"; });
  draft.optional_benchmark_info = json::Value::object();
  draft.optional_benchmark_info.set("statistics", std::move(statistics));
  for (const char* key : {"extra_info", "options"}) {
    if (const json::Value* value = benchmark.find(key); value != nullptr && value->is_object())
      draft.optional_benchmark_info.set(key, *value);
  }
  add_results(std::move(draft), {metric}, facts, reading);
}

}  // namespace

Result<Reading> read_pytest_benchmark(std::string_view bytes, const std::string& place,
                                      const Facts& facts) {
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), place);
  const json::Value* benchmarks = document->find("benchmarks");
  if (benchmarks == nullptr || !benchmarks->is_array()) {
    return Error{Code::invalid,
                 "not pytest-benchmark's JSON (an array of benchmarks is needed): " + place};
  }
  const Draft common = draft_of(*document);
  Reading reading;
  for (std::size_t i = 0; i < benchmarks->items().size(); ++i) {
    read_benchmark(benchmarks->items()[i], fmt::format("{}#/benchmarks/{}", place, i), common,
                   facts, reading);
  }
  return reading;
}

std::vector<std::string> pytest_benchmark_files(Disk& disk, const std::string& folder) {
  std::vector<std::string> files;
  const auto machines = disk.list(folder);
  if (!machines.ok()) return files;
  for (const std::string& machine : *machines) {
    const auto names = disk.list(folder + "/" + machine);
    if (!names.ok()) continue;  // a file
    for (const std::string& name : *names) {
      // 0001_unversioned_20240801_120000.json
      if (name.find_first_not_of("0123456789") == 4 && name[4] == '_' && name.ends_with(".json"))
        files.push_back(folder + "/" + machine + "/" + name);
    }
  }
  return files;
}

}  // namespace bl::formats
