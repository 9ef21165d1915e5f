#include "inference/ingest/run_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/hash.h"
#include "base/utf8.h"
#include "inference/eval_collection.h"
#include "inference/ingest/gpu_summary.h"
#include "inference/ingest/json_rows.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_row_bytes = 1024;    // of a point beside its texts and metrics
constexpr std::size_t k_metric_bytes = 80;   // name and value
constexpr std::int64_t k_first_attempt = 1;  // as GitHub counts

std::string_view file_name(std::string_view entry) {
  return entry.substr(entry.rfind('/') + 1);
}
std::string_view folder_of(std::string_view entry) {
  const std::size_t slash = entry.rfind('/');
  return slash == entry.npos ? std::string_view() : entry.substr(0, slash);
}

bool is_rows_file(std::string_view entry) {
  return entry.ends_with(".json") && !file_name(entry).starts_with("power_validation");
}
bool is_json(std::string_view entry) {
  return entry.ends_with(".json");
}
bool is_log(std::string_view entry) {
  return entry.ends_with(".log") || entry.ends_with(".txt") || entry.ends_with(".out");
}

std::uint64_t key_of(const BenchmarkRow& row) {
  const auto number = [](std::optional<std::int64_t> value) { return value.value_or(-1); };
  return xxh3_64(fmt::format("{}\n{}\n{}:{}:{}\n{}\n{}", config_cache_key(row.config),
                             row.benchmark_type, number(row.isl), number(row.osl), row.conc,
                             row.offload_mode.value_or(""), row.recipe_fingerprint.value_or("")));
}

}  // namespace

Result<SweepRun> run_of(const RunFacts& facts) {
  std::string missing;
  if (!facts.run_id) missing = "run_id (--run-id)";
  if (!facts.date && !facts.created_at) {
    missing += std::string(missing.empty() ? "" : " and ") + "date (--date)";
  }
  if (!missing.empty()) {
    return Error{
        Code::invalid,
        "the run is not known: neither run.json nor artifacts_metadata.json nor a folder's "
        "name says it; missing: " +
            missing};
  }
  SweepRun run;
  run.github_run_id = *facts.run_id;
  run.attempt = facts.attempt.value_or(k_first_attempt);
  if (run.github_run_id < 0 || run.attempt < 0) {
    return Error{Code::invalid, fmt::format("run_id and attempt are not negative: {}, {}",
                                            run.github_run_id, run.attempt)};
  }
  run.date = facts.date ? *facts.date : to_rfc3339(*facts.created_at).substr(0, 10);
  const auto day = parse_rfc3339(run.date + "T00:00:00Z");
  if (run.date.size() != 10 || !day.ok()) {
    return Error{Code::invalid, "date must be YYYY-MM-DD: " + run.date};
  }
  run.created_at = facts.created_at.value_or(*day);
  run.started_at = facts.started_at;
  run.name = facts.name ? *facts.name : fmt::format("run {}", run.github_run_id);
  run.status = facts.status;
  run.conclusion = facts.conclusion;
  run.head_sha = facts.head_sha;
  run.head_branch = facts.head_branch;
  run.html_url = facts.html_url;
  if (run.html_url) {
    if (const auto at = run.html_url->find("/attempts/"); at != std::string::npos) {
      run.html_url->resize(at);
    }
  }
  return run;
}

std::uint64_t bytes_of(const SweepPoint& point) {
  std::uint64_t bytes = k_row_bytes + point.origin.artifact.size() + point.origin.path.size();
  bytes += point.row.metrics.size() * k_metric_bytes;
  return bytes;
}

Result<void> RunReader::read() {
  sort_into_groups();
  BL_RETURN_IF_ERROR(
      read_all(ArtifactKind::changelog, [this](Reading& one) { return read_changelog(one); }));
  bool is_append_only = !batch_.changelogs.empty();
  for (const Changelog& changelog : batch_.changelogs) {
    is_evals_only_ = is_evals_only_ || is_evals_only(changelog.entries);
    for (const auto& entry : changelog.entries) is_append_only &= entry.append_only;
  }
  run_.append_only = is_append_only;
  if (!is_evals_only_) {
    BL_RETURN_IF_ERROR(
        read_all(ArtifactKind::run_stats, [this](Reading& one) { return read_stats(one); }));
    BL_RETURN_IF_ERROR(read_benchmarks());
    BL_RETURN_IF_ERROR(read_all(ArtifactKind::gpu_metrics,
                                [this](Reading& one) { return read_gpu_metrics(one); }));
  }
  BL_RETURN_IF_ERROR(read_evaluations());
  return flush();
}

// Artifacts ----------------------------------------------------------------------------------

