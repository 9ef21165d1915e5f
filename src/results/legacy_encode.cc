#include "results/legacy_encode.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/numbers.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "net/status.h"
#include "results/legacy_decode.h"

namespace bl::results {
namespace {

using json::Value;

// Two ways of printing a tree ----------------------------------------------------------------

std::vector<const json::Member*> sorted_members(const Value& object) {
  std::vector<const json::Member*> members;
  members.reserve(object.members().size());
  for (const json::Member& member : object.members()) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const json::Member* a, const json::Member* b) { return a->first < b->first; });
  return members;
}

void append_sorted(std::string& out, const Value& value) {
  const char* separator = "";
  if (value.is_array()) {
    out += '[';
    for (const Value& item : value.items()) {
      out += separator;
      append_sorted(out, item);
      separator = ",";
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    for (const json::Member* member : sorted_members(value)) {
      out += separator;
      json::append_quoted(out, member->first);
      out += ':';
      append_sorted(out, member->second);
      separator = ",";
    }
    out += '}';
  } else {
    json::append_text(out, value);
  }
}

void append_indented(std::string& out, const Value& value, std::size_t indent = 2) {
  const bool array = value.is_array();
  if (!array && !value.is_object()) return json::append_text(out, value);
  const std::size_t count = array ? value.items().size() : value.members().size();
  out += array ? '[' : '{';
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "\n" : ",\n";
    out.append(indent, ' ');
    if (array) {
      append_indented(out, value.items()[i], indent + 2);
    } else {
      json::append_quoted(out, value.members()[i].first);
      out += ": ";
      append_indented(out, value.members()[i].second, indent + 2);
    }
  }
  if (count > 0) out.append("\n").append(indent - 2, ' ');
  out += array ? ']' : '}';
}

std::string sorted_text(const Value& value) {
  std::string text;
  append_sorted(text, value);
  return text;
}

// Pieces -------------------------------------------------------------------------------------

struct Named {
  const char* name;
  Value value;
};

/// The members are moved: an initializer list of the tree itself would copy them at every level.
template <std::size_t N>
Value object_of(Named (&&members)[N]) {
  json::Object object;
  object.reserve(N);
  for (auto& [name, value] : members) object.emplace_back(name, std::move(value));
  return Value::object(std::move(object));
}

Value text_of(std::string_view text) {
  return Value::string(std::string(text));
}

Value text_or_null(const std::optional<std::string>& text) {
  return text ? Value::string(*text) : Value();
}

Value integer_of(const std::optional<std::int64_t>& number) {
  return number ? Value::number(*number) : Value();
}

Value float_of(const std::optional<double>& number) {
  if (!number || !std::isfinite(*number)) return {};
  return Value::number_text(python_repr(*number));
}

/// As comparisons show their numbers.
Value short_float_of(const std::optional<double>& number) {
  if (!number) return {};
  return float_of(round_significant(*number, 4));
}

Value floats_of(const json::Array& samples) {
  json::Array floats;
  floats.reserve(samples.size());
  for (const Value& sample : samples) {
    floats.push_back(sample.is_number() ? float_of(sample.as_double()) : Value());
  }
  return Value::array(std::move(floats));
}

/// Stored JSON, which the store wrote or Conbench did; null when it is none.
Value stored_json(std::string_view text) {
  auto value = json::parse(text);
  return value.ok() ? std::move(*value) : Value();
}

Value stored_floats(std::string_view text) {
  const Value samples = stored_json(text);
  return samples.is_array() ? floats_of(samples.items()) : Value::array();
}

std::string link_to(std::string_view origin, std::string_view list, std::string_view id = "") {
  std::string link(origin);
  link.append("/api/").append(list).append("/");
  if (!id.empty()) link.append(percent_encode(id)).append("/");
  return link;
}

/// The case's name and parameters in one object.
Value tags_of(const Case& benchmark_case) {
  Value tags = object_of({{"name", text_of(benchmark_case.name)}});
  for (const auto& [key, value] : benchmark_case.tags.members()) {
    if (key != "name") tags.members().emplace_back(key, value);
  }
  return tags;
}

