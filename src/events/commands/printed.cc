#include "events/commands/printed.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/time.h"

namespace bl::events {
namespace {

constexpr std::size_t k_refs_shown = 3;

}  // namespace

std::string time_text(std::int64_t nanoseconds) {
  if (nanoseconds <= 0) return "-";
  return to_rfc3339(Timestamp::from_millis(nanoseconds / 1'000'000));
}

std::string refs_text(const std::vector<PartitionRef>& refs) {
  std::string text;
  for (std::size_t i = 0; i < std::min(refs.size(), k_refs_shown); ++i) {
    text.append(i == 0 ? "" : ", ").append(refs[i]);
  }
  if (refs.size() > k_refs_shown) text += fmt::format(" and {} more", refs.size() - k_refs_shown);
  return text;
}

std::string short_name(std::string_view name) {
  for (const std::string_view prefix : {"BUILD_REQUEST_", "PARTITION_", "JOB_"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  return lowered(std::string(name));
}

std::string lowered(std::string id) {
  for (char& c : id) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return id;
}

void print_table(const Table& table, CommandIo& io) {
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}
void print_json(const std::string& text, CommandIo& io) {
  fmt::print(io.out, "{}\n", text);
}

EventInShort in_short(const BuildEvent& event) {
  if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload)) {
    return {short_name(build->status), refs_text(build->requested_partitions)};
  }
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload)) {
    return {short_name(partition->status), partition->partition_ref};
  }
  if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
    return {short_name(job->status), job->job_label + " " + job->job_run_id};
  }
  std::vector<PartitionRef> refs;
  for (const std::string_view ref : partitions_of(event)) refs.emplace_back(ref);
  if (!refs.empty()) return {"", refs_text(refs)};
  return {"", std::string(job_run_of(event))};
}

void print_events(const Events& events, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    for (const BuildEvent& event : events.events) print_json(event_json(event), io);
  } else {
    Table table({{"time"}, {"type"}, {"status"}, {"what"}});
    for (const BuildEvent& event : events.events) {
      const EventInShort brief = in_short(event);
      table.add_row({time_text(event.timestamp), std::string(name_of(event.type())), brief.status,
                     brief.what});
    }
    print_table(table, io);
  }
  if (events.has_more) fmt::print(io.err, "benchlake: there are more events (--limit)\n");
}

CommandOption time_option(std::string name, std::string help) {
  return {.name = std::move(name), .value_name = "TIME", .help = std::move(help)};
}

Result<std::int64_t> time_of(const Arguments& arguments, std::string_view name) {
  constexpr std::int64_t k_of_a_microsecond = 1'000;
  constexpr std::int64_t k_micros_max =
      std::numeric_limits<std::int64_t>::max() / k_of_a_microsecond;
  const std::string& text = arguments.text(name);
  if (const auto nanoseconds = parse_int64(text)) return *nanoseconds;
  const auto instant = parse_rfc3339(text);
  if (!instant.ok() || instant->micros > k_micros_max || instant->micros < -k_micros_max) {
    return Error{Code::invalid,
                 fmt::format("{} is an instant like 2026-11-23T02:00:00Z, or nanoseconds since "
                             "1970: '{}'",
                             name, text)};
  }
  return instant->micros * k_of_a_microsecond;
}

CommandOption since_option() {
  return time_option("--since", "of one's events: only later ones");
}

Result<std::size_t> events_limit_of(const Arguments& arguments) {
  BL_TRY(const std::int64_t limit,
         arguments.integer("--limit", 1, static_cast<std::int64_t>(Slice::k_events_max)));
  return static_cast<std::size_t>(limit);
}

Result<Slice> slice_of(const Arguments& arguments) {
  Slice slice;
  BL_TRY(slice.limit, events_limit_of(arguments));
  if (arguments.has("--since")) {
    BL_TRY(slice.since, time_of(arguments, "--since"));
  }
  return slice;
}

}  // namespace bl::events
