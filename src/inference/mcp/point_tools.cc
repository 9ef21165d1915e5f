#include <algorithm>
#include <array>
#include <cmath>

#include "inference/api/choices.h"
#include "inference/api/encode_rows.h"
#include "inference/api/frontier.h"
#include "inference/mcp/tools.h"
#include "net/query_fields.h"

// Tools that list points (spec/inference.md 4, "MCP server"): short rows, since an assistant reads
// them all.
namespace bl::inference {
namespace {

using json::Writer;
using net::QueryFields;
using net::Request;

constexpr std::int64_t k_rows_default = 200;
constexpr std::int64_t k_rows_max = 5000;
constexpr auto k_metrics = std::to_array<std::string_view>(
    {"median_ttft", "p99_ttft", "median_tpot", "p99_tpot", "tput_per_gpu", "output_tput_per_gpu",
     "median_itl", "median_e2el"});
constexpr std::string_view k_all = "all";

bool more_is_better(std::string_view metric) {
  return metric.ends_with("tput_per_gpu");
}

// Four decimals are enough to read.
double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

// GPUs of a deployment: both roles where they are apart.
std::int64_t gpus_of(const ServingConfig& c) {
  return c.disagg ? c.num_prefill_gpu + c.num_decode_gpu : c.num_decode_gpu;
}

struct Filters {
  std::optional<std::string> model, hardware, framework, precision, spec_method;
  std::optional<bool> disagg;
  std::optional<std::int64_t> isl, osl, conc, num_gpu;

  static Filters read(QueryFields& fields, const Request& request) {
    constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
    Filters filters;
    filters.model = fields.text("model");
    filters.hardware = fields.text("hardware");
    filters.framework = fields.text("framework");
    filters.precision = fields.text("precision");
    filters.spec_method = fields.text("spec_method");
    const bool disagg = fields.flag("disagg");
    if (request.query_value("disagg")) filters.disagg = disagg;
    filters.isl = fields.integer("isl", 1, k_most);
    filters.osl = fields.integer("osl", 1, k_most);
    filters.conc = fields.integer("conc", 1, k_most);
    filters.num_gpu = fields.integer("num_gpu", 1, k_most);
    return filters;
  }

  bool take(const BenchmarkRow& row) const {
    const ServingConfig& c = row.config;
    const auto fits = [](const auto& wanted, const auto& value) {
      return !wanted || *wanted == value;
    };
    return fits(hardware, c.hardware) && fits(framework, c.framework) &&
           fits(precision, c.precision) && fits(spec_method, c.spec_method) &&
           fits(disagg, c.disagg) && (!isl || row.isl == isl) && (!osl || row.osl == osl) &&
           fits(conc, row.conc) && fits(num_gpu, gpus_of(c));
  }

  void write(Writer& out) const {
    out.key("filters").begin_object();
    const auto member = [&](std::string_view name, const auto& value) {
      if (value) out.member(name, *value);
    };
    member("model", model);
    member("hardware", hardware);
    member("framework", framework);
    member("precision", precision);
    member("spec_method", spec_method);
    member("disagg", disagg);
    member("isl", isl);
    member("osl", osl);
    member("conc", conc);
    member("num_gpu", num_gpu);
    out.end_object();
  }
};

struct Columns {
  std::vector<std::string> metrics;
  bool all = false;

