#include "traces/api/search_fields.h"

#include "base/numbers.h"
#include "traces/api/times.h"
#include "traces/traceql.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;
constexpr std::size_t k_traceql_bytes_max = 8'192;  ///< a request's line holds no more

SpanFilter intrinsic(Name name, Comparison comparison, AnyValue value) {
  return SpanFilter::where({IntrinsicField{name}, comparison, std::move(value)});
}
AnyValue text_value(std::string text) {
  return AnyValue(AnyValue::Value(std::move(text)));
}

/// A value that looks like a number or a truth may have come as that, or as a text.
SpanFilter attribute_equals(const std::string& key, const std::string& value) {
  const AttributeField field{AttributePlace::any, key};
  std::vector<SpanFilter> ways;
  ways.push_back(SpanFilter::where({field, Comparison::equal, text_value(value)}));
  if (const auto number = parse_int64(value)) {
    ways.push_back(
        SpanFilter::where({field, Comparison::equal, AnyValue(AnyValue::Value(*number))}));
  } else if (const auto real = parse_double(value)) {
    ways.push_back(SpanFilter::where({field, Comparison::equal, AnyValue(AnyValue::Value(*real))}));
  } else if (value == "true" || value == "false") {
    ways.push_back(
        SpanFilter::where({field, Comparison::equal, AnyValue(AnyValue::Value(value == "true"))}));
  }
  return ways.size() == 1 ? std::move(ways.front()) : SpanFilter::any_of(std::move(ways));
}

void add_names(net::QueryFields& fields, std::vector<SpanFilter>& parts) {
  const std::pair<const char*, Name> texts[] = {
      {"service", Name::service}, {"operation", Name::name}, {"run_id", Name::run_id}};
  for (const auto& [parameter, name] : texts) {
    if (auto text = fields.text(parameter)) {
      parts.push_back(intrinsic(name, Comparison::equal, text_value(std::move(*text))));
    }
  }
  if (const auto text = fields.text("kind")) {
    const auto kind = span_kind_named(*text);
    if (!kind) fields.fault("kind", "none of a span, such as server or client", *text);
    if (kind) {
      parts.push_back(
          intrinsic(Name::kind, Comparison::equal, text_value(std::string(name_of(*kind)))));
    }
  }
  if (const auto text = fields.text("status")) {
    const auto status = status_code_named(*text);
    if (!status) fields.fault("status", "neither unset, ok nor error", *text);
    if (status) {
      parts.push_back(
          intrinsic(Name::status, Comparison::equal, text_value(std::string(name_of(*status)))));
    }
  }
}

}  // namespace

SpanFilter filter_of(net::QueryFields& fields) {
  std::vector<SpanFilter> parts;
  add_names(fields, parts);
  if (const auto least = nanoseconds_of(fields, "min_duration")) {
    parts.push_back(
        intrinsic(Name::duration, Comparison::at_least, AnyValue(AnyValue::Value(*least))));
  }
  if (const auto most = nanoseconds_of(fields, "max_duration")) {
    parts.push_back(
        intrinsic(Name::duration, Comparison::at_most, AnyValue(AnyValue::Value(*most))));
  }
  for (const std::string& text : fields.texts("attribute")) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      fields.fault("attribute", "not KEY=VALUE", text);
      continue;
    }
    parts.push_back(attribute_equals(text.substr(0, equals), text.substr(equals + 1)));
  }
  if (const auto text = fields.text("q", k_traceql_bytes_max)) {
    auto query = parse_traceql(*text);
    if (query.ok()) {
      parts.push_back(std::move(query->filter));
    } else {
      fields.fault("q", query.error().message);
    }
  }
  if (parts.empty()) return SpanFilter::everything();
  SpanFilter filter =
      parts.size() == 1 ? std::move(parts.front()) : SpanFilter::all_of(std::move(parts));
  if (const auto checked = check(filter); !checked.ok()) {
    fields.fault("attribute", checked.error().message);
  }
  return filter;
}

}  // namespace bl::traces
