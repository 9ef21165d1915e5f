#include "conformance/chart_json.h"

namespace bl::inference::conformance {
namespace {

const json::Value k_null;

json::Value integer(std::int64_t value) {
  return json::Value::number(value);
}

template <class T>
void set_if(json::Value& object, const char* name, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, bool>) {
    object.set(name, json::Value::boolean(*value));
  } else {
    object.set(name, integer(*value));
  }
}

Parallelism role_of(const json::Value& row, const std::string& role) {
  return {.tp = optional_integer_in(row, role + "tp"),
          .ep = optional_integer_in(row, role + "ep"),
          .dp_attention = optional_flag_in(row, role + "dp_attention"),
          .workers = optional_integer_in(row, role + "num_workers")};
}

}  // namespace

const Registry& registry() {
  return Registry::built_in(Edition::april_2026);
}
const ChartLabels& labels() {
  return ChartLabels::built_in();
}

const json::Value& member(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found && !is_undefined(*found) ? *found : k_null;
}
std::string text_of(const json::Value& value) {
  return value.is_string() ? value.as_string() : std::string();
}
std::string text_in(const json::Value& object, std::string_view name) {
  return text_of(member(object, name));
}
std::optional<double> optional_number_in(const json::Value& object, std::string_view name) {
  return double_of(member(object, name));
}
double number_in(const json::Value& object, std::string_view name) {
  return optional_number_in(object, name).value_or(0);
}
std::optional<std::int64_t> optional_integer_in(const json::Value& object, std::string_view name) {
  const json::Value& value = member(object, name);
  if (!value.is_number()) return std::nullopt;
  return static_cast<std::int64_t>(value.as_double());
}
std::optional<bool> optional_flag_in(const json::Value& object, std::string_view name) {
  const json::Value& value = member(object, name);
  if (value.is_null()) return std::nullopt;
  return value.is_bool() ? value.as_bool() : text_of(value) == "true";
}
bool flag_in(const json::Value& object, std::string_view name) {
  return optional_flag_in(object, name).value_or(false);
}
std::vector<std::string> texts_of(const json::Value& list) {
  if (const json::Value* set = list.find("__set__")) return texts_of(*set);
  std::vector<std::string> all;
  if (!list.is_array()) return all;
  for (const json::Value& item : list.items()) all.push_back(text_of(item));
  return all;
}
std::vector<std::string> texts_in(const json::Value& object, std::string_view name) {
  return texts_of(member(object, name));
}
std::vector<double> numbers_in(const json::Value& object, std::string_view name) {
  std::vector<double> all;
  for (const json::Value& item : member(object, name).items())
    all.push_back(double_of(item).value_or(0));
  return all;
}

json::Value text(std::string_view value) {
  return json::Value::string(std::string(value));
}
json::Value texts(const std::vector<std::string>& values) {
  json::Value list = json::Value::array();
  for (const std::string& value : values) list.items().push_back(text(value));
  return list;
}
json::Value object_of(std::initializer_list<json::Member> members) {
  return json::Value::object(json::Object(members));
}
json::Value selected(const json::Array& items, const std::vector<std::size_t>& positions) {
  json::Value list = json::Value::array();
  for (const std::size_t i : positions) list.items().push_back(items[i]);
  return list;
}

json::Value metric_of(double y) {
  return object_of({{"y", number_of(y)}, {"roof", json::Value::boolean(false)}});
}
void set_derived(json::Value& point, const DerivedMetrics& derived) {
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    if (derived[metric]) point.set(std::string(name_of(metric)), metric_of(*derived[metric]));
  }
}

DatedRow row_of(const json::Value& row) {
  DatedRow dated;
  BenchmarkRow& r = dated.row;
  r.config = config_of(row);
  r.isl = optional_integer_in(row, "isl");
  r.osl = optional_integer_in(row, "osl");
  r.conc = optional_integer_in(row, "conc").value_or(0);
  if (member(row, "image").is_string()) r.image = text_in(row, "image");
  r.metrics = metrics_of(member(row, "metrics"));
  dated.date = text_in(row, "date");
  if (member(row, "actualDate").is_string()) dated.actual_date = text_in(row, "actualDate");
  if (member(row, "run_url").is_string()) dated.run_url = text_in(row, "run_url");
  return dated;
}

