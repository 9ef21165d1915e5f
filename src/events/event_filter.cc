#include "events/event_filter.h"

#include <algorithm>

namespace bl::events {
namespace {

// Bytes of the character that begins here.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  return size;
}

template <class Texts>
bool has(const Texts& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

bool matches_partitions(const EventFilter& filter, const BuildEvent& event) {
  if (filter.partition_refs.empty() && filter.partition_patterns.empty()) return true;
  const auto refs = partitions_of(event);
  const auto is_named = [&](std::string_view ref) { return has(filter.partition_refs, ref); };
  const auto is_meant = [&](std::string_view ref) {
    return std::ranges::any_of(filter.partition_patterns, [&](const std::string& pattern) {
      return glob_matches(pattern, ref);
    });
  };
  return (filter.partition_refs.empty() || std::ranges::any_of(refs, is_named)) &&
         (filter.partition_patterns.empty() || std::ranges::any_of(refs, is_meant));
}

bool matches_label(const EventFilter& filter, const BuildEvent& event) {
  if (filter.job_labels.empty()) return true;
  const auto* job = std::get_if<JobEvent>(&event.payload);
  return job != nullptr && has(filter.job_labels, job->job_label);
}

bool matches_run(const EventFilter& filter, const BuildEvent& event) {
  if (filter.job_run_ids.empty()) return true;
  const std::string_view run = job_run_of(event);
  return !run.empty() && has(filter.job_run_ids, run);
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Behind the last `*`: where it stands, and how much of the text it has taken.
  std::size_t star = std::string_view::npos, taken = 0;
  std::size_t p = 0, t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character_size(text.substr(t));
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_empty(const EventFilter& filter) {
  return filter.partition_refs.empty() && filter.partition_patterns.empty() &&
         filter.job_labels.empty() && filter.job_run_ids.empty() &&
         filter.build_request_ids.empty() && filter.types.empty();
}

bool matches(const EventFilter& filter, const BuildEvent& event) {
  if (!filter.types.empty() && std::ranges::find(filter.types, event.type()) == filter.types.end())
    return false;
  if (!filter.build_request_ids.empty() && !has(filter.build_request_ids, event.build_request_id))
    return false;
  return matches_label(filter, event) && matches_run(filter, event) &&
         matches_partitions(filter, event);
}

}  // namespace bl::events
