#include "events/api/query_filter.h"

#include "base/uri.h"

namespace bl::events {
namespace {

struct TextFilter {
  const char* parameter;
  std::vector<std::string> EventFilter::* values;
};
constexpr TextFilter k_text_filters[] = {
    {"partition", &EventFilter::partition_refs},
    {"partition_pattern", &EventFilter::partition_patterns},
    {"job_label", &EventFilter::job_labels},
    {"job_run_id", &EventFilter::job_run_ids},
    {"build_request_id", &EventFilter::build_request_ids},
};

}  // namespace

EventFilter filter_of(net::QueryFields& fields) {
  EventFilter filter;
  for (const TextFilter& text : k_text_filters) {
    filter.*text.values = fields.texts(text.parameter);
  }
  for (std::string& id : filter.build_request_ids) {
    for (char& c : id) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (const std::string& name : fields.texts("type")) {
    if (const auto type = event_type_named(name)) {
      filter.types.push_back(*type);
    } else {
      fields.fault("type", "no type of events", name);
    }
  }
  return filter;
}

std::string query_of(const EventFilter& filter) {
  std::string query;
  const auto add = [&query](std::string_view name, std::string_view value) {
    query.append("&").append(name).append("=").append(percent_encode(value));
  };
  for (const TextFilter& text : k_text_filters) {
    for (const std::string& value : filter.*text.values) add(text.parameter, value);
  }
  for (const EventType type : filter.types) add("type", name_of(type));
  return query;
}

}  // namespace bl::events
