#include "traces/commands/asking.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/trace_id.h"
#include "base/uri.h"

namespace bl::traces {

Command asking_command(Command declaration, AskingBody body) {
  for (CommandOption& option : net::server_options()) {
    declaration.options.push_back(std::move(option));
  }
  declaration.run = [body = std::move(body)](const Arguments& arguments, CommandIo& io) {
    const std::unique_ptr<Disk> disk = make_real_disk();
    const auto address = net::find_server(arguments, io, *disk);
    if (!address.ok()) return print_error(io, address.error());
    net::ApiClient server(*address);
    const auto outcome = body(server, arguments, io);
    return outcome.ok() ? *outcome : print_error(io, outcome.error());
  };
  return declaration;
}

Result<std::string> trace_path(const std::string& id) {
  const auto trace = TraceId::from_text(id);
  if (!trace) return Error{Code::invalid, "no trace id, 1 to 32 hex digits: " + id};
  return "/api/v1/traces/" + trace->hex();
}

std::string query_of(const std::vector<std::pair<const char*, std::string>>& pairs) {
  std::string query;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    query.append(query.empty() ? "?" : "&").append(name).append("=").append(percent_encode(value));
  }
  return query;
}

std::string text_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::int64_t number_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr) return 0;
  if (value->is_string()) return parse_int64(value->as_string()).value_or(0);
  return value->is_number() ? value->as_int64().value_or(0) : 0;
}

double real_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_number() ? value->as_double() : 0;
}

const json::Array& list_at(const json::Value& object, std::string_view key) {
  static const json::Array k_none;
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_array() ? value->items() : k_none;
}

std::string duration_text(std::int64_t nanoseconds) {
  return human_value(static_cast<double>(nanoseconds), "ns");
}

std::string start_text(const json::Value& object) {
  return to_rfc3339(Timestamp::from_millis(number_at(object, "start_ns") / 1'000'000));
}

std::string count_text(std::int64_t number) {
  return with_thousands(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)));
}

std::string root_text(const json::Value& summary) {
  const std::string service = text_at(summary, "root_service");
  const std::string name = text_at(summary, "root_name");
  return service.empty() && name.empty() ? "(no root)" : service + ": " + name;
}

void print_json(const json::Value& answer, CommandIo& io) {
  fmt::print(io.out, "{}\n", json::to_text(answer));
}

void print_partial(const json::Value& answer, CommandIo& io) {
  const std::string reason = text_at(answer, "partial_reason");
  if (!reason.empty()) fmt::print(io.err, "benchlake: not the whole answer: {}\n", reason);
}

}  // namespace bl::traces
