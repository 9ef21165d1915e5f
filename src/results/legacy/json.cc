#include "results/legacy/json.h"

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "base/uri.h"

namespace bl::results::legacy {
namespace {

using json::Value;

// Two ways of printing a tree ----------------------------------------------------------------

// json::append_text makes room for a document, once for each of the thousands here.
void append_scalar(std::string& out, const Value& value) {
  if (value.is_number()) {
    out += value.number_text();
  } else if (value.is_string()) {
    json::append_quoted(out, value.as_string());
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else {
    out += "null";
  }
}

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
    append_scalar(out, value);
  }
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

}  // namespace

std::string sorted_text(const Value& value) {
  std::string text;
  append_sorted(text, value);
  return text;
}

void append_indented(std::string& out, const Value& value, std::size_t indent) {
  const bool array = value.is_array();
  if (!array && !value.is_object()) return append_scalar(out, value);
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

std::string indented_text(const Value& value) {
  std::string text;
  append_indented(text, value, 2);
  return text;
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

std::string link_to(std::string_view origin, std::string_view list, std::string_view id) {
  std::string link(origin);
  link.append("/api/").append(list).append("/");
  if (!id.empty()) link.append(percent_encode(id)).append("/");
  return link;
}

Value tags_of(const Case& benchmark_case) {
  Value tags = object_of({{"name", text_of(benchmark_case.name)}});
  for (const auto& [key, value] : benchmark_case.tags.members()) {
    if (key != "name") tags.members().emplace_back(key, value);
  }
  return tags;
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

Value hardware_of(std::string_view id, const Hardware& hardware) {
  if (hardware.type == Hardware::Type::cluster) {
    return object_of({{"id", text_of(id)},
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
  return object_of({{"id", text_of(id)},
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

Value envelope_of(Value data, const std::optional<std::string>& next_cursor) {
  return object_of({{"data", std::move(data)},
                    {"metadata", object_of({{"next_page_cursor", text_or_null(next_cursor)}})}});
}

}  // namespace bl::results::legacy
