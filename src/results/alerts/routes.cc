#include "results/alert_routes.h"

#include "base/json.h"
#include "base/optional_time.h"
#include "net/query_fields.h"
#include "results/cursor.h"
#include "results/routes.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::Principal;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::string_view k_rules_list = "alert-rules";
constexpr std::string_view k_deliveries_list = "alert-deliveries";
constexpr std::size_t k_body_bytes_max = 256u << 10;
constexpr std::chrono::milliseconds k_evaluate_deadline{120'000};
constexpr std::chrono::milliseconds k_deliver_deadline{60'000};
constexpr std::int64_t k_events_default = 50;

/// A body, or the error that becomes a problem.
using Body = Result<std::string>;

Response answer(const Request& request, const Body& body, int status = 200) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  return Response::json(status, *body);
}

bool sees_all(const Principal& principal) {
  return principal.role == net::Role::admin;
}

AlertActor actor_of(const Principal& principal) {
  return {principal.id, principal.name};
}

/// The rule, if whoever asks may know of it. Errors: not_found.
Result<AlertRule> rule_for(const Request& request, const AlertPorts& ports) {
  const std::string& id = request.capture("id");
  BL_TRY(AlertRule rule, ports.alerts.rule(id));
  const Principal& who = request.principal;
  if (sees_all(who) || (!who.user_id.empty() && who.user_id == rule.user_id)) return rule;
  return Error{Code::not_found, "there is no such alert rule: " + id};
}

Result<AlertRuleBody> body_of(const Request& request, const AlertPorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  const std::string_view type = request.headers.get("Content-Type");
  if (!is_json(type)) {
    return Error{Code::unsupported_media,
                 "an alert rule is application/json, not: " + std::string(type)};
  }
  BL_TRY(AlertRuleBody body, decode_alert_rule(request.body, ports.limits));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(body.repository));
  return body;
}

// Rules --------------------------------------------------------------------------------------

Body list_rules(const Request& request, const AlertPorts& ports) {
  QueryFields query(request);
  StoreAlerts::Filter filter;
  filter.count_max = query.integer("page_size", 1, 1000).value_or(100);
  filter.before_id = cursor_of(query, k_rules_list);
  BL_RETURN_IF_ERROR(query.finish());
  std::vector<AlertRule> rules;
  if (sees_all(request.principal)) {
    BL_TRY(rules, ports.alerts.rules(filter));
  } else if (!request.principal.user_id.empty()) {
    filter.user_id = request.principal.user_id;
    BL_TRY(rules, ports.alerts.rules(filter));
  }
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("rules").begin_array();
  for (const AlertRule& rule : rules) writer.raw(encode_alert_rule(rule));
  writer.end_array().key("next_page_cursor");
  if (rules.size() == static_cast<std::size_t>(filter.count_max)) {
    writer.value(make_cursor(k_rules_list, rules.back().id));
  } else {
    writer.null();
  }
  writer.end_object();
  return text;
}

Response post_rule(const Request& request, const AlertPorts& ports) {
  const auto create = [&]() -> Result<AlertRule> {
    BL_TRY(const AlertRuleBody body, body_of(request, ports));
    const Principal& who = request.principal;
    if (who.user_id.empty()) {
      return Error{Code::forbidden,
                   "alert rules belong to users; sign in, or use a token of a "
                   "user, instead of: " +
                       who.name};
    }
    return ports.alerts.create(body, who.user_id, actor_of(who), ports.limits);
  };
  const auto rule = create();
  if (!rule.ok()) return net::problem(rule.error(), request.request_id);
  Response response = Response::json(201, encode_alert_rule(*rule));
  response.headers.add("Location", "/api/alert-rules/" + rule->id);
  return response;
}

Body get_rule(const Request& request, const AlertPorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const AlertRule rule, rule_for(request, ports));
  return encode_alert_rule(rule);
}

Body put_rule(const Request& request, const AlertPorts& ports) {
  BL_TRY(const AlertRule before, rule_for(request, ports));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(before.repository));
  BL_TRY(const AlertRuleBody body, body_of(request, ports));
  BL_TRY(const AlertRule rule, ports.alerts.update(before.id, body, actor_of(request.principal)));
  return encode_alert_rule(rule);
}

Response delete_rule(const Request& request, const AlertPorts& ports) {
  const auto remove = [&]() -> Result<void> {
    BL_RETURN_IF_ERROR(QueryFields(request).finish());
    BL_TRY(const AlertRule rule, rule_for(request, ports));
    BL_RETURN_IF_ERROR(request.principal.demand_repository(rule.repository));
    return ports.alerts.remove(rule.id, actor_of(request.principal));
  };
  const auto removed = remove();
  if (!removed.ok()) return net::problem(removed.error(), request.request_id);
  return Response::no_content();
}

Body list_events(const Request& request, const AlertPorts& ports) {
  QueryFields query(request);
  const std::int64_t limit = query.integer("limit", 1, 1000).value_or(k_events_default);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const AlertRule rule, rule_for(request, ports));
  BL_TRY(const auto events, ports.alerts.events(rule.id, limit));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("events").begin_array();
  for (const AlertEvent& event : events) writer.raw(encode_alert_event(event));
  writer.end_array().end_object();
  return text;
}