Value stats_of(const Stats& stats) {
  return object_of({{"data", floats_of(stats.data)},
                    {"times", floats_of(stats.times)},
                    {"unit", text_or_null(stats.unit)},
                    {"time_unit", text_or_null(stats.time_unit)},
                    {"iterations", integer_of(stats.iterations)},
                    {"min", float_of(stats.min)},
                    {"max", float_of(stats.max)},
                    {"mean", float_of(stats.mean)},
                    {"median", float_of(stats.median)},
                    {"stdev", float_of(stats.stdev)},
                    {"q1", float_of(stats.q1)},
                    {"q3", float_of(stats.q3)},
                    {"iqr", float_of(stats.iqr)}});
}

Value commit_of(const std::optional<StoredCommit>& commit) {
  if (!commit) return {};
  std::string url = commit->repository;
  url.append("/commit/").append(commit->sha);
  return object_of(
      {{"id", text_of(commit->id)},
       {"sha", text_of(commit->sha)},
       {"branch", text_or_null(commit->branch)},
       {"fork_point_sha", text_or_null(commit->fork_point_sha)},
       {"url", text_of(url)},
       {"parent_sha", text_or_null(commit->parent)},
       {"repository", text_of(commit->repository)},
       {"message", text_of(commit->message)},
       {"author_name", text_of(commit->author_name)},
       {"author_login", text_or_null(commit->author_login)},
       {"author_avatar", text_or_null(commit->author_avatar)},
       {"timestamp", commit->timestamp ? text_of(to_iso_naive(*commit->timestamp)) : Value()}});
}

Value hardware_of(const StoredResult& result) {
  const Hardware& hardware = result.hardware;
  if (hardware.type == Hardware::Type::cluster) {
    return object_of({{"id", text_of(result.hardware_id)},
                      {"name", text_of(hardware.name)},
                      {"type", text_of("cluster")},
                      {"info", hardware.info},
                      {"optional_info", hardware.optional_info}});
  }
  Value products;
  if (hardware.gpu_product_names) {
    products = Value::array();
    for (const std::string& name : *hardware.gpu_product_names) {
      products.items().push_back(text_of(name));
    }
  }
  return object_of({{"id", text_of(result.hardware_id)},
                    {"name", text_of(hardware.name)},
                    {"type", text_of("machine")},
                    {"architecture_name", text_or_null(hardware.architecture_name)},
                    {"kernel_name", text_or_null(hardware.kernel_name)},
                    {"os_name", text_or_null(hardware.os_name)},
                    {"os_version", text_or_null(hardware.os_version)},
                    {"cpu_model_name", text_or_null(hardware.cpu_model_name)},
                    {"cpu_l1d_cache_bytes", integer_of(hardware.cpu_l1d_cache_bytes)},
                    {"cpu_l1i_cache_bytes", integer_of(hardware.cpu_l1i_cache_bytes)},
                    {"cpu_l2_cache_bytes", integer_of(hardware.cpu_l2_cache_bytes)},
                    {"cpu_l3_cache_bytes", integer_of(hardware.cpu_l3_cache_bytes)},
                    {"cpu_core_count", integer_of(hardware.cpu_core_count)},
                    {"cpu_thread_count", integer_of(hardware.cpu_thread_count)},
                    {"cpu_frequency_max_hz", integer_of(hardware.cpu_frequency_max_hz)},
                    {"memory_bytes", integer_of(hardware.memory_bytes)},
                    {"gpu_count", integer_of(hardware.gpu_count)},
                    {"gpu_product_names", std::move(products)}});
}

// Results ------------------------------------------------------------------------------------

/// Without tags, commit, hardware and links.
Value bare_result_of(const StoredResult& result) {
  return object_of({{"id", text_of(result.id)},
                    {"run_id", text_of(result.run_id)},
                    {"run_tags", result.run_tags},
                    {"run_reason", text_or_null(result.run_reason)},
                    {"commit_repo_url", text_of(result.repository)},
                    {"batch_id", text_or_null(result.batch_id)},
                    {"history_fingerprint", text_of(result.history_fingerprint)},
                    {"timestamp", text_of(to_rfc3339_seconds(result.timestamp))},
                    {"optional_benchmark_info", result.optional_benchmark_info},
                    {"validation", result.validation},
                    {"change_annotations", result.change_annotations},
                    {"stats", stats_of(result.stats)},
                    {"error", result.error}});
}

