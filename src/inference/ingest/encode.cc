#include "inference/ingest_encode.h"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <set>

#include "base/numbers.h"
#include "base/utf8.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_names_shown = 20;
constexpr std::size_t k_store_errors_shown = 10;

struct CountName {
  std::string_view name;
  WriteCount Written::* member;
};
constexpr std::array<CountName, 7> k_counts = {{{"points", &Written::points},
                                                {"evaluations", &Written::evals},
                                                {"run_stats", &Written::stats},
                                                {"changelogs", &Written::changelogs},
                                                {"configs", &Written::configs},
                                                {"server_logs", &Written::server_logs},
                                                {"gpu_metrics", &Written::gpu_metrics}}};

void write_count(json::Writer& writer, std::string_view name, const WriteCount& count) {
  writer.key(name).begin_object();
  writer.member("added", count.added).member("changed", count.changed);
  writer.member("unchanged", count.unchanged).member("repeated", count.repeated).end_object();
}

void write_texts(json::Writer& writer, std::string_view name,
                 const std::vector<std::string>& texts) {
  writer.key(name).begin_array();
  for (const std::string& text : texts) writer.value(text);
  writer.end_array();
}

std::int64_t total_of(const std::map<std::string, std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& count) { return sum + count.second; });
}

std::int64_t again(const WriteCount& count) {
  return count.changed + count.unchanged;
}

struct SkipLine {
  SkipReason reason;
  std::string_view words;
};
// In the order of the contract; what it does not know follows.
constexpr std::array<SkipLine, k_skip_reasons> k_skip_lines = {{
    {SkipReason::no_isl_osl, "no isl/osl (old format)"},
    {SkipReason::unmapped_model, "unmapped model"},
    {SkipReason::unmapped_hardware, "unmapped hw"},
    {SkipReason::bad_zip, "bad/empty zip"},
    {SkipReason::db_error, "DB errors"},
    {SkipReason::failed_run, "failed run"},
    {SkipReason::malformed, "malformed"},
    {SkipReason::unsupported_version, "unsupported version"},
    {SkipReason::trace_replay_missing, "trace replay missing"},
    {SkipReason::quarantined, "quarantined"},
}};

/// Names and paths come from anywhere; a terminal obeys control characters.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    out += step.valid && !is_control(step.code_point) ? text.substr(0, step.bytes) : "\uFFFD";
    text.remove_prefix(step.bytes);
  }
  return out;
}

void append_store_errors(std::string& text, const std::vector<Skip>& skips) {
  std::size_t count = 0;
  for (const Skip& skip : skips) {
    if (skip.reason != SkipReason::db_error || ++count > k_store_errors_shown) continue;
    text += fmt::format("[DB ERROR] {}: {}\n", printable(skip.path), printable(skip.value));
  }
  if (count > k_store_errors_shown) text += "[DB ERROR] more of them are not shown\n";
}

void append_names(std::string& text, std::string_view title,
                  const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += fmt::format("{}:\n", title);
  for (std::size_t i = 0; i < std::min(names.size(), k_names_shown); ++i) {
    text += fmt::format("  {}\n", printable(names[i]));
  }
  if (names.size() > k_names_shown) {
    text += fmt::format("  ... and {} more\n", names.size() - k_names_shown);
  }
}

void append_skips(std::string& text, const IngestReport& report) {
  const std::int64_t total = total_of(report.skipped);
  if (total == 0) return;
  text += fmt::format("Skipped: {} rows\n", total);
  for (const SkipLine& line : k_skip_lines) {
    const auto count = report.skipped.find(std::string(name_of(line.reason)));
    if (count == report.skipped.end() || count->second == 0) continue;
    text += fmt::format("  {:<24} {}\n", fmt::format("{}:", line.words), count->second);
  }
}

}  // namespace

void write_report(json::Writer& writer, const IngestReport& report) {
  writer.begin_object();
  writer.member("id", report.id).member("at", to_rfc3339(report.at));
  writer.member("source", report.source).member("submitter", report.submitter);
  writer.key("github_run_id");
  if (report.github_run_id) {
    writer.value(std::to_string(*report.github_run_id));
  } else {
    writer.null();
  }
  writer.member("run_attempt", report.attempt);
  writer.key("written").begin_object();
  for (const CountName& name : k_counts) {
    write_count(writer, name.name, report.written.*name.member);
  }
  writer.end_object();
  writer.key("skipped").begin_object();
  for (const auto& [reason, count] : report.skipped) writer.member(reason, count);
  writer.end_object();
  writer.member("skipped_total", total_of(report.skipped));
  writer.key("examples").begin_array();
  for (const Skip& skip : report.examples) {
    writer.begin_object().member("reason", name_of(skip.reason));
    writer.member("path", skip.path).member("value", skip.value).end_object();
  }
  writer.end_array();
  write_texts(writer, "models", report.models);
  write_texts(writer, "hardware", report.hardware);
  write_texts(writer, "precisions", report.precisions);
  write_texts(writer, "new_metrics", report.new_metrics);
  writer.end_object();
}

