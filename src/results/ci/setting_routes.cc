#include "base/json.h"
#include "net/query_fields.h"
#include "results/ci_routes.h"
#include "results/routes.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 4u << 20;
constexpr std::size_t k_text_bytes_max = 1'024;

// Bodies -------------------------------------------------------------------------------------

Result<json::Value> read_object(const Request& request) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  const std::string_view type = request.headers.get("Content-Type");
  if (!is_json(type)) {
    return Error{Code::unsupported_media,
                 "the body is application/json, not: " + std::string(type)};
  }
  BL_TRY(auto body, json::parse(request.body));
  if (body.is_object()) return body;
  return Error{Code::invalid, "the body is not an object"};
}

// A text that PostgreSQL keeps too.
std::string read_text(const json::Value& value, const std::string& path, json::Faults& faults) {
  if (value.is_null()) return {};
  if (!value.is_string()) {
    faults.add(path, "must be a string", &value);
  } else if (value.as_string().find('\0') != std::string::npos) {
    faults.add(path, "must not contain U+0000", &value);
  } else if (value.as_string().size() > k_text_bytes_max) {
    faults.add(path, "must be at most 1024 bytes", &value);
  } else {
    return value.as_string();
  }
  return {};
}

std::string read_repository(const json::Value& body, json::Faults& faults) {
  const json::Value* value = body.find("repository");
  if (value == nullptr || value->is_null()) {
    faults.add("/repository", "is required");
    return {};
  }
  std::string text = read_text(*value, "/repository", faults);
  if (auto repository = normalise_repository(text); repository.ok()) {
    text = std::move(repository).value();
  }
  if (text.empty() && faults.ok()) faults.add("/repository", "must not be empty", value);
  return text;
}

std::optional<double> read_threshold(const json::Value& value, const std::string& path,
                                     json::Faults& faults) {
  if (value.is_null()) return std::nullopt;
  if (!value.is_number() || !(value.as_double() > 0)) {
    faults.add(path, "must be a number greater than zero", &value);
    return std::nullopt;
  }
  return value.as_double();
}

// Thresholds ---------------------------------------------------------------------------------

Result<ThresholdRule> read_rule(const Request& request) {
  BL_TRY(const json::Value body, read_object(request));
  json::Faults faults;
  ThresholdRule rule;
  rule.repository = read_repository(body, faults);
  for (const auto& [key, value] : body.members()) {
    const std::string path = json::pointer_append("", key);
    if (key == "history_fingerprint") {
      rule.history_fingerprint = read_text(value, path, faults);
    } else if (key == "threshold") {
      rule.percent = read_threshold(value, path, faults);
    } else if (key == "threshold_z") {
      rule.z = read_threshold(value, path, faults);
    } else if (key == "notify_improvements") {
      if (!value.is_bool()) {
        faults.add(path, "must be true or false", &value);
      } else {
        rule.notify_improvements = value.as_bool();
      }
    } else if (key != "repository") {
      faults.add(path, "unknown field", &value);
    }
  }
  if (rule.notify_improvements && !rule.history_fingerprint.empty()) {
    faults.add("/notify_improvements", "is a setting of the project, not of a series");
  }
  if (!faults.ok()) return faults.to_error("the threshold");
  return rule;
}

void write_rule(json::Writer& out, const ThresholdRule& rule) {
  out.begin_object().member("repository", rule.repository).key("history_fingerprint");
  if (rule.history_fingerprint.empty()) {
    out.null();
  } else {
    out.value(rule.history_fingerprint);
  }
  out.member("threshold", rule.percent)
      .member("threshold_z", rule.z)
      .member("notify_improvements", rule.notify_improvements)
      .member("updated_at", to_rfc3339(rule.updated_at))
      .member("updated_by", rule.updated_by)
      .end_object();
}

Result<std::string> list_thresholds(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  const std::string repository = query.required_text("repository");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto rules, ports.thresholds.rules(repository));
  std::string text;
  json::Writer out(text);
  out.begin_object().key("default").begin_object();
  const Thresholds built_in;
  out.member("threshold", built_in.percent).member("threshold_z", built_in.z).end_object();
  out.key("thresholds").begin_array();
  for (const ThresholdRule& rule : rules) write_rule(out, rule);
  out.end_array().end_object();
  return text;
}

Result<std::string> put_threshold(const Request& request, const CiRoutePorts& ports) {
  BL_TRY(ThresholdRule rule, read_rule(request));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(rule.repository));
  const Change change = change_of(request, ports.clock);
  BL_RETURN_IF_ERROR(ports.thresholds.set(rule, change));
  rule.updated_at = change.at;
  rule.updated_by = change.actor_name;
  std::string text;
  json::Writer out(text);
  write_rule(out, rule);
  return text;
}