void RunReader::sort_into_groups() {
  std::map<std::pair<ArtifactKind, std::string_view>, Group> by_name;
  for (const Artifact& artifact : source_.artifacts) {
    by_name[{artifact.name.kind, artifact.name.result}].push_back(&artifact);
  }
  const auto is_newer = [](const Artifact* a, const Artifact* b) {
    return std::tie(a->created_at, a->name.artifact_id, a->label) >
           std::tie(b->created_at, b->name.artifact_id, b->label);
  };
  for (auto& [key, group] : by_name) {
    std::sort(group.begin(), group.end(), is_newer);
    if (by_kind_.empty() || by_kind_.back().first != key.first) by_kind_.push_back({key.first, {}});
    by_kind_.back().second.push_back(std::move(group));
  }
  // What is newer is read later, and so counts.
  for (auto& [kind, of_kind] : by_kind_) {
    std::sort(of_kind.begin(), of_kind.end(),
              [&](const Group& a, const Group& b) { return is_newer(b.front(), a.front()); });
  }
  const std::vector<Group>& logs = groups(ArtifactKind::server_log);
  for (std::size_t i = 0; i < logs.size(); ++i) logs_.emplace(logs[i].front()->name.result, i);
}

const std::vector<RunReader::Group>& RunReader::groups(ArtifactKind kind) {
  static const std::vector<Group> k_none;
  for (const auto& [of_kind, all] : by_kind_) {
    if (of_kind == kind) return all;
  }
  return k_none;
}

/// True when something was read of it.
Result<bool> RunReader::read_newest(const Group& group, const ReadOne& read) {
  for (const Artifact* artifact : group) {
    SkipTracker skips;
    Reading reading{*artifact, skips};
    const auto done = read(reading);
    has_damage_ = has_damage_ || skips.count(SkipReason::bad_zip) > 0 ||
                  skips.count(SkipReason::malformed) > 0;
    if (skips.total() > 0 && warnings_.size() < around_.limits.warnings_max) {
      warnings_.push_back(fmt::format("[WARN] {}: {}", artifact->label, skips.warning()));
    }
    skips_.merge(skips);
    BL_RETURN_IF_ERROR(done);
    if (around_.on_artifact) around_.on_artifact();
    if (reading.entries > 0) return true;
  }
  has_damage_ = true;
  return false;
}

Result<void> RunReader::read_all(ArtifactKind kind, const ReadOne& read) {
  for (const Group& group : groups(kind)) {
    BL_TRY([[maybe_unused]] const bool has_read, read_newest(group, read));
  }
  return {};
}

/// A disk that cannot read one artifact does not lose the others.
Result<void> RunReader::entries_of(Reading& reading, const EntryFilter& wanted,
                                   const EntrySink& sink) {
  const auto done = reading.artifact.read(
      wanted,
      [&](std::string_view name, std::string bytes) {
        ++reading.entries;
        return sink(name, std::move(bytes));
      },
      reading.skips);
  if (emit_error_) return *emit_error_;
  if (!done.ok()) {
    reading.skips.skip(SkipReason::bad_zip, reading.artifact.label, done.error().message);
  }
  return {};
}

/// What is kept until the run is read must not grow with what is there.
bool RunReader::has_room(Reading& reading, std::string_view entry, std::uint64_t& used,
                         std::uint64_t bytes, std::uint64_t bytes_max) {
  if (bytes <= bytes_max - used) {
    used += bytes;
    return true;
  }
  reading.skips.skip(SkipReason::bad_zip, reading.place(entry), "too large with those before it");
  return false;
}

void RunReader::each_row(Reading& reading, std::string_view entry, std::string_view text,
                         const RowSink& sink) {
  const ByteBudget::Share share(around_.parsing, text.size());
  for_each_json_row(text, reading.place(entry), sink, reading.skips);
}

// Kinds --------------------------------------------------------------------------------------

Result<void> RunReader::read_changelog(Reading& reading) {
  return entries_of(reading, is_json, [&](std::string_view name, std::string bytes) {
    const std::uint64_t most = around_.limits.metadata_bytes_max;
    if (!has_room(reading, name, changelog_bytes_, bytes.size(), most)) return Result<void>();
    const ByteBudget::Share share(around_.parsing, bytes.size());
    const auto document = json::parse(bytes);
    const std::string place = reading.place(name);
    if (!document.ok()) {
      reading.skips.skip(SkipReason::malformed, place, document.error().message);
      return Result<void>();
    }
    const auto text_of = [&](const char* key) {
      const json::Value* value = document->find(key);
      return value != nullptr && value->is_string() ? value->as_string() : std::string();
    };
    Changelog changelog{text_of("base_ref"), text_of("head_ref"),
                        changelog_entries(around_.registry, document->find("entries"))};
    if (changelog.entries.empty()) return Result<void>();
    if (changelog.base_ref.empty() || changelog.head_ref.empty()) {
      reading.skips.skip(SkipReason::malformed, place, "no base_ref or head_ref");
    } else {
      batch_.changelogs.push_back(std::move(changelog));
    }
    return Result<void>();
  });
}