json::Value row_json(const DatedRow& dated) {
  const BenchmarkRow& row = dated.row;
  const ServingConfig& c = row.config;
  const auto flag = [](bool value) { return json::Value::boolean(value); };
  const auto maybe_integer = [](const std::optional<std::int64_t>& value) {
    return value ? integer(*value) : json::Value();
  };
  const auto maybe_text = [](const std::optional<std::string>& value) {
    return value ? text(*value) : json::Value();
  };
  json::Value metrics = json::Value::object();
  for (const auto& [name, value] : row.metrics) metrics.set(name, number_of(value));
  return object_of({{"hardware", text(c.hardware)},
                    {"framework", text(c.framework)},
                    {"model", text(c.model)},
                    {"precision", text(c.precision)},
                    {"spec_method", text(c.spec_method)},
                    {"disagg", flag(c.disagg)},
                    {"is_multinode", flag(c.is_multinode)},
                    {"prefill_tp", integer(c.prefill_tp)},
                    {"prefill_ep", integer(c.prefill_ep)},
                    {"prefill_dp_attention", flag(c.prefill_dp_attention)},
                    {"prefill_num_workers", integer(c.prefill_num_workers)},
                    {"decode_tp", integer(c.decode_tp)},
                    {"decode_ep", integer(c.decode_ep)},
                    {"decode_dp_attention", flag(c.decode_dp_attention)},
                    {"decode_num_workers", integer(c.decode_num_workers)},
                    {"num_prefill_gpu", integer(c.num_prefill_gpu)},
                    {"num_decode_gpu", integer(c.num_decode_gpu)},
                    {"isl", maybe_integer(row.isl)},
                    {"osl", maybe_integer(row.osl)},
                    {"conc", integer(row.conc)},
                    {"image", maybe_text(row.image)},
                    {"metrics", std::move(metrics)},
                    {"date", text(dated.date)},
                    {"run_url", maybe_text(dated.run_url)}});
}

ServingConfig config_of(const json::Value& row) {
  const auto count = [&](const char* name) { return optional_integer_in(row, name).value_or(0); };
  return {.hardware = text_in(row, "hardware"),
          .framework = text_in(row, "framework"),
          .model = text_in(row, "model"),
          .precision = text_in(row, "precision"),
          .spec_method = text_in(row, "spec_method"),
          .disagg = flag_in(row, "disagg"),
          .is_multinode = flag_in(row, "is_multinode"),
          .prefill_tp = count("prefill_tp"),
          .prefill_ep = count("prefill_ep"),
          .prefill_dp_attention = flag_in(row, "prefill_dp_attention"),
          .prefill_num_workers = count("prefill_num_workers"),
          .decode_tp = count("decode_tp"),
          .decode_ep = count("decode_ep"),
          .decode_dp_attention = flag_in(row, "decode_dp_attention"),
          .decode_num_workers = count("decode_num_workers"),
          .num_prefill_gpu = count("num_prefill_gpu"),
          .num_decode_gpu = count("num_decode_gpu")};
}

Metrics metrics_of(const json::Value& object) {
  Metrics metrics;
  if (!object.is_object()) return metrics;
  for (const auto& [name, value] : object.members()) {
    if (const auto number = double_of(value)) metrics.emplace_back(name, *number);
  }
  return metrics;
}

