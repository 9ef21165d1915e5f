#include <algorithm>

#include "base/json.h"
#include "inference/api/choices.h"
#include "inference/api/encode_charts.h"

namespace bl::inference {
namespace {

using json::Writer;

struct ShownModel {
  std::string display;
  std::vector<std::string> keys;
  std::optional<std::string> released;
};

// Models by display name, in the order of the labels, then of the registry.
std::vector<ShownModel> shown_models(const ReadPorts& ports) {
  std::vector<ShownModel> models;
  for (const Model& model : ports.registry.models()) {
    auto found = std::find_if(models.begin(), models.end(),
                              [&](const ShownModel& m) { return m.display == model.display; });
    if (found == models.end()) found = models.insert(found, {model.display, {}, model.released});
    found->keys.push_back(model.key);
  }
  const auto place = [&](const ShownModel& model) {
    const auto& labels = ports.labels.models();
    return std::find_if(labels.begin(), labels.end(),
                        [&](const ModelLabel& one) { return one.display == model.display; }) -
           labels.begin();
  };
  std::stable_sort(models.begin(), models.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return models;
}

void write_models(Writer& out, const ReadPorts& ports) {
  out.key("models").begin_array();
  for (const ShownModel& model : shown_models(ports)) {
    const ModelLabel* label = ports.labels.model(model.display);
    out.begin_object()
        .member("display", model.display)
        .member("label", label ? label->label : model.display)
        .member("category", name_of(label ? label->category : Category::standard))
        .key("keys")
        .begin_array();
    for (const std::string& key : model.keys) out.value(key);
    out.end_array().member("released", model.released).end_object();
  }
  out.end_array();
}

void write_hardware(Writer& out, const ReadPorts& ports) {
  std::vector<const Hardware*> sorted;
  for (const Hardware& hardware : ports.registry.hardware()) sorted.push_back(&hardware);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Hardware* a, const Hardware* b) { return a->sort < b->sort; });
  out.key("hardware").begin_array();
  for (const Hardware* hardware : sorted) {
    out.begin_object()
        .member("key", hardware->key)
        .member("label", hardware->label)
        .member("vendor", hardware->vendor)
        .member("architecture", hardware->architecture)
        .member("tdp_w", hardware->tdp_w)
        .member("power_kw", hardware->power_kw)
        .member("costh", hardware->cost_hyperscaler)
        .member("costn", hardware->cost_neocloud)
        .member("costr", hardware->cost_rental)
        .end_object();
  }
  out.end_array();
}

void write_named(Writer& out, std::string_view key, std::string_view label) {
  out.begin_object().member("key", key).member("label", label).end_object();
}

void write_sequence(Writer& out, const SequenceLabel& sequence) {
  out.begin_object()
      .member("name", sequence.name)
      .member("label", sequence.label)
      .member("category", name_of(sequence.category))
      .member("isl", sequence.isl)
      .member("osl", sequence.osl)
      .end_object();
}

void write_sequences(Writer& out, const ReadPorts& ports) {
  out.key("sequences").begin_array();
  for (const SequenceLabel& sequence : ports.labels.sequences()) write_sequence(out, sequence);
  out.begin_object()
      .member("name", k_agentic)
      .member("label", "Agentic")
      .member("category", name_of(Category::standard))
      .key("isl")
      .null()
      .key("osl")
      .null()
      .end_object()
      .end_array();
}

void write_charts(Writer& out) {
  out.key("metrics").begin_array();
  for (const ChartMetric& metric : chart_metrics()) {
    if (metric.group != MetricGroup::user) write_metric(out, metric);
  }
  out.end_array().key("charts").begin_array();
  for (const ChartKind kind : {ChartKind::interactivity, ChartKind::end_to_end}) {
    out.begin_object()
        .member("chart", name_of(kind))
        .member("x", chart_definition(kind).x)
        .member("x_label", chart_definition(kind).x_label)
        .end_object();
  }
  out.end_array().key("percentiles").begin_array();
  for (const std::string_view percentile : k_percentile_names) out.value(percentile);
  out.end_array();
}

}  // namespace

void write_metric(Writer& out, const ChartMetric& metric) {
  out.begin_object()
      .member("key", "y_" + std::string(name_of(metric.metric)))
      .member("label", metric.label)
      .member("title", metric.title)
      .member("group", label_of(metric.group))
      .member("less_is_better", metric.less_is_better)
      .member("is_input", metric.is_input)
      .end_object();
}

std::string registry_json(const ReadPorts& ports) {
  std::string text;
  Writer out(text);
  out.begin_object();
  write_models(out, ports);
  write_hardware(out, ports);
  out.key("frameworks").begin_array();
  for (const Framework& framework : ports.registry.frameworks())
    write_named(out, framework.key, ports.labels.framework(framework.key));
  out.end_array().key("precisions").begin_array();
  for (const std::string& precision : ports.registry.precisions())
    write_named(out, precision, ports.labels.precision(precision));
  out.end_array();
  write_sequences(out, ports);
  write_charts(out);
  out.key("providers").begin_array();
  for (const Provider provider : k_providers)
    write_named(out, k_provider_names[static_cast<std::size_t>(provider)], label_of(provider));
  out.end_array().end_object();
  return text;
}

}  // namespace bl::inference
