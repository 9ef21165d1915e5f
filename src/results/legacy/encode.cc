#include "results/legacy_encode.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "net/status.h"
#include "results/legacy/decode.h"
#include "results/legacy/json.h"

namespace bl::results {
namespace {

using json::Value;
using namespace legacy;

/// Stored JSON, which the store wrote or Conbench did; null when it is none.
Value stored_json(std::string_view text) {
  auto value = json::parse(text);
  return value.ok() ? std::move(*value) : Value();
}

Value stored_floats(std::string_view text) {
  const Value samples = stored_json(text);
  return samples.is_array() ? floats_of(samples.items()) : Value::array();
}

// Results ------------------------------------------------------------------------------------

Value whole_result_of(const StoredResult& result, std::string_view origin) {
  Value whole = bare_result_of(result);
  json::Object& members = whole.members();
  members.emplace_back("tags", tags_of(result.benchmark_case));
  members.emplace_back("commit", commit_of(result.stored_commit));
  members.emplace_back("hardware", hardware_of(result.hardware_id, result.hardware));
  members.emplace_back(
      "links", object_of({{"list", text_of(link_to(origin, "benchmarks"))},
                          {"self", text_of(legacy_result_link(result.id, origin))},
                          {"info", text_of(link_to(origin, "info", result.info_id))},
                          {"context", text_of(link_to(origin, "contexts", result.context_id))},
                          {"run", text_of(link_to(origin, "runs", result.run_id))}}));
  return whole;
}

std::string envelope(Value data, const std::optional<std::string>& next_cursor) {
  return indented_text(envelope_of(std::move(data), next_cursor));
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

std::string encode_legacy_history(const History& history, const HistoryDetails& details) {
  Value data = Value::array();
  data.items().reserve(history.points.size());
  for (const HistoryPoint& point : history.points) {
    data.items().push_back(item_of(point, history, details));
  }
  return envelope(std::move(data), std::nullopt);
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
