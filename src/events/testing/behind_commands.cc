#include "events/testing/behind_commands.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/numbers.h"
#include "events/append_check.h"
#include "events/encode.h"

namespace bl::events {
namespace {

constexpr const char* k_more = "benchlake: there are more events";

std::string text_of(const Error& error) {
  return fmt::format(R"({{"error":"{}"}})", name_of(error.code));
}

Code code_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::outcome_unknown); ++i) {
    if (name == name_of(static_cast<Code>(i))) return static_cast<Code>(i);
  }
  ADD_FAILURE() << "no code: " << name;
  return Code::internal;
}

/// The line that a command with `--json` ends on when it fails.
Error error_of(const CommandEnd& end) {
  const auto line = json::parse(end.err);
  if (end.code != 2 || !end.out.empty() || !line.ok() || line->find("code") == nullptr) {
    ADD_FAILURE() << "exit code " << end.code << ", " << end.out << end.err;
    return {Code::internal, end.err};
  }
  Error error(code_named(line->find("code")->as_string()), line->find("message")->as_string());
  for (const json::Value& fault : line->find("faults")->items()) {
    error.faults.push_back({fault.find("path")->as_string(), fault.find("message")->as_string(),
                            fault.find("value")->as_string()});
  }
  return error;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) ADD_FAILURE() << "a line without an end: " << text.substr(at);
    lines.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(text.empty() ? "" : ",").append(line);
  return text;
}

/// The event of `{"sequence":1,"event":{...}}`, byte by byte.
std::string event_in(const std::string& line, Sequence* sequence) {
  const std::size_t at = line.find(R"(,"event":)");
  if (!line.starts_with(R"({"sequence":)") || at == std::string::npos) {
    ADD_FAILURE() << "no event with a sequence: " << line;
    return line;
  }
  *sequence = parse_int64(line.substr(12, at - 12)).value_or(-1);
  return line.substr(at + 9, line.size() - at - 10);
}

std::vector<std::string> filter_words(const EventFilter& filter) {
  std::vector<std::string> words;
  const auto add = [&](const char* option, const std::vector<std::string>& values) {
    for (const std::string& value : values) words.insert(words.end(), {option, value});
  };
  add("--partition", filter.partition_refs);
  add("--partitions", filter.partition_patterns);
  add("--job", filter.job_labels);
  add("--job-run", filter.job_run_ids);
  add("--build", filter.build_request_ids);
  for (const EventType type : filter.types) add("--type", {std::string(name_of(type))});
  return words;
}

}  // namespace

Result<CommandEnd> BehindCommands::run(const Words& words, const std::string& input) const {
  CommandEnd end = run_(words, input);
  if (end.code != 0) return error_of(end);
  return end;
}

Result<json::Value> BehindCommands::run_for_json(const Words& words) const {
  BL_TRY(const CommandEnd end, run(words));
  EXPECT_EQ(std::ranges::count(end.out, '\n'), 1) << end.out;
  return json::parse(end.out);
}

Result<Appended> BehindCommands::append(std::span<const BuildEvent> events) {
  // JSON has no words for bytes that are no UTF-8: whoever writes it finds them.
  const auto checked = check_batch(events);
  if (!checked.ok() && checked.error().message.find("UTF-8") != std::string::npos) {
    return checked.error();
  }
  // A list, not lines: its faults name events as the log does.
  std::string input;
  json::Writer writer(input);
  writer.begin_array();
  for (const BuildEvent& event : events) encode_event(writer, event);
  writer.end_array();
  BL_TRY(const CommandEnd end, run({"append", "--json"}, input));
  BL_TRY(const json::Value said, json::parse(end.out));
  return Appended{.added = said.find("added")->as_int64().value_or(-1),
                  .repeated = said.find("repeated")->as_int64().value_or(-1)};
}

std::string BehindCommands::events_of(Words words, const Slice& slice,
                                      const std::string& id) const {
  words.insert(words.end(), {"--json", "--limit", std::to_string(slice.limit)});
  if (slice.since) words.push_back("--since=" + std::to_string(*slice.since));
  if (!id.empty()) words.insert(words.end(), {"--", id});
  const auto end = run(words);
  if (!end.ok() && end.error().code == Code::not_found) return R"({"events":[],"has_more":false})";
  if (!end.ok()) return text_of(end.error());
  return fmt::format(R"({{"events":[{}],"has_more":{}}})", joined(lines_of(end->out)),
                     end->err.starts_with(k_more));
}