// Evaluation and delivery --------------------------------------------------------------------

Body evaluate(const Request& request, const AlertPorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const AlertEvaluation outcome, ports.evaluator.evaluate_all());
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("busy", outcome.is_busy)
      .member("rules", outcome.rules)
      .member("evaluated", outcome.evaluated)
      .member("without_run", outcome.without_run)
      .member("failed", static_cast<std::uint64_t>(outcome.failed_rules.size()));
  if (!outcome.error.empty()) writer.member("error", outcome.error);
  writer.key("events").begin_array();
  for (const AlertEvent& event : outcome.events) writer.raw(encode_alert_event(event));
  writer.end_array().end_object();
  return text;
}

Body deliver(const Request& request, const AlertPorts& ports) {
  QueryFields query(request);
  const bool failed_too = query.flag("failed");
  const auto id = query.text("id");
  BL_RETURN_IF_ERROR(query.finish());
  if (id) BL_RETURN_IF_ERROR(ports.alerts.revive(*id));
  if (failed_too) {
    BL_TRY([[maybe_unused]] const auto revived, ports.alerts.revive_failed());
  }
  BL_TRY(const AlertDeliveries outcome,
         ports.deliverer.deliver(ports.clock.steady_now() + ports.deliver_time));
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("delivered", outcome.delivered)
      .member("retried", outcome.retried)
      .member("failed", outcome.failed);
  if (!outcome.error.empty()) writer.member("error", outcome.error);
  writer.end_object();
  return text;
}

void write_delivery(json::Writer& writer, const AlertDeliveryView& one) {
  writer.begin_object()
      .member("id", one.id)
      .member("event_id", one.event_id)
      .member("rule_id", one.rule_id)
      .member("channel", one.channel)
      .member("target", one.target)
      .member("status", one.status)
      .member("attempts", one.attempts)
      .member("created_at", to_rfc3339(one.created_at))
      .member("last_attempt_at", to_rfc3339(one.last_attempt_at))
      .member("next_attempt_at", to_rfc3339(one.next_attempt_at))
      .member("delivered_at", to_rfc3339(one.delivered_at))
      .member("last_error", one.last_error)
      .end_object();
}

Body list_deliveries(const Request& request, const AlertPorts& ports) {
  static constexpr std::string_view k_statuses[] = {"pending", "delivered", "failed"};
  QueryFields query(request);
  const auto status = query.choice("status", {"pending", "delivered", "failed"});
  const std::int64_t count = query.integer("page_size", 1, 1000).value_or(100);
  const auto before = cursor_of(query, k_deliveries_list);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto found,
         ports.alerts.deliveries(status ? k_statuses[*status] : std::string_view(), before, count));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("deliveries").begin_array();
  for (const AlertDeliveryView& one : found) write_delivery(writer, one);
  writer.end_array().key("next_page_cursor");
  if (found.size() == static_cast<std::size_t>(count)) {
    writer.value(make_cursor(k_deliveries_list, found.back().id));
  } else {
    writer.null();
  }
  writer.end_object();
  return text;
}

}  // namespace

void add_alert_routes(net::Router& router, const AlertPorts& ports) {
  const auto add = [&](Method method, std::string pattern, Access access,
                       Body (*handle)(const Request&, const AlertPorts&),
                       net::RouteOptions options = {.body_bytes_max = k_body_bytes_max}) {
    router.add(
        {.method = method,
         .pattern = std::move(pattern),
         .access = access,
         .handler = [handle,
                     ports](Request& request) { return answer(request, handle(request, ports)); },
         .options = options});
  };
  add(Method::get, "/api/alert-rules", Access::signed_in, list_rules);
  router.add({.method = Method::post,
              .pattern = "/api/alert-rules",
              .access = Access::write,
              .handler = [ports](Request& request) { return post_rule(request, ports); },
              .options = {.body_bytes_max = k_body_bytes_max}});
  add(Method::get, "/api/alert-rules/{id}", Access::signed_in, get_rule);
  add(Method::put, "/api/alert-rules/{id}", Access::write, put_rule);
  router.add({.method = Method::del,
              .pattern = "/api/alert-rules/{id}",
              .access = Access::write,
              .handler = [ports](Request& request) { return delete_rule(request, ports); },
              .options = {.body_bytes_max = k_body_bytes_max}});
  add(Method::get, "/api/alert-rules/{id}/events", Access::signed_in, list_events);
  add(Method::post, "/api/v1/alerts/evaluate", Access::admin, evaluate,
      {.body_bytes_max = k_body_bytes_max, .deadline = k_evaluate_deadline});
  add(Method::post, "/api/v1/alerts/deliver", Access::admin, deliver,
      {.body_bytes_max = k_body_bytes_max, .deadline = k_deliver_deadline});
  add(Method::get, "/api/v1/alerts/deliveries", Access::admin, list_deliveries);
}

}  // namespace bl::results
