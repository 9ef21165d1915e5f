#include "events/commands/filter_options.h"

#include "events/commands/printed.h"

namespace bl::events {
namespace {

struct TextOption {
  const char* option;
  const char* value_name;
  const char* help;
  std::vector<std::string> EventFilter::* values;
};
constexpr TextOption k_text_options[] = {
    {"--partition", "REF", "events that name the partition", &EventFilter::partition_refs},
    {"--partitions", "GLOB", "the same by a pattern: data/users/*",
     &EventFilter::partition_patterns},
    {"--job", "LABEL", "events of the job", &EventFilter::job_labels},
    {"--job-run", "ID", "events of the run", &EventFilter::job_run_ids},
    {"--build", "ID", "events of the build", &EventFilter::build_request_ids},
};

}  // namespace

void add_filter_options(Command& command) {
  for (const TextOption& text : k_text_options) {
    command.options.push_back(
        {.name = text.option, .value_name = text.value_name, .help = text.help, .repeated = true});
  }
  std::string types;
  for (std::size_t i = 0; i < k_event_types; ++i) {
    types.append(i == 0 ? "" : ", ").append(name_of(static_cast<EventType>(i)));
  }
  command.options.push_back(
      {.name = "--type", .value_name = "TYPE", .help = "one of " + types, .repeated = true});
}

Result<EventFilter> filter_of(const Arguments& arguments) {
  EventFilter filter;
  for (const TextOption& text : k_text_options) filter.*text.values = arguments.list(text.option);
  for (std::string& id : filter.build_request_ids) id = lowered(std::move(id));
  for (const std::string& name : arguments.list("--type")) {
    const auto type = event_type_named(name);
    if (!type) return Error{Code::invalid, "--type is no type of events: " + name};
    filter.types.push_back(*type);
  }
  return filter;
}

}  // namespace bl::events