std::string report_json(const IngestReport& report) {
  std::string text;
  json::Writer writer(text);
  write_report(writer, report);
  return text;
}

IngestReport report_of(const json::Value& document) {
  IngestReport report;
  const auto text = [](const json::Value& object, const char* key) {
    const json::Value* value = object.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  const auto number = [](const json::Value* value) {
    return value != nullptr && value->is_number() ? value->as_int64().value_or(0) : 0;
  };
  const auto texts = [&](const char* key) {
    std::vector<std::string> all;
    const json::Value* list = document.find(key);
    if (list == nullptr || !list->is_array()) return all;
    for (const json::Value& item : list->items()) {
      if (item.is_string()) all.push_back(item.as_string());
    }
    return all;
  };
  report.id = text(document, "id");
  report.source = text(document, "source");
  report.submitter = text(document, "submitter");
  if (const auto at = parse_rfc3339(text(document, "at")); at.ok()) report.at = *at;
  report.github_run_id = parse_int64(text(document, "github_run_id"));
  if (const json::Value* attempt = document.find("run_attempt"); attempt && !attempt->is_null()) {
    report.attempt = number(attempt);
  }
  for (const CountName& name : k_counts) {
    const json::Value* written = document.find("written");
    const json::Value* count = written == nullptr ? nullptr : written->find(name.name);
    if (count == nullptr) continue;
    report.written.*name.member = {number(count->find("added")), number(count->find("changed")),
                                   number(count->find("unchanged")),
                                   number(count->find("repeated"))};
  }
  const json::Value* skipped = document.find("skipped");
  if (skipped != nullptr && skipped->is_object()) {
    for (const auto& [reason, count] : skipped->members()) report.skipped[reason] = number(&count);
  }
  report.models = texts("models");
  report.hardware = texts("hardware");
  report.precisions = texts("precisions");
  report.new_metrics = texts("new_metrics");
  return report;
}

void add(IngestReport& to, const IngestReport& from) {
  for (const CountName& name : k_counts) {
    WriteCount& sum = to.written.*name.member;
    const WriteCount& more = from.written.*name.member;
    sum = {sum.added + more.added, sum.changed + more.changed, sum.unchanged + more.unchanged,
           sum.repeated + more.repeated};
  }
  for (const auto& [reason, count] : from.skipped) to.skipped[reason] += count;
  to.examples.insert(to.examples.end(), from.examples.begin(), from.examples.end());
  const auto join = [](std::vector<std::string>& names, const std::vector<std::string>& more) {
    std::set<std::string> all(names.begin(), names.end());
    all.insert(more.begin(), more.end());
    names.assign(all.begin(), all.end());
  };
  join(to.models, from.models);
  join(to.hardware, from.hardware);
  join(to.precisions, from.precisions);
  join(to.new_metrics, from.new_metrics);
}

std::string summary_text(const IngestOutcome& outcome, const std::optional<SweepTotals>& totals) {
  std::string text;
  for (const std::string& warning : outcome.warnings) text += printable(warning) + "\n";
  append_store_errors(text, outcome.report.examples);
  for (const auto& [date, written] : outcome.days) {
    text += fmt::format("{}  +{} bmk ({} dup)  +{} stats ({} dup)  +{} eval  +{} changelog\n", date,
                        written.points.added, again(written.points), written.stats.added,
                        again(written.stats), written.evals.added, written.changelogs.added);
  }
  const Written& written = outcome.report.written;
  text += fmt::format("Benchmark results: {} new, {} duplicate (ON CONFLICT updates)\n",
                      written.points.added, again(written.points));
  text += fmt::format("Run stats: {} new, {} duplicate (ON CONFLICT updates)\n",
                      written.stats.added, again(written.stats));
  text += fmt::format("Eval results: {} new\n", written.evals.added);
  text += fmt::format("Changelog entries: {} new\n", written.changelogs.added);
  if (totals) {
    text += fmt::format(
        "DB totals: {} configs, {} benchmark_results, {} run_stats, {} eval_results, "
        "{} changelog_entries\n",
        totals->configs, totals->points, totals->stats, totals->evals, totals->changelogs);
  }
  append_skips(text, outcome.report);
  append_names(text, "Unmapped models", outcome.report.models);
  append_names(text, "Unmapped hardware", outcome.report.hardware);
  append_names(text, "Unmapped precisions", outcome.report.precisions);
  return text;
}

std::string unmapped_json(const IngestReport& report) {
  if (report.models.empty() && report.hardware.empty() && report.precisions.empty()) return {};
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  write_texts(writer, "models", report.models);
  write_texts(writer, "hardware", report.hardware);
  write_texts(writer, "precisions", report.precisions);
  writer.end_object();
  return text;
}

}  // namespace bl::inference
