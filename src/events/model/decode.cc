#include "events/decode.h"

#include <fmt/format.h>

#include "events/model/json_reader.h"

namespace bl::events {
namespace {

constexpr std::string_view k_refused = "the event cannot be accepted";
constexpr std::string_view k_blanks = " \t\r\n";

json::ParseLimits parse_limits(const EventLimits& limits, std::size_t bytes) {
  // A manifest is an object in a list; tasks, configs and refs stand within the innermost one.
  const auto depth = static_cast<int>(2 * limits.manifest_depth_max + 16);
  // How long a text may be is the rules' to say: too_large, with its path.
  return {.bytes_max = bytes, .depth_max = depth, .string_bytes_max = bytes};
}

/// The same error, its faults below a path (of an event in a list, of a line).
Error below(Error error, const std::string& path) {
  for (Fault& fault : error.faults) fault.path = path + fault.path;
  return std::move(error).with_context(path);
}

Result<BuildEvent> decode_text(std::string_view text, const EventLimits& limits) {
  BL_TRY(const json::Value value, json::parse(text, parse_limits(limits, text.size())));
  return decode_event(value, limits);
}

Result<std::vector<BuildEvent>> decode_list(const json::Array& items, const EventLimits& limits) {
  std::vector<BuildEvent> events;
  events.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto event = decode_event(items[i], limits);
    if (!event.ok()) return below(std::move(event).error(), fmt::format("/{}", i));
    events.push_back(std::move(event).value());
  }
  return events;
}

Result<std::vector<BuildEvent>> decode_lines(std::string_view text, const EventLimits& limits) {
  std::vector<BuildEvent> events;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(k_blanks) == std::string_view::npos) continue;
    auto event = decode_text(line, limits);
    if (!event.ok()) return below(std::move(event).error(), fmt::format("line {}", number));
    events.push_back(std::move(event).value());
  }
  return events;
}

/// Runs one of the reader's functions over a text of its own.
template <class Read>
auto decode_part(std::string_view text, std::string_view what, const EventLimits& limits,
                 const Read& read)
    -> Result<decltype(read(std::declval<JsonReader&>(), std::declval<const json::Value&>()))> {
  BL_TRY(const json::Value value, json::parse(text, parse_limits(limits, text.size())));
  json::Faults faults;
  JsonReader reader(faults, limits);
  auto part = read(reader, value);
  if (!faults.ok()) return faults.to_error(what);
  return part;
}

}  // namespace

Result<BuildEvent> decode_event(const json::Value& value, const EventLimits& limits) {
  json::Faults faults;
  BuildEvent event = JsonReader(faults, limits).event(value, "");
  if (!faults.ok()) return faults.to_error(k_refused);
  BL_RETURN_IF_ERROR(validate(event, limits));
  return event;
}

Result<std::vector<BuildEvent>> decode_events(std::string_view text, const EventLimits& limits) {
  const std::size_t first = text.find_first_not_of(k_blanks);
  if (first != std::string_view::npos && text[first] == '{') {
    // Lines, when the first one is a document; else one document over many lines.
    const std::size_t end = std::min(text.find('\n', first), text.size());
    const std::string_view line = text.substr(first, end - first);
    if (text.find_first_not_of(k_blanks, end) != std::string_view::npos &&
        json::parse(line, parse_limits(limits, line.size())).ok())
      return decode_lines(text, limits);
  }
  BL_TRY(const json::Value value, json::parse(text, parse_limits(limits, text.size())));
  if (value.is_array()) return decode_list(value.items(), limits);
  BL_TRY(BuildEvent event, decode_event(value, limits));
  std::vector<BuildEvent> events;
  events.push_back(std::move(event));
  return events;
}

Result<JobConfig> decode_job_config(std::string_view json, const EventLimits& limits) {
  return decode_part(json, "the job's config", limits,
                     [](JsonReader& reader, const json::Value& v) { return reader.config(v, ""); });
}

Result<std::vector<PartitionManifest>> decode_manifests(std::string_view json,
                                                        const EventLimits& limits) {
  return decode_part(json, "the manifests", limits, [](JsonReader& reader, const json::Value& v) {
    return reader.manifests(v, "", 1);
  });
}

Result<JobGraph> decode_job_graph(std::string_view json, const EventLimits& limits) {
  return decode_part(json, "the job graph", limits,
                     [](JsonReader& reader, const json::Value& v) { return reader.graph(v, ""); });
}

}  // namespace bl::events
