#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/server_address.h"

/// What the commands of traces share. Private to them.
namespace bl::traces {

// The commands, each file its own.
Command get_command();
Command search_command();
Command services_command();
Command critical_path_command();
Command export_command();
Command import_command();
Command diff_command();
Command link_command();
Command unlink_command();
Command links_command();
Command track_command();
Command status_command();
Command expire_command();
Command bench_command();
Command triggers_command();

/// Asks the server and prints.
using AskingBody = std::function<Result<ExitCode>(net::ApiClient& server,
                                                  const Arguments& arguments, CommandIo& io)>;
/// The command with the options that name a server.
Command asking_command(Command declaration, AskingBody body);

/// `traces diff` of sets of traces: its options, whether one is given, and what it does.
std::vector<CommandOption> set_options();
bool has_set_options(const Arguments& arguments);
Result<ExitCode> diff_of_sets(net::ApiClient& server, const Arguments& arguments, CommandIo& io);

/// Errors: invalid (no trace id).
Result<std::string> trace_path(const std::string& id);
/// `?a=b&c=d`; of pairs without a value nothing.
std::string query_of(const std::vector<std::pair<const char*, std::string>>& pairs);

/// Members of answers: "" and 0 where they are null.
std::string text_at(const json::Value& object, std::string_view key);
std::int64_t number_at(const json::Value& object, std::string_view key);
double real_at(const json::Value& object, std::string_view key);
/// The elements of a list; none when it is missing.
const json::Array& list_at(const json::Value& object, std::string_view key);

/// `1.24 ms`.
std::string duration_text(std::int64_t nanoseconds);
/// Nanoseconds as text -> `2026-11-23T02:00:00.123Z`, to the millisecond.
std::string start_text(const json::Value& object);
std::string count_text(std::int64_t number);
/// `shop: GET /cart`; `(no root)` of a trace whose root has not come.
std::string root_text(const json::Value& summary);
void print_json(const json::Value& answer, CommandIo& io);
/// What keeps the answer from being whole, and what it cost, on stderr where it matters.
void print_partial(const json::Value& answer, CommandIo& io);

}  // namespace bl::traces