  static Columns read(QueryFields& fields) {
    Columns columns;
    columns.metrics = split_list(fields.text("metrics").value_or(""));
    columns.all = columns.metrics == std::vector<std::string>{std::string(k_all)};
    if (columns.metrics.empty()) columns.metrics.assign(k_metrics.begin(), k_metrics.end());
    return columns;
  }
  void write(Writer& out, const Metrics& measured) const {
    if (all) {
      for (const auto& [name, value] : measured) out.member(name, rounded(value));
      return;
    }
    for (const std::string& name : metrics) {
      if (const double* value = find_metric(measured, name)) out.member(name, rounded(*value));
    }
  }
};

void write_row(Writer& out, const StoredPoint& point, const Filters& filters,
               const Columns& columns, const ReadPorts& ports) {
  const BenchmarkRow& row = point.row;
  const ServingConfig& c = row.config;
  out.begin_object().member("id", std::to_string(point.id));
  const auto unless = [&](const auto& filter, std::string_view name, const auto& value) {
    if (!filter) out.member(name, value);
  };
  unless(filters.model, "model", model_display(ports.registry, c.model));
  unless(filters.hardware, "hardware", c.hardware);
  unless(filters.framework, "framework", c.framework);
  unless(filters.precision, "precision", c.precision);
  unless(filters.spec_method, "spec_method", c.spec_method);
  unless(filters.disagg, "disagg", c.disagg);
  unless(filters.isl, "isl", row.isl);
  unless(filters.osl, "osl", row.osl);
  unless(filters.conc, "conc", row.conc);
  unless(filters.num_gpu, "num_gpu", gpus_of(c));
  const auto labelled = known_point(point, "tput_per_gpu", ports);
  if (labelled) out.member("parallelism", front_label(labelled->entry));
  out.member("date", point.date).member("run_url", run_url_of(point));
  columns.write(out, row.metrics);
  out.key("origin");
  write_origin(out, point.origin);
  out.end_object();
}

struct RowList {
  std::vector<const StoredPoint*> rows;
  std::int64_t limit = k_rows_default;
};

std::string rows_text(const RowList& list, const Filters& filters, const Columns& columns,
                      const ReadPorts& ports) {
  const auto count = std::min(list.rows.size(), static_cast<std::size_t>(list.limit));
  const bool truncated = count < list.rows.size();
  std::string document;
  Writer out(document);
  out.begin_object();
  filters.write(out);
  out.key("rows").begin_array();
  for (std::size_t i = 0; i < count; ++i) write_row(out, *list.rows[i], filters, columns, ports);
  out.end_array()
      .member("count", static_cast<std::uint64_t>(count))
      .member("total", static_cast<std::uint64_t>(list.rows.size()))
      .member("truncated", truncated);
  if (truncated) out.member("hint", "filter more, or ask for a greater limit (at most 5000)");
  if (list.rows.empty()) out.member("hint", "nothing fits: list_configs says what was measured");
  out.end_object();
  return document;
}

// The keys of a model in the store, by display name or key; of all models without one.
std::vector<std::vector<std::string>> models_of(QueryFields& fields, const ReadPorts& ports,
                                                const std::optional<std::string>& model) {
  std::vector<std::vector<std::string>> models;
  if (model) {
    std::vector<std::string> keys = model_keys(ports.registry, *model);
    const std::string* key = ports.registry.model_of_prefix(*model);
    if (keys.empty() && key) keys = {*key};
    if (keys.empty()) fields.fault("model", "no model that the registry knows", *model);
    models.push_back(std::move(keys));
    return models;
  }
  std::vector<std::string> shown;
  for (const Model& one : ports.registry.models()) {
    if (std::find(shown.begin(), shown.end(), one.display) != shown.end()) continue;
    shown.push_back(one.display);
    models.push_back(model_keys(ports.registry, one.display));
  }
  return models;
}

// By a metric; rows without it come last.
void sort_by_metric(std::vector<const StoredPoint*>& rows, std::string_view metric,
                    bool descending) {
  std::stable_sort(rows.begin(), rows.end(), [&](const StoredPoint* a, const StoredPoint* b) {
    const double* left = find_metric(a->row.metrics, metric);
    const double* right = find_metric(b->row.metrics, metric);
    if (!left || !right) return left != nullptr && right == nullptr;
    return descending ? *left > *right : *left < *right;
  });
}

}  // namespace

Result<std::string> latest_benchmarks(const Question& question, const Request& arguments) {
  const ReadPorts& ports = question.ports();
  QueryFields fields(arguments);
  const Filters filters = Filters::read(fields, arguments);
  const Columns columns = Columns::read(fields);
  const auto models = models_of(fields, ports, filters.model);
  const std::string sort = fields.text("sort_by").value_or("tput_per_gpu");
  if (std::find(k_metrics.begin(), k_metrics.end(), sort) == k_metrics.end())
    fields.fault("sort_by", "none of the metrics that rows can be sorted by", sort);
  const auto order = fields.choice("order", {"asc", "desc"});
  const auto date = fields.text("date");
  if (date && !is_date(*date)) fields.fault("date", "not a day as YYYY-MM-DD", *date);
  RowList list;
  list.limit = fields.integer("limit", 1, k_rows_max).value_or(k_rows_default);
  BL_RETURN_IF_ERROR(fields.finish());
  std::vector<std::shared_ptr<const Points>> states;
  for (const std::vector<std::string>& keys : models) {
    BL_TRY(auto state, question.state(keys, {.date = date}, LineRule::snapshot));
    for (const StoredPoint& point : *state) {
      if (filters.take(point.row)) list.rows.push_back(&point);
    }
    states.push_back(std::move(state));
  }
  sort_by_metric(list.rows, sort, order ? *order == 1 : more_is_better(sort));
  return rows_text(list, filters, columns, ports);
}

Result<std::string> benchmark_history(const Question& question, const Request& arguments) {
  const ReadPorts& ports = question.ports();
  QueryFields fields(arguments);
  LineChoice lines;
  lines.model = fields.required_text("model");
  lines.model_keys = model_keys(ports.registry, lines.model);
  if (lines.model_keys.empty())
    fields.fault("model", "no model that the registry knows", lines.model);
  const std::string name = fields.required_text("sequence");
  const auto sequence = sequence_named(ports.labels, name);
  if (!sequence) fields.fault("sequence", "no sequence, not `ISL/OSL`, not `agentic`", name);
  lines.precisions = split_list(fields.text("precisions").value_or(""));
  lines.hw_keys = split_list(fields.text("hw").value_or(""));
  const Columns columns = Columns::read(fields);
  RowList list;
  list.limit = fields.integer("limit", 1, k_rows_max).value_or(k_rows_default);
  BL_RETURN_IF_ERROR(fields.finish());
  lines.sequence = *sequence;
  BL_TRY(const Points points, ports.sweeps.history(lines.model_keys, sequence->isl, sequence->osl));
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (lines.covers(point->row, ports.labels)) list.rows.push_back(&*point);
  }
  Filters filters;
  filters.model = lines.model;
  filters.isl = sequence->isl;
  filters.osl = sequence->osl;
  return rows_text(list, filters, columns, ports);
}

}  // namespace bl::inference
