#include "inference/mcp/tools.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "inference/api/choices.h"
#include "inference/api/encode_charts.h"
#include "net/query_fields.h"

namespace bl::inference {
namespace {

using json::Value;
using json::Writer;
using net::QueryFields;
using net::Request;
using enum ToolArgument::Type;

constexpr ToolArgument k_model = {"model", text, "display name, as list_models gives it", true};
constexpr ToolArgument k_sequence = {
    "sequence", text, "`8k/1k`, `1k/1k`, lengths in tokens as `8192/1024`, or `agentic`", true};
constexpr ToolArgument k_precisions = {"precisions", texts, "`fp4`, `fp8`, ...; all when absent"};
constexpr ToolArgument k_hw = {"hw", texts, "hardware keys such as `h200_sglang`; all when absent"};
constexpr ToolArgument k_metric = {
    "metric", text,
    "`y_tpPerGpu` (default), `y_outputTputPerGpu`, `y_tpPerMw`, `y_costh`, `y_costr`, `y_jTotal`, "
    "..."};
constexpr ToolArgument k_date = {"date", text, "as of the end of this day, YYYY-MM-DD"};

void write_texts(Writer& out, std::string_view name, const std::set<std::string>& texts_of) {
  out.key(name).begin_array();
  for (const std::string& one : texts_of) out.value(one);
  out.end_array();
}

std::string sequence_name(const ReadPorts& ports, const Availability& row) {
  if (!row.isl || !row.osl) return std::string(k_agentic);
  for (const SequenceLabel& known : ports.labels.sequences()) {
    if (known.isl == *row.isl && known.osl == *row.osl) return known.name;
  }
  return std::to_string(*row.isl) + "/" + std::to_string(*row.osl);
}

// What there is of a model.
struct ModelFacts {
  std::set<std::string> hardware, frameworks, precisions, sequences;
  std::string first_date, last_date;