Result<void> RunReader::read_stats(Reading& reading) {
  RowMapper mapper(around_.registry, around_.rules, reading.skips);
  return entries_of(reading, is_json, [&](std::string_view name, std::string bytes) {
    const std::uint64_t most = around_.limits.metadata_bytes_max;
    if (!has_room(reading, name, stats_bytes_, bytes.size(), most)) return Result<void>();
    const ByteBudget::Share share(around_.parsing, bytes.size());
    const auto document = json::parse(bytes);
    if (!document.ok()) {
      reading.skips.skip(SkipReason::malformed, reading.place(name), document.error().message);
      return Result<void>();
    }
    for (RunStat& stat : mapper.run_stats(*document, reading.place(name))) {
      batch_.stats.push_back(std::move(stat));
    }
    return Result<void>();
  });
}

Result<void> RunReader::read_benchmarks() {
  has_damage_ = false;
  bool has_single = false;
  for (const ArtifactKind kind : {ArtifactKind::benchmark, ArtifactKind::agentic_benchmark}) {
    for (const Group& group : groups(kind)) {
      has_single = true;
      read_log_of(*group.front());
      const auto read = read_newest(group, [this](Reading& one) { return read_rows(one, false); });
      log_.reset();
      log_at_.reset();
      if (!read.ok()) return read.error();
      BL_RETURN_IF_ERROR(flush_if_full());
    }
  }
  if (has_single && !has_damage_) return {};
  return read_all(ArtifactKind::benchmark_collection,
                  [&](Reading& one) { return read_rows(one, has_single); });
}

Result<void> RunReader::read_rows(Reading& reading, bool only_new) {
  RowMapper mapper(around_.registry, around_.rules, reading.skips);
  const auto sequence = sequence_in_name(reading.artifact.label);
  return entries_of(reading, is_rows_file, [&](std::string_view name, std::string bytes) {
    each_row(reading, name, bytes, [&](const json::Value& value, const std::string& path) {
      auto row = mapper.benchmark_row(value, path, sequence ? sequence : source_.sequence);
      if (!row) return;
      const bool is_new = keys_.insert(key_of(*row)).second;
      if (only_new && !is_new) return;
      add(*std::move(row),
          {reading.artifact.label, path.substr(reading.artifact.label.size() + 1)});
    });
    return flush_if_full();
  });
}

void RunReader::read_log_of(const Artifact& benchmark) {
  const auto found = logs_.find(benchmark.name.result);
  if (found == logs_.end()) return;
  const bool had_damage = has_damage_;  // a log's does not make rows incomplete
  ServerLog log;
  std::uint64_t log_bytes = 0;
  const auto read = read_newest(groups(ArtifactKind::server_log)[found->second], [&](Reading& one) {
    return entries_of(one, is_log, [&](std::string_view name, std::string bytes) {
      const std::uint64_t most = around_.limits.log_bytes_max;
      if (!has_room(one, name, log_bytes, bytes.size(), most)) return Result<void>();
      std::erase(bytes, '\0');
      if (log.origin.path.empty()) {
        log.origin = {one.artifact.label, std::string(name)};
      } else {
        log.text += fmt::format("\n==> {} <==\n", name);
      }
      log.text += is_utf8(bytes) ? bytes : valid_utf8(bytes);
      return Result<void>();
    });
  });
  has_damage_ = had_damage;
  if (read.ok() && !log.text.empty()) log_ = std::move(log);
}

Result<void> RunReader::read_evaluations() {
  has_damage_ = false;
  const bool has_single = !groups(ArtifactKind::evaluation).empty();
  BL_RETURN_IF_ERROR(
      read_all(ArtifactKind::evaluation, [this](Reading& one) { return read_evaluation(one); }));
  if (has_single && !has_damage_) return {};
  return read_all(ArtifactKind::evaluation_collection,
                  [this](Reading& one) { return read_evaluation_collection(one); });
}

