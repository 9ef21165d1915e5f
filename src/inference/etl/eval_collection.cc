#include "inference/eval_collection.h"

#include <array>

#include "base/numbers.h"
#include "inference/coercion.h"

namespace bl::inference {
namespace {

const json::Value* at(const json::Value* value, std::string_view key) {
  return value ? value->find(key) : nullptr;
}

json::Value or_null(const json::Value* value) {
  return value ? *value : json::Value();
}

/// The first member of each of a list's objects: names of metrics or filters.
std::vector<std::string> names_in(const json::Value* list, std::string_view key) {
  std::vector<std::string> names;
  if (!list || !list->is_array()) return names;
  for (const json::Value& one : list->items()) {
    const json::Value* name = one.find(key);
    if (name && name->is_string()) names.push_back(name->as_string());
  }
  return names;
}

bool holds_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text.find(word) != text.npos) return true;
  }
  return false;
}

struct Score {
  json::Value value, error;
};

/// `METRIC,FILTER` and `METRIC_stderr,FILTER`.
Score score_of(const json::Value& task, const std::string& metric, const std::string& filter) {
  return {or_null(task.find(metric + "," + filter)),
          or_null(task.find(metric + "_stderr," + filter))};
}

Score accuracy_of(const json::Value& task) {
  for (const char* metric : {"acc", "accuracy"}) {
    const json::Value* plain = task.find(metric);
    if (plain) return {*plain, or_null(task.find(std::string(metric) + "_stderr"))};
    Score score = score_of(task, metric, "none");
    if (!score.value.is_null()) return score;
  }
  return {};
}

/// Python's int(): whole texts and numbers; anything else is `otherwise`.
std::int64_t integer_or(const json::Value* value, std::int64_t otherwise) {
  if (!value) return otherwise;
  if (value->is_string()) return parse_int64(value->as_string()).value_or(otherwise);
  auto number = value->is_number() ? std::optional(value->as_double()) : std::nullopt;
  if (!number || !(*number > -9e15 && *number < 9e15)) return otherwise;
  return static_cast<std::int64_t>(*number);
}

std::string text_or(const json::Value* value, std::string otherwise) {
  std::string text = text_of(value);
  return text.empty() ? otherwise : text;
}

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// Parallelism and attention of both roles.
void set_topology(json::Value& row, const json::Value& meta, bool is_multinode) {
  auto set = [&](const char* key, std::int64_t number) {
    row.set(key, json::Value::number(number));
  };
  auto member = [&](const char* of_nodes, const char* of_node) {
    return meta.find(is_multinode ? of_nodes : of_node);
  };
  std::int64_t tp = integer_or(member("prefill_tp", "tp"), 1);
  std::int64_t ep = integer_or(member("prefill_ep", "ep"), 1);
  set("tp", tp);
  set("ep", ep);
  set("prefill_tp", tp);
  set("prefill_ep", ep);
  set("prefill_num_workers", integer_or(meta.find("prefill_num_workers"), 1));
  set("decode_tp", integer_or(member("decode_tp", "tp"), 1));
  set("decode_ep", integer_or(member("decode_ep", "ep"), 1));
  set("decode_num_workers", integer_or(meta.find("decode_num_workers"), 1));
  set("conc", integer_or(meta.find("conc"), 0));
  std::string prefill = lower_case(text_or(member("prefill_dp_attention", "dp_attention"), "none"));
  std::string decode = lower_case(text_or(member("decode_dp_attention", "dp_attention"), "none"));
  std::string both = prefill == decode ? prefill : "prefill=" + prefill + ",decode=" + decode;
  row.set("dp_attention", json::Value::string(both));
  row.set("prefill_dp_attention", json::Value::string(prefill));
  row.set("decode_dp_attention", json::Value::string(decode));
}

}  // namespace