std::string BehindCommands::range_of(const Question& question) const {
  return events_of(
      {"range", "--from=" + std::to_string(question.start), "--to=" + std::to_string(question.end)},
      question.slice, "");
}

std::string BehindCommands::pages_of(const Question& question) const {
  std::string text = R"({"pages":[)";
  Sequence after = 0;
  for (bool has_more = true; has_more;) {
    // One more than the page tells whether there is another one.
    Words words = {"tail", "--until-end", "--since=" + std::to_string(after), "--count",
                   std::to_string(question.slice.limit + 1)};
    for (std::string& word : filter_words(question.filter)) words.push_back(std::move(word));
    const CommandEnd end = run_(words, "");
    if (end.code != 0) return fmt::format(R"({{"fault":"{}"}})", end.err);
    std::vector<std::string> lines = lines_of(end.out);
    has_more = lines.size() > question.slice.limit;
    if (has_more) lines.pop_back();
    for (std::string& line : lines) {
      Sequence sequence = 0;
      line = event_in(line, &sequence);
      if (sequence <= after) return R"({"fault":"a sequence does not grow"})";
      after = sequence;
    }
    text.append(text.back() == ']' ? ",[" : "[").append(joined(lines)).append("]");
  }
  return text + "]}";
}

std::string BehindCommands::list_of(const char* list, const Question& question,
                                    std::string_view status) const {
  Words words = {list,       "--json",
                 "--limit",  std::to_string(question.paging.limit),
                 "--offset", std::to_string(question.paging.offset)};
  if (!status.empty()) words.insert(words.end(), {"--status", std::string(status)});
  if (!question.search.empty()) words.insert(words.end(), {"--", question.search});
  const auto end = run(words);
  if (!end.ok()) return text_of(end.error());
  const std::string begin = fmt::format(R"({{"{}":)", list);
  EXPECT_TRUE(end->out.starts_with(begin) && end->out.ends_with("\n")) << end->out;
  return R"({"items":)" + end->out.substr(begin.size(), end->out.size() - begin.size() - 1);
}

std::string BehindCommands::one_of(const Words& words, const char* member,
                                   const char* otherwise) const {
  const auto said = run_for_json(words);
  if (!said.ok() && said.error().code == Code::not_found) return otherwise;
  if (!said.ok()) return text_of(said.error());
  return json::to_text(*said->find(member));
}

std::string BehindCommands::ask(const Question& question) {
  const Words partition = {"partitions", "--summary", "--json", "--", question.id};
  switch (question.ask) {
    case Ask::build_request_events:
      return events_of({"builds"}, question.slice, question.id);
    case Ask::partition_events:
      return events_of({"partitions"}, question.slice, question.id);
    case Ask::job_run_events:
      return events_of({"jobs", "--run", question.id}, question.slice, "");
    case Ask::events_in_range:
      return range_of(question);
    case Ask::event: {
      const auto end = run({"show", "--json", "--", question.id});
      if (!end.ok()) return end.error().code == Code::not_found ? "null" : text_of(end.error());
      Sequence sequence = 0;
      return event_in(lines_of(end->out).at(0), &sequence);
    }
    case Ask::list:
      return pages_of(question);
    case Ask::latest_partition_status: {
      const std::string code = one_of(partition, "status_code", "");
      if (code.empty()) return "null";
      return fmt::format(R"({{"status_code":{},"timestamp":{}}})", code,
                         one_of(partition, "timestamp", ""));
    }
    case Ask::active_builds_for_partition:
      return one_of(partition, "active_builds", "[]");
    case Ask::build_request_for_available_partition:
      return one_of(partition, "available_build_request_id", "null");
    case Ask::build_request: {
      const auto end = run({"builds", "--summary", "--json", "--", question.id});
      if (!end.ok()) return end.error().code == Code::not_found ? "null" : text_of(end.error());
      return lines_of(end->out).at(0);
    }
    case Ask::list_build_requests:
      return list_of("builds", question,
                     question.build_status ? name_of(*question.build_status) : "");
    case Ask::list_recent_partitions:
      return list_of("partitions", question,
                     question.partition_status ? name_of(*question.partition_status) : "");
    case Ask::list_jobs:
      return list_of("jobs", question, "");
    case Ask::activity: {
      const auto end = run({"activity", "--json"});
      return end.ok() ? lines_of(end->out).at(0) : text_of(end.error());
    }
  }
  return "";
}

}  // namespace bl::events
