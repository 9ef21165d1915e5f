#include "results/commands/reading.h"

#include "base/uri.h"

namespace bl::results {

Command reading_command(Command declaration, ReadingBody body) {
  for (CommandOption& option : net::server_options())
    declaration.options.push_back(std::move(option));
  declaration.run = [body](const Arguments& arguments, CommandIo& io) {
    const std::unique_ptr<Disk> disk = make_real_disk();
    const Result<net::ServerAddress> address = net::find_server(arguments, io, *disk);
    if (!address.ok()) return print_error(io, address.error());
    net::ApiClient server(*address);
    const Result<ExitCode> outcome = body(server, arguments, io);
    return outcome.ok() ? *outcome : print_error(io, outcome.error());
  };
  return declaration;
}

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<double> number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

std::string query_of(const std::vector<std::pair<const char*, std::string>>& pairs) {
  std::string query;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    query += (query.empty() ? "?" : "&") + std::string(name) + "=" + percent_encode(value);
  }
  return query;
}

}  // namespace bl::results