Result<void> remove_threshold(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  const std::string repository = query.required_text("repository");
  const std::string fingerprint = query.text("history_fingerprint").value_or("");
  BL_RETURN_IF_ERROR(query.finish());
  BL_RETURN_IF_ERROR(request.principal.demand_repository(repository));
  BL_TRY(const bool removed,
         ports.thresholds.remove(repository, fingerprint, change_of(request, ports.clock)));
  if (removed) return {};
  return Error{Code::not_found, "there is no such threshold of " + repository +
                                    (fingerprint.empty() ? "" : ": " + fingerprint)};
}

// Pins ---------------------------------------------------------------------------------------

InventoryPin read_pin(const json::Value& value, const std::string& path, json::Faults& faults) {
  InventoryPin pin;
  if (!value.is_object()) {
    faults.add(path, "must be an object with name or history_fingerprint", &value);
    return pin;
  }
  for (const auto& [key, member] : value.members()) {
    const std::string at = json::pointer_append(path, key);
    if (key == "name") {
      pin.name = read_text(member, at, faults);
    } else if (key == "history_fingerprint") {
      pin.history_fingerprint = read_text(member, at, faults);
    } else {
      faults.add(at, "unknown field", &member);
    }
  }
  if (pin.name.empty() == pin.history_fingerprint.empty()) {
    faults.add(path, "must have one of name and history_fingerprint", &value);
  }
  return pin;
}

Result<PinList> read_pins(const Request& request) {
  BL_TRY(const json::Value body, read_object(request));
  json::Faults faults;
  PinList list;
  list.repository = read_repository(body, faults);
  if (body.find("pins") == nullptr) faults.add("/pins", "is required");
  for (const auto& [key, value] : body.members()) {
    const std::string path = json::pointer_append("", key);
    if (key == "run_reason") {
      list.run_reason = read_text(value, path, faults);
    } else if (key == "pins") {
      if (!value.is_array()) {
        faults.add(path, "must be an array", &value);
        continue;
      }
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        list.pins.push_back(read_pin(value.items()[i], json::pointer_append(path, i), faults));
      }
    } else if (key != "repository") {
      faults.add(path, "unknown field", &value);
    }
  }
  if (!faults.ok()) return faults.to_error("the pins");
  return list;
}

void write_pins(json::Writer& out, const PinList& list) {
  out.begin_object().member("repository", list.repository).key("run_reason");
  if (list.run_reason.empty()) {
    out.null();
  } else {
    out.value(list.run_reason);
  }
  out.key("pins").begin_array();
  for (const InventoryPin& pin : list.pins) {
    out.begin_object();
    if (!pin.name.empty()) out.member("name", pin.name);
    if (!pin.history_fingerprint.empty()) {
      out.member("history_fingerprint", pin.history_fingerprint);
    }
    out.end_object();
  }
  out.end_array().end_object();
}

Result<std::string> list_pins(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  const std::string repository = query.required_text("repository");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto lists, ports.inventory.pins(repository));
  std::string text;
  json::Writer out(text);
  out.begin_object().key("lists").begin_array();
  for (const PinList& list : lists) write_pins(out, list);
  out.end_array().end_object();
  return text;
}

Result<std::string> put_pins(const Request& request, const CiRoutePorts& ports) {
  BL_TRY(const PinList list, read_pins(request));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(list.repository));
  BL_RETURN_IF_ERROR(ports.inventory.set_pins(list, change_of(request, ports.clock)));
  std::string text;
  json::Writer out(text);
  write_pins(out, list);
  return text;
}

}  // namespace

void add_ci_setting_routes(net::Router& router, const CiRoutePorts& ports) {
  const auto add = [&](Method method, const char* pattern, Access access,
                       Result<std::string> (*work)(const Request&, const CiRoutePorts&)) {
    add_answer(router, ports, method, pattern, access, work, {.body_bytes_max = k_body_bytes_max});
  };
  add(Method::get, "/api/v1/thresholds", Access::read, list_thresholds);
  add(Method::put, "/api/v1/thresholds", Access::write, put_threshold);
  router.add({.method = Method::del,
              .pattern = "/api/v1/thresholds",
              .access = Access::write,
              .handler = [ports](Request& request) {
                const auto removed = remove_threshold(request, ports);
                if (!removed.ok()) return net::problem(removed.error(), request.request_id);
                return Response::no_content();
              }});
  add(Method::get, "/api/v1/inventory/pins", Access::read, list_pins);
  add(Method::put, "/api/v1/inventory/pins", Access::write, put_pins);
}

}  // namespace bl::results