  void add(const Availability& row, const ReadPorts& ports) {
    hardware.insert(row.hardware);
    frameworks.insert(row.framework);
    precisions.insert(row.precision);
    sequences.insert(sequence_name(ports, row));
    if (first_date.empty() || row.date < first_date) first_date = row.date;
    last_date = std::max(last_date, row.date);
  }
  void write(Writer& out) const {
    write_texts(out, "hardware", hardware);
    write_texts(out, "frameworks", frameworks);
    write_texts(out, "precisions", precisions);
    write_texts(out, "sequences", sequences);
    out.member("first_date", first_date).member("last_date", last_date);
  }
};

Result<std::string> get_overview(const Question& question, const Request& arguments) {
  BL_RETURN_IF_ERROR(QueryFields(arguments).finish());
  const ReadPorts& ports = question.ports();
  BL_TRY(const auto available, ports.sweeps.availability());
  ModelFacts all;
  std::map<std::string, ModelFacts> models;
  for (const Availability& row : available) {
    all.add(row, ports);
    models[model_display(ports.registry, row.model)].add(row, ports);
  }
  std::string document;
  Writer out(document);
  out.begin_object().member(
      "data", std::string_view("measured points of serving benchmarks of large language "
                               "models on many accelerators; throughputs in tokens/s/GPU, "
                               "times in seconds, interactivity in tokens/s/user"));
  all.write(out);
  out.key("models").begin_array();
  for (const auto& [display, facts] : models) {
    out.begin_object().member("model", display);
    facts.write(out);
    out.end_object();
  }
  out.end_array().end_object();
  return document;
}

Result<std::string> list_hardware(const Question& question, const Request& arguments) {
  BL_RETURN_IF_ERROR(QueryFields(arguments).finish());
  BL_TRY(const Value registry, json::parse(registry_json(question.ports())));
  return json::to_text(Value::object({{"hardware", *registry.find("hardware")}}));
}

Result<std::string> list_models(const Question& question, const Request& arguments) {
  BL_RETURN_IF_ERROR(QueryFields(arguments).finish());
  BL_TRY(const Value registry, json::parse(registry_json(question.ports())));
  return json::to_text(Value::object({{"models", *registry.find("models")}}));
}

Result<std::string> list_configs(const Question& question, const Request& arguments) {
  QueryFields fields(arguments);
  const auto hardware = fields.text("hardware"), model = fields.text("model");
  BL_RETURN_IF_ERROR(fields.finish());
  const ReadPorts& ports = question.ports();
  BL_TRY(const auto available, ports.sweeps.availability());
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, bool>;
  std::map<Key, ModelFacts> configs;
  for (const Availability& row : available) {
    const std::string display = model_display(ports.registry, row.model);
    if (hardware && row.hardware != *hardware) continue;
    if (model && display != *model && row.model != *model) continue;
    configs[{display, row.hardware, row.framework, row.precision, row.spec_method, row.disagg}].add(
        row, ports);
  }
  std::string document;
  Writer out(document);
  out.begin_object().key("configs").begin_array();
  for (const auto& [key, facts] : configs) {
    const auto& [display, gpu, framework, precision, spec_method, disagg] = key;
    out.begin_object()
        .member("model", display)
        .member("hardware", gpu)
        .member("framework", framework)
        .member("precision", precision)
        .member("spec_method", spec_method)
        .member("disagg", disagg);
    write_texts(out, "sequences", facts.sequences);
    out.member("first_date", facts.first_date).member("last_date", facts.last_date).end_object();
  }
  out.end_array().end_object();
  return document;
}

// The members of an object that an assistant reads.
Value only(const Value& object, std::initializer_list<std::string_view> names) {
  json::Object kept;
  for (const std::string_view name : names) {
    if (const Value* member = object.find(name)) kept.emplace_back(name, *member);
  }
  return Value::object(std::move(kept));
}

// A chart without what only a page draws: curves, colours, every measured value of each point.
Result<std::string> get_frontier(const Question& question, const Request& arguments) {
  Request optimal = arguments;
  if (!optimal.query_value("optimal")) optimal.query.emplace_back("optimal", "true");
  BL_TRY(const Asked asked, frontier_asked(optimal, question.ports()));
  BL_TRY(const std::string text_of_chart, asked.make(question));
  BL_TRY(Value chart, json::parse(text_of_chart));
  json::Array lines;
  for (const Value& line : chart.find("lines")->items()) {
    Value kept = only(line, {"line", "hw_label", "precision", "as_of", "newest_date"});
    json::Array points;
    for (const Value& point : line.find("points")->items()) {
      points.push_back(
          only(point, {"x", "y", "on_front", "label", "conc", "framework", "spec_method", "disagg",
                       "image", "date", "run_url", "id", "origin"}));
    }
    kept.set("points", Value::array(std::move(points)));
    lines.push_back(std::move(kept));
  }
  chart.set("lines", Value::array(std::move(lines)));
  return json::to_text(chart);
}

Result<std::string> get_calculator(const Question& question, const Request& arguments) {
  BL_TRY(const Asked asked, calculator_asked(arguments, question.ports()));
  return asked.make(question);
}

Result<std::string> get_trend(const Question& question, const Request& arguments) {
  BL_TRY(const Asked asked, trend_asked(arguments, question.ports()));
  return asked.make(question);
}

Result<std::string> get_skipped(const Question& question, const Request& arguments) {
  BL_TRY(const Asked asked, skipped_asked(arguments, question.ports()));
  return asked.make(question);
}

std::vector<ToolArgument> latest_arguments() {
  return {{"model", text, "display name or key in the store"},
          {"hardware", text, "`h200`, `mi355x`, ..."},
          {"framework", text, "`sglang`, `vllm`, `trt`, ..."},
          {"precision", text, "`fp4`, `fp8`, ..."},
          {"spec_method", text, "`none`, `mtp`, ..."},
          {"disagg", boolean, "prefill and decode on GPUs of their own"},
          {"isl", integer, "length of the input in tokens"},
          {"osl", integer, "length of the output in tokens"},
          {"conc", integer, "concurrent requests"},
          {"num_gpu", integer, "GPUs of the deployment"},
          {"sort_by", text,
           "median_ttft, p99_ttft, median_tpot, p99_tpot, tput_per_gpu (default), "
           "output_tput_per_gpu, median_itl, median_e2el"},
          {"order", text, "`asc` or `desc`; by default the best first"},
          {"metrics", texts, "names of metrics, or `all`; by default those of sort_by"},
          {"limit", integer, "rows, 1 to 5000; 200 by default"},
          k_date};
}

}  // namespace

const std::vector<Tool>& tools() {
  static const std::vector<Tool> k_tools = {
      {"get_overview",
       "What there is: models, hardware, frameworks, precisions, sequences, days.",
       {},
       get_overview},
      {"list_hardware",
       "Accelerators with power (kW per GPU, as provisioned) and price (dollars per GPU and hour: "
       "costh owned by a hyperscaler, costn by a neocloud, costr rented).",
       {},
       list_hardware},
      {"list_models", "Models by display name, with their keys in the store.", {}, list_models},
      {"list_configs",
       "What was measured: model, hardware, framework, precision, speculation, sequences, days.",
       {{"hardware", text, "only this accelerator, `h200`"},
        {"model", text, "only this model: display name or key"}},
       list_configs},
      {"get_latest_benchmarks",
       "The newest measured points, filtered, sorted, with the metrics that are asked for. What is "
       "filtered by is not repeated in the rows.",
       latest_arguments(), latest_benchmarks},
      {"get_frontier",
       "Of each hardware and precision the best trades between a metric and interactivity (or "
       "end-to-end latency): the Pareto front, with run and artifact of each point.",
       {k_model,
        k_sequence,
        k_metric,
        k_precisions,
        k_hw,
        {"chart", text, "`interactivity` (default) or `e2e`"},
        {"percentile", text, "of the horizontal axis: `median` (default), `p90`, `p99`, ..."},
        k_date,
        {"compare_date", text, "a second day beside it"},
        {"optimal", boolean, "false: points below the front too"}},
       get_frontier},
      {"get_calculator",
       "What each hardware gives and costs at a target, best first: tokens/s/GPU, dollars per "
       "million tokens, tokens/s/MW, read between measured points, which are named.",
       {k_model,
        k_sequence,
        {"target", number, "35 by default"},
        {"kind", text,
         "what the target is: `interactivity` (tokens/s/user, default) or "
         "`throughput` (tokens/s/GPU)"},
        {"provider", text, "whose prices: `costh` (default), `costn`, `costr`"},
        {"tokens", text, "`total` (default), `input`, `output`"},
        {"bar", text, "order by `throughput` (default), `power` or `cost`"},
        k_precisions,
        k_hw,
        k_date},
       get_calculator},
      {"get_trend",
       "A metric at a target interactivity, day by day, for each hardware and precision.",
       {k_model,
        k_sequence,
        k_metric,
        {"interactivity", number, "tokens/s/user, 35 by default"},
        k_precisions,
        k_hw},
       get_trend},
      {"get_history",
       "Measured points of a model and sequence, newest day first.",
       {k_model,
        k_sequence,
        k_precisions,
        k_hw,
        {"metrics", texts, "names of metrics, or `all`"},
        {"limit", integer, "rows, 1 to 5000; 200 by default"}},
       benchmark_history},
      {"get_skipped",
       "What ingests left out and why: unknown models and hardware, malformed rows, failed runs.",
       {{"limit", integer, "reports, 1 to 1000; 50 by default"}},
       get_skipped}};
  return k_tools;
}

Result<Request> request_of(const Value* arguments) {
  Request request;
  request.path = "/mcp";
  if (!arguments || arguments->is_null()) return request;
  if (!arguments->is_object()) return Error{Code::invalid, "arguments must be an object"};
  const auto text_of = [](const Value& value) -> std::optional<std::string> {
    if (value.is_string()) return value.as_string();
    if (value.is_number()) return value.number_text();
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    return std::nullopt;
  };
  for (const auto& [name, value] : arguments->members()) {
    std::string joined;
    if (value.is_array()) {
      for (const Value& item : value.items()) {
        const auto one = text_of(item);
        if (!one) return Error{Code::invalid, "no list of texts: " + name};
        joined += (joined.empty() ? "" : ",") + *one;
      }
    } else if (!value.is_null()) {
      const auto one = text_of(value);
      if (!one) return Error{Code::invalid, "no text, number or boolean: " + name};
      joined = *one;
    }
    request.query.emplace_back(name, std::move(joined));
  }
  return request;
}

}  // namespace bl::inference
