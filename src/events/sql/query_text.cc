#include "events/sql/query_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/numbers.h"

namespace bl::events {
namespace {

struct EventTable {
  std::string_view name;
  std::string_view type;     // of its events; empty: all
  std::string_view columns;  // of the struct
};

constexpr std::array<EventTable, 9> k_tables = {{
    {"build_events", "", ""},
    {"build_request_events", "build_request",
     "status_code, status_name, requested_partitions, message"},
    {"partition_events", "partition",
     "partition_ref, status_code, status_name, message, job_run_id"},
    {"job_events", "job",
     "job_run_id, job_label, target_partitions, status_code, status_name, message, config, "
     "manifests"},
    {"delegation_events", "delegation", "partition_ref, delegated_to_build_request_id, message"},
    {"job_graph_events", "job_graph", "job_graph, message"},
    {"partition_invalidation_events", "partition_invalidation", "partition_ref, reason"},
    {"task_cancel_events", "task_cancel", "job_run_id, reason"},
    {"build_cancel_events", "build_cancel", "reason"},
}};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Does a whole word stand anywhere? In a text or a comment, too: then a table is made for nothing.
bool names(std::string_view lowered, std::string_view word) {
  for (std::size_t at = lowered.find(word); at != std::string_view::npos;
       at = lowered.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(lowered[at - 1])) && (end == lowered.size() || !is_word(lowered[end])))
      return true;
  }
  return false;
}

std::string definition(const EventTable& table) {
  if (table.type.empty()) {
    return fmt::format(
        "{} AS (SELECT event_id, \"timestamp\", build_request_id, event_type FROM events)",
        table.name);
  }
  std::string columns;
  std::string_view rest = table.columns;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    columns += fmt::format(", {}_event.{}", table.type, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return fmt::format(
      "{} AS (SELECT event_id, \"timestamp\", build_request_id{} FROM events WHERE event_type = "
      "'{}')",
      table.name, columns, table.type);
}

/// Walks over the words at the beginning of SQL, blanks and comments between.
class Beginning {
 public:
  explicit Beginning(std::string_view sql) : sql_(sql) {}

  /// The next word, lower case; empty when something else stands there. `at()` is its first
  /// character.
  std::string word() {
    skip();
    std::size_t end = at_;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    return lower(sql_.substr(at_, end - at_));
  }
  std::size_t at() const { return at_; }
  void pass(const std::string& word) { at_ += word.size(); }

 private:
  void skip() {
    while (at_ < sql_.size()) {
      const std::string_view rest = sql_.substr(at_);
      if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
        ++at_;
      } else if (rest.starts_with("--")) {
        at_ += std::min(rest.find('\n'), rest.size());
      } else if (rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/", 2);
        at_ += end == std::string_view::npos ? rest.size() : end + 2;
      } else {
        return;
      }
    }
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

}  // namespace

QueryText with_event_tables(std::string_view sql) {
  const std::string lowered = lower(sql);
  std::string tables;
  for (const EventTable& table : k_tables) {
    if (!names(lowered, table.name)) continue;
    tables += (tables.empty() ? "" : ", ") + definition(table);
  }
  QueryText text{.sql = std::string(sql), .lines_before = 0};
  if (tables.empty()) return text;
  // Words that go to the front leave blanks behind.
  std::string front;
  Beginning beginning(sql);
  const auto take = [&](const std::string& word) {
    text.sql.replace(beginning.at(), word.size(), word.size(), ' ');
    beginning.pass(word);
    front += word + " ";
  };
  std::string word = beginning.word();
  while (word == "explain" || word == "analyze" || word == "describe" || word == "summarize") {
    take(word);
    word = beginning.word();
  }
  const bool has_with = word == "with";
  if (has_with) {
    take(word);
    if (word = beginning.word(); word == "recursive") take(word);
  } else {
    front += "with ";
  }
  text.sql = front + tables + (has_with ? "," : "") + "\n" + text.sql;
  text.lines_before = 1;
  return text;
}

Error in_user_lines(Error error, int lines_before) {
  constexpr std::string_view k_line = "line ";
  // `at line 3, column 4: sentence`; the fault says `line 3, column 4`.
  const auto correct = [&](std::string& text, std::string_view before) {
    if (!text.starts_with(before)) return true;
    std::size_t end = before.size();
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    const auto line = parse_int64(text.substr(before.size(), end - before.size()));
    if (!line || *line <= lines_before) return false;
    text.replace(before.size(), end - before.size(), std::to_string(*line - lines_before));
    return true;
  };
  if (lines_before == 0) return error;
  if (!correct(error.message, "at line ")) {
    error.message.erase(0, std::min(error.message.find(": ") + 2, error.message.size()));
  }
  std::erase_if(error.faults, [&](Fault& fault) { return !correct(fault.message, k_line); });
  return error;
}

}  // namespace bl::events
