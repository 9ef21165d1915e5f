#pragma once

#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/json.h"
#include "base/terminal.h"
#include "events/encode.h"
#include "events/log.h"

/// Events and what they tell, as people and scripts read them. Private to the commands.
namespace bl::events {

/// Nanoseconds for people, to the millisecond.
std::string time_text(std::int64_t nanoseconds);
/// The first ones, and how many more there are.
std::string refs_text(const std::vector<PartitionRef>& refs);
/// `PARTITION_AVAILABLE` -> `available`.
std::string short_name(std::string_view name);
template <class Status>
std::string short_name(Status status) {
  return short_name(std::string_view(name_of(status)));
}

/// Ids of builds and events are kept in lower case.
std::string lowered(std::string id);

void print_table(const Table& table, CommandIo& io);
/// One line.
void print_json(const std::string& text, CommandIo& io);

/// What encode() has as a text.
template <class T>
std::string json_of(const T& value) {
  std::string text;
  json::Writer writer(text);
  encode(writer, value);
  return text;
}

/// An event's status, empty where its type has none, and what it is about.
struct EventInShort {
  std::string status, what;
};
EventInShort in_short(const BuildEvent& event);
/// One line an event; that there are more is said on standard error.
void print_events(const Events& events, const Arguments& arguments, CommandIo& io);

/// An option that names an instant, and its nanoseconds: a number of them since 1970, or RFC 3339.
CommandOption time_option(std::string name, std::string help);
Result<std::int64_t> time_of(const Arguments& arguments, std::string_view name);

CommandOption since_option();
/// `--limit` of events.
Result<std::size_t> events_limit_of(const Arguments& arguments);
/// `--since` and `--limit` of one thing's events.
Result<Slice> slice_of(const Arguments& arguments);

}  // namespace bl::events
