#include "inference/api/encode_rows.h"

#include <algorithm>
#include <array>

#include "inference/api/frontier.h"
#include "inference/ingest_encode.h"

namespace bl::inference {
namespace {

using json::Writer;

constexpr auto k_calculator_metrics = std::to_array<std::string_view>(
    {"tput_per_gpu", "output_tput_per_gpu", "input_tput_per_gpu", "median_intvty", "median_e2el"});

// `mean_ttft`, `std_itl`, ...: histories go without them.
bool is_mean_or_deviation(std::string_view name) {
  if (!name.starts_with("mean_") && !name.starts_with("std_")) return false;
  const std::string_view of = name.substr(name.find('_') + 1);
  constexpr auto k_quantities =
      std::to_array<std::string_view>({"ttft", "tpot", "e2el", "intvty", "itl"});
  return std::find(k_quantities.begin(), k_quantities.end(), of) != k_quantities.end();
}

bool is_shown(std::string_view metric, PointShape shape) {
  switch (shape) {
    case PointShape::latest:
      return true;
    case PointShape::history:
      return !is_mean_or_deviation(metric);
    case PointShape::calculator:
      return std::find(k_calculator_metrics.begin(), k_calculator_metrics.end(), metric) !=
             k_calculator_metrics.end();
  }
  return true;
}

void write_metrics(Writer& out, const Metrics& metrics, PointShape shape) {
  out.key("metrics").begin_object();
  for (const auto& [name, value] : metrics) {
    if (is_shown(name, shape)) out.member(name, value);
  }
  out.end_object();
}

void write_config_members(Writer& out, const ServingConfig& c) {
  out.member("hardware", c.hardware)
      .member("framework", c.framework)
      .member("model", c.model)
      .member("precision", c.precision)
      .member("spec_method", c.spec_method)
      .member("disagg", c.disagg)
      .member("is_multinode", c.is_multinode)
      .member("prefill_tp", c.prefill_tp)
      .member("prefill_ep", c.prefill_ep)
      .member("prefill_dp_attention", c.prefill_dp_attention)
      .member("prefill_num_workers", c.prefill_num_workers)
      .member("decode_tp", c.decode_tp)
      .member("decode_ep", c.decode_ep)
      .member("decode_dp_attention", c.decode_dp_attention)
      .member("decode_num_workers", c.decode_num_workers)
      .member("num_prefill_gpu", c.num_prefill_gpu)
      .member("num_decode_gpu", c.num_decode_gpu);
}

void write_availability_members(Writer& out, const Availability& row) {
  out.member("model", row.model)
      .member("isl", row.isl)
      .member("osl", row.osl)
      .member("precision", row.precision)
      .member("hardware", row.hardware)
      .member("framework", row.framework)
      .member("spec_method", row.spec_method)
      .member("disagg", row.disagg)
      .member("benchmark_type", row.benchmark_type);
}

void write_run(Writer& out, const SweepRun& run) {
  out.begin_object()
      .member("github_run_id", std::to_string(run.github_run_id))
      .member("name", run.name)
      .member("conclusion", run.conclusion)
      .member("run_attempt", run.attempt)
      .member("html_url", run.html_url)
      .member("created_at", to_rfc3339_seconds(run.created_at))
      .member("date", run.date)
      .end_object();
}

void write_changelog(Writer& out, const StoredChangelog& log) {
  out.begin_object()
      .member("workflow_run_id", std::to_string(log.github_run_id))
      .member("date", log.date)
      .member("base_ref", log.base_ref)
      .member("head_ref", log.head_ref)
      .key("config_keys")
      .begin_array();
  for (const std::string& key : log.entry.config_keys) out.value(key);
  out.end_array()
      .member("description", log.entry.description)
      .member("pr_link", log.entry.pr_link)
      .end_object();
}

// An array of what `write` makes of each row.
template <class Rows, class Write>
void write_list(Writer& out, const Rows& rows, const Write& write) {
  out.begin_array();
  for (const auto& row : rows) write(out, row);
  out.end_array();
}

}  // namespace

void write_origin(Writer& out, const Origin& origin) {
  out.begin_object().member("artifact", origin.artifact).member("path", origin.path).end_object();
}

void write_point_members(Writer& out, const StoredPoint& point, PointShape shape) {
  const BenchmarkRow& row = point.row;
  out.member("id", std::to_string(point.id));
  write_config_members(out, row.config);
  out.member("benchmark_type", row.benchmark_type)
      .member("isl", row.isl)
      .member("osl", row.osl)
      .member("conc", row.conc)
      .member("offload_mode", row.offload_mode)
      .member("recipe_fingerprint", row.recipe_fingerprint)
      .member("kv_transfer_lib", row.kv_transfer_lib);
  if (shape == PointShape::latest) out.member("workers", row.workers).member("image", row.image);
  write_metrics(out, row.metrics, shape);
  out.member("date", point.date).member("run_url", run_url_of(point));
  if (shape != PointShape::history) {
    out.member("curve_date", point.curve_date)
        .member("curve_workflow_run_id", std::to_string(point.curve_run_id))
        .key("curve_run_started_at");
    if (point.curve_started_at) {
      out.value(to_rfc3339(*point.curve_started_at));
    } else {
      out.null();
    }
  }
  out.member("has_server_log", point.has_server_log).key("origin");
  write_origin(out, point.origin);
}

std::string encode_points(const std::vector<const StoredPoint*>& points, PointShape shape) {
  std::string text;
  Writer out(text);
  write_list(out, points, [shape](Writer& to, const StoredPoint* point) {
    to.begin_object();
    write_point_members(to, *point, shape);
    to.end_object();
  });
  return text;
}

std::string encode_availability(const std::vector<Availability>& rows) {
  std::string text;
  Writer out(text);
  write_list(out, rows, [](Writer& to, const Availability& row) {
    to.begin_object();
    write_availability_members(to, row);
    to.member("date", row.date).end_object();
  });
  return text;
}

std::string encode_workflow_info(const WorkflowInfo& info) {
  std::string text;
  Writer out(text);
  out.begin_object().key("runs");
  write_list(out, info.runs, write_run);
  out.key("changelogs");
  write_list(out, info.changelogs, write_changelog);
  out.key("configs");
  write_list(out, info.configs, [](Writer& to, const Availability& row) {
    to.begin_object();
    write_availability_members(to, row);
    to.end_object();
  });
  out.end_object();
  return text;
}

std::string encode_evaluations(const std::vector<StoredEval>& rows) {
  std::string text;
  Writer out(text);
  write_list(out, rows, [](Writer& to, const StoredEval& eval) {
    const ServingConfig& c = eval.row.config;
    to.begin_object()
        .member("id", std::to_string(eval.id))
        .member("config_id", eval.config_id)
        .member("hardware", c.hardware)
        .member("framework", c.framework)
        .member("model", c.model)
        .member("precision", c.precision)
        .member("spec_method", c.spec_method)
        .member("disagg", c.disagg)
        .member("decode_tp", c.decode_tp)
        .member("decode_ep", c.decode_ep)
        .member("decode_dp_attention", c.decode_dp_attention)
        .member("task", eval.row.task)
        .member("date", eval.date)
        .member("isl", eval.row.isl)
        .member("osl", eval.row.osl)
        .member("conc", eval.row.conc);
    write_metrics(to, eval.row.metrics, PointShape::latest);
    to.member("timestamp", to_rfc3339(eval.run_created_at))
        .member("run_url", eval.html_url)
        .key("origin");
    write_origin(to, eval.origin);
    to.end_object();
  });
  return text;
}

std::string encode_reliability(const std::vector<DatedRunStat>& rows) {
  std::string text;
  Writer out(text);
  write_list(out, rows, [](Writer& to, const DatedRunStat& row) {
    to.begin_object()
        .member("hardware", row.stat.hardware)
        .member("date", row.date)
        .member("n_success", row.stat.n_success)
        .member("total", row.stat.total)
        .end_object();
  });
  return text;
}

std::string encode_submissions(const Submissions& submissions) {
  std::string text;
  Writer out(text);
  out.begin_object().key("summary");
  write_list(out, submissions.summary, [](Writer& to, const SubmissionSummary& row) {
    const ServingConfig& c = row.config;
    to.begin_object()
        .member("model", c.model)
        .member("hardware", c.hardware)
        .member("framework", c.framework)
        .member("precision", c.precision)
        .member("spec_method", c.spec_method)
        .member("disagg", c.disagg)
        .member("is_multinode", c.is_multinode)
        .member("num_prefill_gpu", c.num_prefill_gpu)
        .member("num_decode_gpu", c.num_decode_gpu)
        .member("prefill_tp", c.prefill_tp)
        .member("prefill_ep", c.prefill_ep)
        .member("decode_tp", c.decode_tp)
        .member("decode_ep", c.decode_ep)
        .member("date", row.date)
        .member("total_datapoints", row.points)
        .member("distinct_sequences", row.distinct_sequences)
        .member("distinct_concurrencies", row.distinct_concurrencies)
        .member("max_concurrency", row.max_concurrency)
        .member("image", row.image)
        .end_object();
  });
  out.key("volume");
  write_list(out, submissions.volume, [](Writer& to, const SubmissionVolume& row) {
    to.begin_object()
        .member("date", row.date)
        .member("hardware", row.hardware)
        .member("datapoints", row.points)
        .end_object();
  });
  out.end_object();
  return text;
}

std::string encode_server_log(const StoredServerLog& log) {
  std::string text;
  Writer out(text);
  out.begin_object().member("id", log.point_id).member("serverLog", log.text).key("origin");
  write_origin(out, log.origin);
  out.end_object();
  return text;
}

std::string encode_reports(const std::vector<IngestReport>& reports) {
  std::string text;
  Writer out(text);
  out.begin_object().key("reports");
  write_list(out, reports, write_report);
  out.end_object();
  return text;
}

}  // namespace bl::inference