Value whole_result_of(const StoredResult& result, std::string_view origin) {
  Value whole = bare_result_of(result);
  json::Object& members = whole.members();
  members.emplace_back("tags", tags_of(result.benchmark_case));
  members.emplace_back("commit", commit_of(result.stored_commit));
  members.emplace_back("hardware", hardware_of(result));
  members.emplace_back(
      "links", object_of({{"list", text_of(link_to(origin, "benchmarks"))},
                          {"self", text_of(legacy_result_link(result.id, origin))},
                          {"info", text_of(link_to(origin, "info", result.info_id))},
                          {"context", text_of(link_to(origin, "contexts", result.context_id))},
                          {"run", text_of(link_to(origin, "runs", result.run_id))}}));
  return whole;
}

std::string envelope(Value data, const std::optional<std::string>& next_cursor) {
  std::string text;
  append_indented(
      text,
      object_of({{"data", std::move(data)},
                 {"metadata", object_of({{"next_page_cursor", text_or_null(next_cursor)}})}}));
  return text;
}

// Histories ----------------------------------------------------------------------------------

Value lookback_of(const verdict::LookbackStats& stats) {
  return object_of(
      {{"begins_distribution_change", Value::boolean(stats.begins_change)},
       {"segment_id", float_of(static_cast<double>(stats.segment))},
       {"rolling_mean_excluding_this_commit", float_of(stats.mean_excluding_this_commit)},
       {"rolling_mean", float_of(stats.rolling_mean)},
       {"residual", float_of(stats.residual)},
       {"rolling_stddev", float_of(stats.stddev.value_or(0.0))},
       {"is_outlier", Value::boolean(stats.is_outlier)}});
}

Value item_of(const HistoryPoint& point, const History& history, const HistoryDetails& details) {
  const auto times = details.times_jsons.find(point.result_id);
  Value run_tags = stored_json(point.run_tags_json);
  if (!run_tags.is_object()) run_tags = Value::object();
  const Value* run_name = run_tags.find("name");
  return object_of(
      {{"benchmark_result_id", text_of(point.result_id)},
       {"history_fingerprint", text_of(history.fingerprint)},
       {"case_id", text_of(details.case_id)},
       {"context_id", text_of(details.context_id)},
       {"mean", float_of(point.mean)},
       {"data", stored_floats(point.data_json)},
       {"times", stored_floats(times == details.times_jsons.end() ? "[]" : times->second)},
       {"unit", text_of(point.unit.empty() ? "undefined" : point.unit)},
       {"hardware_hash", text_of(history.hardware_hash)},
       {"repository", text_of(history.repository)},
       {"commit_hash", text_of(point.commit_sha)},
       {"commit_msg", text_of(point.commit_message)},
       {"commit_timestamp", text_of(to_iso_naive(point.commit_timestamp))},
       {"result_timestamp", text_of(to_iso_naive(point.result_timestamp))},
       {"run_name", run_name == nullptr ? Value() : *run_name},
       {"run_tags", run_tags},
       {"zscorestats", lookback_of(point.lookback)},
       {"single_value_summary", float_of(point.summary.value)},
       {"single_value_summary_type", text_of(point.summary.type)}});
}

// Comparisons --------------------------------------------------------------------------------

Value language_of(const StoredResult& result) {
  const Value* language = result.context.find("benchmark_language");
  return language == nullptr || !language->is_string() ? text_of("unknown") : *language;
}

Value side_of(const StoredResult& result, const CompareSide& side) {
  return object_of({{"benchmark_result_id", text_of(result.id)},
                    {"benchmark_name", text_of(result.benchmark_case.name)},
                    {"case_permutation", text_of(case_permutation(result.benchmark_case))},
                    {"language", language_of(result)},
                    {"single_value_summary", short_float_of(side.summary.value)},
                    {"error", result.error},
                    {"batch_id", text_or_null(result.batch_id)},
                    {"run_id", text_of(result.run_id)},
                    {"tags", tags_of(result.benchmark_case)},
                    {"result", bare_result_of(result)}});
}

