#include "inference/store/sweep_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "base/utf8.h"

namespace bl::inference {
namespace {

// Gathers the first thing that is wrong, with the place of what is looked at.
class Check {
 public:
  explicit Check(const Origin& origin) : origin_(&origin) {}

  void text(std::string_view what, std::string_view value) {
    if (value.find('\0') != value.npos || !is_utf8(value)) {
      refuse(what, "must be UTF-8 without NUL", valid_utf8(value));
    }
  }
  void maybe_text(std::string_view what, const std::optional<std::string>& value) {
    if (value) text(what, std::string_view(*value));
  }
  void name(std::string_view what, std::string_view value) {
    text(what, value);
    if (std::ranges::any_of(value, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      refuse(what, "must be lower case", value);
    }
  }
  void key(std::string_view what, std::string_view value) {
    name(what, value);
    if (value.empty()) refuse(what, "must not be empty", value);
  }
  void number(std::string_view what, std::int64_t value, std::int64_t least) {
    if (value < least || value > INT32_MAX) {
      refuse(what, fmt::format("must be from {} to {}", least, INT32_MAX), std::to_string(value));
    }
  }
  void maybe_number(std::string_view what, const std::optional<std::int64_t>& value,
                    std::int64_t least) {
    if (value) number(what, *value, least);
  }
  void one_of(std::string_view what, std::string_view value,
              std::initializer_list<std::string_view> known) {
    if (std::ranges::find(known, value) == known.end()) refuse(what, "is not known", value);
  }
  void metrics(const Metrics& metrics) {
    for (const auto& [name, value] : metrics) {
      text("the name of a metric", name);
      if (!std::isfinite(value)) refuse(name, "must be finite", std::to_string(value));
    }
  }
  void config(const ServingConfig& config) {
    key("hardware", config.hardware);
    key("model", config.model);
    name("framework", config.framework);
    name("precision", config.precision);
    name("spec_method", config.spec_method);
    number("prefill_tp", config.prefill_tp, 1);
    number("prefill_ep", config.prefill_ep, 1);
    number("prefill_num_workers", config.prefill_num_workers, 0);
    number("decode_tp", config.decode_tp, 0);
    number("decode_ep", config.decode_ep, 0);
    number("decode_num_workers", config.decode_num_workers, 0);
    number("num_prefill_gpu", config.num_prefill_gpu, 1);
    number("num_decode_gpu", config.num_decode_gpu, 0);
  }
  void refuse(std::string_view what, std::string_view rule, std::string_view value) {
    if (!outcome_.ok()) return;
    const char* between = origin_->artifact.empty() || origin_->path.empty() ? "" : "/";
    const bool has_place = !origin_->artifact.empty() || !origin_->path.empty();
    outcome_ = Error{Code::invalid,
                     fmt::format("{}{}{}{}{} {}: '{}'", origin_->artifact, between, origin_->path,
                                 has_place ? ": " : "", what, rule, prefix_of_bytes(value, 200))};
  }
  void origin() {
    text("the name of an artifact", origin_->artifact);
    text("a path", origin_->path);
  }
  Result<void> outcome() const { return outcome_; }

 private:
  const Origin* origin_;
  Result<void> outcome_;
};

bool is_date(std::string_view text) {
  constexpr std::string_view k_shape = "0000-00-00";
  if (text.size() != k_shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (k_shape[i] == '0' ? !digit : text[i] != '-') return false;
  }
  return parse_rfc3339(std::string(text) + "T00:00:00Z").ok();
}

Result<void> check_run(const SweepRun& run) {
  const Origin origin{fmt::format("run {}", run.github_run_id), ""};
  Check check(origin);
  check.text("name", run.name);
  for (const auto* text :
       {&run.status, &run.conclusion, &run.head_sha, &run.head_branch, &run.html_url}) {
    check.maybe_text("a text", *text);
  }
  if (run.github_run_id < 0) {
    check.refuse("the id", "must not be negative", std::to_string(run.github_run_id));
  }
  check.number("attempt", run.attempt, 0);
  if (!is_date(run.date)) check.refuse("the date", "must be YYYY-MM-DD", run.date);
  if (run.started_at && run.started_at->micros < 0) {
    check.refuse("started_at", "must not be before 1970", to_rfc3339(*run.started_at));
  }
  return check.outcome();
}

Result<void> check_point(const SweepPoint& point, std::size_t logs) {
  const BenchmarkRow& row = point.row;
  Check check(point.origin);
  check.origin();
  check.config(row.config);
  check.key("benchmark_type", row.benchmark_type);
  check.maybe_number("isl", row.isl, 1);
  check.maybe_number("osl", row.osl, 1);
  check.number("conc", row.conc, 1);
  check.maybe_text("image", row.image);
  if (row.offload_mode) check.one_of("offload_mode", *row.offload_mode, {"on", "off"});
  if (row.recipe_fingerprint) check.key("recipe_fingerprint", *row.recipe_fingerprint);
  if (row.kv_transfer_lib) check.name("kv_transfer_lib", *row.kv_transfer_lib);
  check.metrics(row.metrics);
  if (point.server_log && *point.server_log >= logs) {
    check.refuse("the server log", "is not there", std::to_string(*point.server_log));
  }
  return check.outcome();
}

Result<void> check_eval(const SweepEval& eval) {
  Check check(eval.origin);
  check.origin();
  check.config(eval.row.config);
  check.key("task", eval.row.task);
  check.maybe_number("isl", eval.row.isl, 1);
  check.maybe_number("osl", eval.row.osl, 1);
  check.maybe_number("conc", eval.row.conc, 1);
  check.maybe_text("lm_eval_version", eval.row.lm_eval_version);
  check.metrics(eval.row.metrics);
  return check.outcome();
}

Result<void> check_stat(const RunStat& stat) {
  const Origin origin{"run statistics", ""};
  Check check(origin);
  check.key("hardware", stat.hardware);
  if (stat.n_success < 0 || stat.n_success > stat.total) {
    check.refuse("n_success", fmt::format("must be from 0 to {}", stat.total),
                 std::to_string(stat.n_success));
  }
  return check.outcome();
}

Result<void> check_changelog(const Changelog& changelog) {
  const Origin origin{"changelog", ""};
  Check check(origin);
  check.text("base_ref", changelog.base_ref);
  check.text("head_ref", changelog.head_ref);
  for (const ChangelogEntry& entry : changelog.entries) {
    check.text("description", entry.description);
    check.maybe_text("pr_link", entry.pr_link);
    for (const std::string& key : entry.config_keys) check.text("a config key", key);
  }
  return check.outcome();
}

Result<void> check_gpu_metrics(const GpuMetricSummary& summary) {
  Check check(summary.origin);
  check.origin();
  check.one_of("vendor", summary.vendor, {"nvidia", "amd"});
  if (summary.gpus < 0 || summary.samples < 0) {
    check.refuse("the count of samples", "must not be negative", std::to_string(summary.samples));
  }
  if (summary.started_at && summary.ended_at && *summary.ended_at < *summary.started_at) {
    check.refuse("ended_at", "must not be before started_at", to_rfc3339(*summary.ended_at));
  }
  check.text("csv_sha256", summary.csv_sha256);
  return check.outcome();
}

}  // namespace

Result<void> check_sweep(const Sweep& sweep) {
  BL_RETURN_IF_ERROR(check_run(sweep.run));
  for (const SweepPoint& point : sweep.points) {
    BL_RETURN_IF_ERROR(check_point(point, sweep.server_logs.size()));
  }
  for (const SweepEval& eval : sweep.evals) BL_RETURN_IF_ERROR(check_eval(eval));
  for (const RunStat& stat : sweep.stats) BL_RETURN_IF_ERROR(check_stat(stat));
  for (const Changelog& log : sweep.changelogs) BL_RETURN_IF_ERROR(check_changelog(log));
  for (const ServerLog& log : sweep.server_logs) {
    Check check(log.origin);
    check.origin();
    BL_RETURN_IF_ERROR(check.outcome());
  }
  for (const GpuMetricSummary& one : sweep.gpu_metrics) {
    BL_RETURN_IF_ERROR(check_gpu_metrics(one));
  }
  return {};
}

}  // namespace bl::inference
