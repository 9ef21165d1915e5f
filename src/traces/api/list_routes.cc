#include "traces/api/answers.h"
#include "traces/api/encode.h"
#include "traces/api/places.h"
#include "traces/api/times.h"

/// What there is to choose from: services, operations, attributes and their values; who calls
/// whom; the store's own state.
namespace bl::traces {
namespace {

constexpr std::int64_t k_day_ns = 86'400'000'000'000;
constexpr std::int64_t k_values_default = 100, k_values_max = 1'000;

Result<Response> list_services(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const auto services, call.store.services());
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("services").begin_array();
  for (const std::string& service : services) writer.value(service);
  writer.end_array().end_object();
  return answer_json(std::move(body));
}

Result<Response> list_operations(const Call& call) {
  net::QueryFields fields(call.request);
  const std::string service = fields.required_text("service");
  std::optional<SpanKind> kind;
  if (const auto text = fields.text("kind")) {
    kind = span_kind_named(*text);
    if (!kind) fields.fault("kind", "none of a span, such as server or client", *text);
  }
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto operations, call.store.operations(service, kind));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("operations").begin_array();
  for (const Operation& operation : operations) {
    writer.begin_object()
        .member("name", operation.name)
        .member("kind", name_of(operation.kind))
        .end_object();
  }
  writer.end_array().end_object();
  return answer_json(std::move(body));
}

std::optional<AttributePlace> place_of(net::QueryFields& fields) {
  const auto text = fields.text("place");
  if (!text) return std::nullopt;
  const auto place = attribute_place_named(*text);
  if (!place) fields.fault("place", "none of span, resource, scope, event, link", *text);
  return place;
}

Result<Response> list_attributes(const Call& call) {
  net::QueryFields fields(call.request);
  const auto place = place_of(fields);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto keys, call.store.attribute_keys(place));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("attributes").begin_array();
  for (const AttributeKey& key : keys) {
    writer.begin_object().member("place", name_of(key.place)).member("key", key.key).end_object();
  }
  writer.end_array().end_object();
  return answer_json(std::move(body));
}

Result<Response> list_attribute_values(const Call& call) {
  net::QueryFields fields(call.request);
  const std::string key = fields.required_text("key");
  const auto place = place_of(fields);
  const Window window = window_of(fields, call.ports.clock, k_day_ns);
  const auto limit = fields.integer("limit", 1, k_values_max).value_or(k_values_default);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto values, call.store.attribute_values({place.value_or(AttributePlace::any), key},
                                                        window, static_cast<std::size_t>(limit)));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("values").begin_array();
  for (const AnyValue& value : values) encode(writer, value);
  writer.end_array().end_object();
  return answer_json(std::move(body));
}

Result<Response> list_dependencies(const Call& call) {
  net::QueryFields fields(call.request);
  const Window window = window_of(fields, call.ports.clock, k_day_ns);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto dependencies, call.store.dependencies(window));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("dependencies").begin_array();
  for (const Dependency& dependency : dependencies) {
    writer.begin_object()
        .member("parent", dependency.parent)
        .member("child", dependency.child)
        .member("calls", dependency.calls)
        .end_object();
  }
  writer.end_array().end_object();
  return answer_json(std::move(body));
}

Result<Response> show_status(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const StoreStatus status, call.store.status());
  return answer_json(json_text(status));
}

}  // namespace

void add_list_routes(RouteSet& routes) {
  routes.read("/api/v1/traces/services", list_services);
  routes.read("/api/v1/traces/operations", list_operations);
  routes.read("/api/v1/traces/attributes", list_attributes);
  routes.read("/api/v1/traces/attribute-values", list_attribute_values);
  routes.read("/api/v1/traces/dependencies", list_dependencies);
  routes.read("/api/v1/traces/status", show_status);
}

}  // namespace bl::traces