ChartEntry entry_of(const json::Value& entry) {
  ChartEntry e;
  e.hw = text_in(entry, "hw");
  e.hw_key = text_in(entry, "hwKey");
  e.framework = text_in(entry, "framework");
  e.model = text_in(entry, "model");
  e.precision = text_in(entry, "precision");
  e.spec_decoding = text_in(entry, "spec_decoding");
  e.mtp = text_in(entry, "mtp") == "on";
  e.conc = optional_integer_in(entry, "conc").value_or(0);
  e.disagg = flag_in(entry, "disagg");
  e.is_multinode = optional_flag_in(entry, "is_multinode");
  e.all = role_of(entry, "");
  e.prefill = role_of(entry, "prefill_");
  e.decode = role_of(entry, "decode_");
  e.num_prefill_gpu = optional_integer_in(entry, "num_prefill_gpu");
  e.num_decode_gpu = optional_integer_in(entry, "num_decode_gpu");
  for (const std::string_view name : standard_values()) {
    if (const auto value = optional_number_in(entry, name)) e.values.emplace_back(name, *value);
  }
  e.date = text_in(entry, "date");
  e.actual_date = text_in(entry, "actualDate");
  return e;
}

json::Value entry_json(const ChartEntry& e) {
  json::Value entry = object_of({{"hw", text(e.hw)},
                                 {"framework", text(e.framework)},
                                 {"model", text(e.model)},
                                 {"precision", text(e.precision)},
                                 {"hwKey", text(e.hw_key)},
                                 {"conc", integer(e.conc)},
                                 {"disagg", json::Value::boolean(e.disagg)},
                                 {"spec_decoding", text(e.spec_decoding)},
                                 {"date", text(e.date)},
                                 {"actualDate", text(e.actual_date)}});
  for (const auto& [name, value] : e.values) entry.set(name, number_of(value));
  set_if(entry, "tp", e.all.tp);
  set_if(entry, "ep", e.all.ep);
  set_if(entry, "dp_attention", e.all.dp_attention);
  set_if(entry, "is_multinode", e.is_multinode);
  set_if(entry, "num_prefill_gpu", e.num_prefill_gpu);
  set_if(entry, "num_decode_gpu", e.num_decode_gpu);
  set_if(entry, "prefill_tp", e.prefill.tp);
  set_if(entry, "prefill_ep", e.prefill.ep);
  set_if(entry, "prefill_dp_attention", e.prefill.dp_attention);
  set_if(entry, "prefill_num_workers", e.prefill.workers);
  set_if(entry, "decode_tp", e.decode.tp);
  set_if(entry, "decode_ep", e.decode.ep);
  set_if(entry, "decode_dp_attention", e.decode.dp_attention);
  set_if(entry, "decode_num_workers", e.decode.workers);
  if (e.image) entry.set("image", text(*e.image));
  if (e.run_url) entry.set("run_url", text(*e.run_url));
  return entry;
}

ChartPoint point_of(const json::Value& point) {
  ChartPoint p;
  p.entry = entry_of(point);
  p.x = number_in(point, "x");
  p.y = number_in(point, "y");
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    p.derived[metric] = optional_number_in(member(point, name_of(metric)), "y");
  }
  return p;
}

std::vector<ChartPoint> points_of(const json::Value& points) {
  std::vector<ChartPoint> all;
  for (const json::Value& point : points.items()) all.push_back(point_of(point));
  return all;
}

json::Value point_json(json::Value entry, const ChartPoint& p) {
  const ChartEntry& e = p.entry;
  if (!e.disagg) {
    for (const char* name : {"disagg", "num_prefill_gpu", "num_decode_gpu"})
      std::erase_if(entry.members(), [&](const json::Member& m) { return m.first == name; });
  }
  set_if(entry, "tp", e.all.tp);
  set_if(entry, "dp_attention", e.all.dp_attention);
  set_if(entry, "prefill_dp_attention", e.prefill.dp_attention);
  set_if(entry, "decode_dp_attention", e.decode.dp_attention);
  entry.set("hwKey", text(e.hw_key));
  entry.set("date", text(e.date));
  entry.set("x", number_of(p.x));
  entry.set("y", number_of(p.y));
  set_derived(entry, p.derived);
  return entry;
}

}  // namespace bl::inference::conformance