Result<void> RunReader::read_evaluation(Reading& reading) {
  std::map<std::string, json::Value, std::less<>> metas;  // by folder
  std::uint64_t meta_bytes = 0;
  const auto is_meta = [](std::string_view name) { return file_name(name) == "meta_env.json"; };
  SkipTracker counted_below;  // the archive's own faults: it is read twice
  Reading first{reading.artifact, counted_below};
  BL_RETURN_IF_ERROR(entries_of(first, is_meta, [&](std::string_view name, std::string bytes) {
    const std::uint64_t most = around_.limits.metadata_bytes_max;
    if (!has_room(reading, name, meta_bytes, bytes.size(), most)) return Result<void>();
    auto meta = json::parse(bytes);
    if (meta.ok()) {
      metas.emplace(folder_of(name), *std::move(meta));
    } else {
      reading.skips.skip(SkipReason::malformed, reading.place(name), meta.error().message);
    }
    return Result<void>();
  }));
  RowMapper mapper(around_.registry, around_.rules, reading.skips);
  const auto is_results = [](std::string_view name) {
    return file_name(name).starts_with("results") && name.ends_with(".json");
  };
  return entries_of(reading, is_results, [&](std::string_view name, std::string bytes) {
    const std::string place = reading.place(name);
    const ByteBudget::Share share(around_.parsing, bytes.size());
    const auto results = json::parse(bytes);
    if (!results.ok()) {
      reading.skips.skip(SkipReason::malformed, place, results.error().message);
      return Result<void>();
    }
    // The nearest one above; lm_eval puts its results into a folder of the model's.
    std::string_view folder = folder_of(name);
    auto meta = metas.find(folder);
    while (meta == metas.end() && !folder.empty()) {
      folder = folder_of(folder);
      meta = metas.find(folder);
    }
    if (meta == metas.end()) {
      reading.skips.skip(SkipReason::malformed, place, "no meta_env.json beside it");
      return Result<void>();
    }
    json::Value of_results = meta->second;
    if (const auto conc = concurrency_in_name(file_name(name))) {
      of_results.set("conc", json::Value::number(*conc));
    }
    for (EvalRow& row : mapper.eval_rows(of_results, *results, place)) {
      Origin origin{reading.artifact.label, fmt::format("{}#/results/{}", name, row.task)};
      batch_.evals.push_back({std::move(row), std::move(origin)});
      batch_bytes_ += k_row_bytes;
    }
    return flush_if_full();
  });
}

Result<void> RunReader::read_evaluation_collection(Reading& reading) {
  RowMapper mapper(around_.registry, around_.rules, reading.skips);
  return entries_of(reading, is_json, [&](std::string_view name, std::string bytes) {
    each_row(reading, name, bytes, [&](const json::Value& value, const std::string& path) {
      auto row = mapper.aggregate_eval_row(value, path);
      if (!row) return;
      Origin origin{reading.artifact.label, path.substr(reading.artifact.label.size() + 1)};
      batch_.evals.push_back({*std::move(row), std::move(origin)});
      batch_bytes_ += k_row_bytes;
    });
    return flush_if_full();
  });
}

Result<void> RunReader::read_gpu_metrics(Reading& reading) {
  const auto is_csv = [](std::string_view name) { return name.ends_with(".csv"); };
  return entries_of(reading, is_csv, [&](std::string_view name, std::string bytes) {
    const ByteBudget::Share share(around_.parsing, bytes.size());
    auto summary = gpu_summary(bytes);
    if (!summary) {
      reading.skips.skip(SkipReason::malformed, reading.place(name), "no samples of GPUs");
      return Result<void>();
    }
    summary->origin = {reading.artifact.label, std::string(name)};
    batch_.gpu_metrics.push_back(*std::move(summary));
    batch_bytes_ += k_row_bytes;
    return flush_if_full();
  });
}

// Batches ------------------------------------------------------------------------------------

void RunReader::add(BenchmarkRow row, Origin origin) {
  if (log_ && !log_at_) {
    log_at_ = batch_.server_logs.size();
    batch_.server_logs.push_back(*log_);
    batch_bytes_ += log_->text.size();
  }
  batch_.points.push_back({std::move(row), std::move(origin), log_at_});
  batch_bytes_ += bytes_of(batch_.points.back());
}

Result<void> RunReader::flush_if_full() {
  return batch_bytes_ < around_.limits.batch_bytes ? Result<void>() : flush();
}

Result<void> RunReader::flush() {
  const bool is_empty = batch_.points.empty() && batch_.evals.empty() && batch_.stats.empty() &&
                        batch_.changelogs.empty() && batch_.gpu_metrics.empty();
  if (is_empty) return {};
  batch_.run = run_;
  log_at_.reset();
  const auto emitted = emit_(std::exchange(batch_, {}), std::exchange(batch_bytes_, 0));
  if (!emitted.ok()) emit_error_ = emitted.error();
  return emitted;
}

}  // namespace bl::inference
