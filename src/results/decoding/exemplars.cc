#include "results/decoding/exemplars.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/instants.h"

namespace bl::results {
namespace {

constexpr std::array<std::string_view, 5> k_roles = {"slowest", "median", "fastest", "outlier",
                                                     "manual"};
constexpr const char* k_name = "exemplars";

template <class Id>
std::optional<Id> read_id(Fields& fields, std::string_view name, const json::Value& value,
                          const char* fault) {
  const auto id = value.is_string() ? Id::from_hex(value.as_string()) : std::nullopt;
  if (id && id->is_valid()) return id;
  fields.fault(name, fault, &value);
  return std::nullopt;
}

std::optional<std::int64_t> read_instant(Fields& fields, std::string_view name) {
  const json::Value* value = fields.find(name);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value->is_string()   ? std::string_view(value->as_string())
                                : value->is_number() ? std::string_view(value->number_text())
                                                     : std::string_view();
  const auto at = parse_instant(text);
  if (at.ok()) return *at;
  fields.fault(name, "neither RFC 3339 nor nanoseconds since 1970", value);
  return std::nullopt;
}

ExemplarRole read_role(Fields& fields) {
  const json::Value* value = fields.require("role");
  if (value == nullptr) return ExemplarRole::manual;
  const auto role = value->is_string() ? exemplar_role_named(value->as_string()) : std::nullopt;
  if (!role) fields.fault("role", "not one of slowest, median, fastest, outlier, manual", value);
  return role.value_or(ExemplarRole::manual);
}

Exemplar read_exemplar(Fields& fields, std::optional<std::size_t> samples) {
  Exemplar exemplar;
  if (const json::Value* value = fields.require("trace_id")) {
    exemplar.trace_id =
        read_id<TraceId>(fields, "trace_id", *value, "not 32 hex digits, or all zero")
            .value_or(TraceId{});
  }
  if (const json::Value* value = fields.find("span_id")) {
    exemplar.span_id = read_id<SpanId>(fields, "span_id", *value, "not 16 hex digits, or all zero");
  }
  exemplar.role = read_role(fields);
  exemplar.sample_no = fields.integer("sample_no", 0, std::numeric_limits<std::int32_t>::max());
  if (exemplar.sample_no && samples && *exemplar.sample_no >= static_cast<std::int64_t>(*samples)) {
    fields.fault("sample_no", "the result has " + std::to_string(*samples) + " samples",
                 fields.find("sample_no"));
  }
  exemplar.start_ns = read_instant(fields, "start");
  exemplar.end_ns = read_instant(fields, "end");
  if (exemplar.end_ns && !exemplar.start_ns) fields.fault("end", "needs a start");
  if (exemplar.end_ns && exemplar.start_ns && *exemplar.end_ns <= *exemplar.start_ns) {
    fields.fault("end", "not behind the start", fields.find("end"));
  }
  fields.finish();
  return exemplar;
}

}  // namespace

std::string_view role_name(ExemplarRole role) {
  return k_roles[static_cast<std::size_t>(role)];
}

std::optional<ExemplarRole> exemplar_role_named(std::string_view name) {
  const auto at = std::ranges::find(k_roles, name);
  if (at == k_roles.end()) return std::nullopt;
  return static_cast<ExemplarRole>(at - k_roles.begin());
}

bool is_same_link(const Exemplar& a, const Exemplar& b) {
  return a.trace_id == b.trace_id && a.role == b.role && a.sample_no == b.sample_no;
}

std::vector<Exemplar> read_exemplars(Fields& fields, json::Faults& faults,
                                     const DecodeLimits& limits,
                                     std::optional<std::size_t> samples) {
  std::vector<Exemplar> exemplars;
  const json::Value* list = fields.find(k_name);
  if (list == nullptr) return exemplars;
  if (!list->is_array()) {
    fields.fault(k_name, "not an array", list);
    return exemplars;
  }
  const std::size_t most = ExemplarLimits().per_result_max;
  if (list->items().size() > most) {
    fields.fault(k_name, "a result names at most " + std::to_string(most) + " traces");
    return exemplars;
  }
  std::map<std::tuple<TraceId, ExemplarRole, std::optional<std::int64_t>>, std::size_t> places;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const std::string path = json::pointer_append(fields.path_of(k_name), i);
    Fields members(list->items()[i], path, faults, limits);
    if (!list->items()[i].is_object()) continue;
    const Exemplar exemplar = read_exemplar(members, samples);
    const auto [first, is_new] =
        places.try_emplace({exemplar.trace_id, exemplar.role, exemplar.sample_no}, i);
    if (!is_new && exemplar.trace_id.is_valid()) {
      faults.add(path,
                 "the same trace, role and sample as of number " + std::to_string(first->second));
    }
    exemplars.push_back(exemplar);
  }
  return exemplars;
}

Result<std::vector<Exemplar>> decode_exemplars(std::string_view body) {
  json::Faults faults;
  BL_TRY(const json::Value document, json::parse_noting(body, faults));
  const DecodeLimits limits;
  Fields fields(document, "", faults, limits);
  if (const json::Value* list = fields.require(k_name); list != nullptr && list->is_array()) {
    if (list->items().empty()) fields.fault(k_name, "must not be empty");
  }
  auto exemplars = read_exemplars(fields, faults, limits, std::nullopt);
  fields.finish();
  if (!faults.ok()) return faults.to_error("the links");
  return exemplars;
}

void write_exemplar_members(json::Writer& writer, const Exemplar& exemplar) {
  const auto instant = [&](const char* name, const std::optional<std::int64_t>& at_ns) {
    writer.key(name);
    if (at_ns) {
      writer.value(instant_text(*at_ns));
    } else {
      writer.null();
    }
  };
  writer.member("trace_id", exemplar.trace_id.hex()).member("role", role_name(exemplar.role));
  writer.member("sample_no", exemplar.sample_no);
  writer.key("span_id");
  if (exemplar.span_id) {
    writer.value(exemplar.span_id->hex());
  } else {
    writer.null();
  }
  instant("start", exemplar.start_ns);
  instant("end", exemplar.end_ns);
}

void write_exemplar(json::Writer& writer, const Exemplar& exemplar) {
  writer.begin_object();
  write_exemplar_members(writer, exemplar);
  writer.end_object();
}

}  // namespace bl::results