json::Array eval_scores(const json::Value& results, std::string_view source) {
  json::Array all;
  const json::Value* tasks = results.find("results");
  if (!tasks || !tasks->is_object()) return all;
  for (const auto& [name, task] : tasks->members()) {
    const json::Value* config = at(results.find("configs"), name);
    std::vector<std::string> metrics = names_in(at(config, "metric_list"), "metric");
    std::string metric = metrics.empty() ? "exact_match" : metrics.front();
    Score strict, flexible;
    for (const std::string& filter : names_in(at(config, "filter_list"), "name")) {
      if (holds_any(filter, {"strict", "resolved"})) {
        strict = score_of(task, metric, filter);
      } else if (holds_any(filter, {"flex", "extract"})) {
        flexible = score_of(task, metric, filter);
      }
    }
    Score accuracy = accuracy_of(task);
    const json::Value* model = results.find("model_name");
    if (!model) model = at(at(config, "metadata"), "model");
    json::Value out = json::Value::object();
    out.set("task", json::Value::string(name));
    out.set("strict", std::move(strict.value));
    out.set("strict_se", std::move(strict.error));
    out.set("flex", std::move(flexible.value));
    out.set("flex_se", std::move(flexible.error));
    out.set("accuracy", std::move(accuracy.value));
    out.set("accuracy_se", std::move(accuracy.error));
    out.set("n_eff", or_null(at(at(results.find("n-samples"), name), "effective")));
    out.set("model", or_null(model));
    out.set("source", json::Value::string(std::string(source)));
    all.push_back(std::move(out));
  }
  return all;
}

json::Value aggregate_eval(const json::Value& meta, const json::Value& scores) {
  auto text = [&](const char* key) { return text_or(meta.find(key), "unknown"); };
  auto score = [&](const char* key) { return or_null(scores.find(key)); };
  bool is_multinode = lower_case(text_of(meta.find("is_multinode"))) == "true";
  const json::Value* prefix = meta.find("infmax_model_prefix");
  if (!prefix) prefix = meta.find("model_prefix");
  json::Value row = json::Value::object();
  auto set_text = [&](const char* key, std::string value) {
    row.set(key, json::Value::string(std::move(value)));
  };
  row.set("is_multinode", json::Value::boolean(is_multinode));
  set_text("model_prefix", text_or(prefix, "unknown"));
  set_text("model", text_or(scores.find("model"), text("model")));
  set_text("hw", upper_case(text("hw")));
  set_text("framework", lower_case(text("framework")));
  set_text("precision", lower_case(text("precision")));
  set_text("spec_decoding", text("spec_decoding"));
  row.set("isl", json::Value::number(integer_or(meta.find("isl"), 0)));
  row.set("osl", json::Value::number(integer_or(meta.find("osl"), 0)));
  set_topology(row, meta, is_multinode);
  row.set("task", score("task"));
  row.set("em_strict", score("strict"));
  row.set("em_strict_se", score("strict_se"));
  row.set("em_flexible", score("flex"));
  row.set("em_flexible_se", score("flex_se"));
  row.set("n_eff", score("n_eff"));
  row.set("source", score("source"));
  bool has_strict = !score("strict").is_null();
  bool has_accuracy = !score("accuracy").is_null();
  row.set("score", has_strict ? score("strict") : score("accuracy"));
  row.set("score_name", has_strict     ? json::Value::string("em_strict")
                        : has_accuracy ? json::Value::string("accuracy")
                                       : json::Value());
  row.set("score_se", has_strict ? score("strict_se") : score("accuracy_se"));
  return row;
}

std::optional<std::int64_t> concurrency_in_name(std::string_view file_name) {
  if (!file_name.ends_with(".json")) return std::nullopt;
  file_name.remove_suffix(5);
  for (std::size_t at = file_name.find("_conc"); at != file_name.npos;
       at = file_name.find("_conc", at + 1)) {
    std::string_view rest = file_name.substr(at + 5);
    std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    bool is_whole = end > 0 && (end == rest.size() || rest[end] == '_');
    if (is_whole) return parse_int64(rest.substr(0, end));
  }
  return std::nullopt;
}

}  // namespace bl::inference