Value judged_of(const std::optional<verdict::Judged>& judged, const char* score,
                const char* threshold) {
  if (!judged) return {};
  return object_of({{score, short_float_of(judged->score)},
                    {threshold, float_of(judged->threshold)},
                    {"regression_indicated", Value::boolean(judged->regression)},
                    {"improvement_indicated", Value::boolean(judged->improvement)}});
}

// Errors -------------------------------------------------------------------------------------

/// Puts a message at its place: lists of messages at the leaves. Where a place has messages and
/// places below it, its own stand under `_schema`.
void put_message(Value& at, std::span<const std::string> place, const std::string& message) {
  if (at.is_null()) at = place.empty() ? Value::array() : Value::object();
  if (at.is_array() && place.empty()) {
    at.items().push_back(text_of(message));
    return;
  }
  if (at.is_array()) at = Value::object({{"_schema", std::move(at)}});
  const std::string& name = place.empty() ? "_schema" : place.front();
  if (at.find(name) == nullptr) at.members().emplace_back(name, Value());
  const auto member =
      std::find_if(at.members().begin(), at.members().end(),
                   [&](const json::Member& candidate) { return candidate.first == name; });
  put_message(member->second, place.empty() ? place : place.subspan(1), message);
}

/// A document may be nested deeper than an answer should be: the rest of a place is one name.
constexpr std::size_t k_place_depth_max = 8;

void shorten(std::vector<std::string>& place) {
  if (place.size() <= k_place_depth_max) return;
  std::string& last = place[k_place_depth_max - 1];
  for (std::size_t i = k_place_depth_max; i < place.size(); ++i) last.append("/").append(place[i]);
  place.resize(k_place_depth_max);
}

Value description_of(const Error& error) {
  if (error.faults.empty()) return text_of(valid_utf8(error.message));
  Value description = Value::object();
  for (const Fault& fault : error.faults) {
    std::vector<std::string> place = legacy_place(valid_utf8(fault.path));
    if (place.empty()) place.emplace_back("_schema");
    shorten(place);
    put_message(description, place, valid_utf8(fault.message));
  }
  return description;
}

}  // namespace

std::string legacy_result_link(std::string_view id, std::string_view origin) {
  return link_to(origin, "benchmarks", id);
}

std::string encode_legacy_result(const StoredResult& result, std::string_view origin) {
  return sorted_text(whole_result_of(result, origin));
}

std::string encode_legacy_results(const WholePage& page, std::string_view origin) {
  Value data = Value::array();
  data.items().reserve(page.results.size());
  for (const StoredResult& result : page.results) {
    data.items().push_back(whole_result_of(result, origin));
  }
  std::optional<std::string> next;
  if (page.may_go_on) next = page.results.back().id;
  return envelope(std::move(data), next);
}

std::string encode_legacy_history(const History& history, const HistoryDetails& details) {
  Value data = Value::array();
  data.items().reserve(history.points.size());
  for (const HistoryPoint& point : history.points) {
    data.items().push_back(item_of(point, history, details));
  }
  return envelope(std::move(data), std::nullopt);
}

std::string encode_legacy_comparison(const LegacyComparison& comparison) {
  const auto& [baseline, contender, judged] = comparison;
  const bool one_series = baseline.history_fingerprint == contender.history_fingerprint;
  return sorted_text(object_of(
      {{"unit", text_or_null(judged.unit)},
       {"less_is_better", judged.less_is_better ? Value::boolean(*judged.less_is_better) : Value()},
       {"history_fingerprint", one_series ? text_of(baseline.history_fingerprint) : Value()},
       {"baseline", side_of(baseline, judged.baseline)},
       {"contender", side_of(contender, judged.contender)},
       {"analysis",
        object_of({{"pairwise", judged_of(judged.pairwise, "percent_change", "percent_threshold")},
                   {"lookback_z_score", judged_of(judged.lookback, "z_score", "z_threshold")}})}}));
}

std::string encode_legacy_error(int status, const Error& error) {
  if (error.code == Code::invalid && error.faults.empty()) {
    return sorted_text(object_of({{"description", description_of(error)}}));
  }
  return sorted_text(object_of({{"code", Value::number(static_cast<std::int64_t>(status))},
                                {"description", description_of(error)},
                                {"name", text_of(net::reason_phrase(status))}}));
}

}  // namespace bl::results
