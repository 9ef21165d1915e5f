#include "ops/commands/lake_text.h"

#include <fmt/format.h>

#include "base/terminal.h"

namespace bl::ops {
namespace {

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::uint64_t number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  const auto number = value != nullptr && value->is_number() ? value->as_int64() : std::nullopt;
  return static_cast<std::uint64_t>(number.value_or(0));
}

std::string count_at(const json::Value& object, const char* key) {
  return with_thousands(number_at(object, key));
}

std::string bytes_at(const json::Value& object, const char* key) {
  return human_value(static_cast<double>(number_at(object, key)), "B");
}

const json::Array& items_at(const json::Value& object, const char* key) {
  static const json::Array none;
  const json::Value* list = object.find(key);
  return list != nullptr && list->is_array() ? list->items() : none;
}

std::string lag_of(const json::Value& table) {
  const json::Value* lag = table.find("lag_seconds");
  return human_value(lag != nullptr && lag->is_number() ? lag->as_double() : 0, "s");
}

std::string state_of(const json::Value& table) {
  const std::string fenced = text_at(table, "fenced");
  return fenced.empty() ? "fine" : "fenced: " + fenced;
}

void print(const Table& table, CommandIo& io) {
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

void print_findings(const json::Value& answer, CommandIo& io) {
  for (const json::Value& finding : items_at(answer, "findings")) {
    fmt::print(io.out, "{}: {}: {}\n", text_at(finding, "table"), text_at(finding, "key"),
               text_at(finding, "what"));
  }
  fmt::print(io.err, "{} files of {} tables, findings: {}\n", count_at(answer, "files"),
             count_at(answer, "tables"), count_at(answer, "found"));
}

void print_compacted(const json::Value& answer, CommandIo& io) {
  Table table({{"table"},
               {"files before", Table::Align::right},
               {"files after", Table::Align::right},
               {"rows", Table::Align::right}});
  for (const json::Value& one : items_at(answer, "tables")) {
    table.add_row({text_at(one, "name"), count_at(one, "files_before"),
                   count_at(one, "files_after"), count_at(one, "rows")});
  }
  print(table, io);
}

void print_rebuilt(const json::Value& answer, CommandIo& io) {
  fmt::print(io.err, "catalog made anew: {} tables, {} files, {} rows\n",
             count_at(answer, "tables"), count_at(answer, "files"), count_at(answer, "rows"));
  const std::string aside = text_at(answer, "aside");
  if (!aside.empty()) fmt::print(io.err, "the former one is now {}\n", aside);
}

}  // namespace

void print_lake(const json::Value& answer, CommandIo& io) {
  fmt::print(io.out, "files    {}\ncatalog  {}\njournal  {}\nDelta    {}\n\n",
             text_at(answer, "objects"), text_at(answer, "catalog"), text_at(answer, "journal"),
             answer.find("delta") != nullptr && answer.find("delta")->as_bool() ? "yes" : "no");
  Table table({{"table"},
               {"snapshot", Table::Align::right},
               {"files", Table::Align::right},
               {"rows", Table::Align::right},
               {"bytes", Table::Align::right},
               {"rows in no file", Table::Align::right},
               {"oldest of them", Table::Align::right},
               {"state"}});
  for (const json::Value& one : items_at(answer, "tables")) {
    table.add_row({text_at(one, "name"), std::to_string(number_at(one, "snapshot")),
                   count_at(one, "files"), count_at(one, "rows"), bytes_at(one, "bytes"),
                   count_at(one, "tail_rows"), lag_of(one), state_of(one)});
  }
  print(table, io);
}

void print_lake_table(const json::Value& answer, CommandIo& io) {
  fmt::print(io.out, "{}: {} rows in {} files, {}; {} rows in no file yet; {}\n",
             text_at(answer, "name"), count_at(answer, "rows"), count_at(answer, "files"),
             bytes_at(answer, "bytes"), count_at(answer, "tail_rows"), state_of(answer));
  fmt::print(io.out, "in no snapshot, until expire and sweep remove them: {} files, {}\n\n",
             count_at(answer, "dead_files"), bytes_at(answer, "dead_bytes"));
  Table table({{"snapshot", Table::Align::right},
               {"made at"},
               {"by"},
               {"files", Table::Align::right},
               {"rows", Table::Align::right}});
  for (const json::Value& one : items_at(answer, "snapshots")) {
    table.add_row({std::to_string(number_at(one, "id")), text_at(one, "at"), text_at(one, "what"),
                   count_at(one, "files"), count_at(one, "rows")});
  }
  print(table, io);
}

void print_replicated(const json::Value& answer, CommandIo& io) {
  if (const json::Value* gone = answer.find("gone"); gone != nullptr) {
    for (const json::Value& key : items_at(answer, "held")) {
      fmt::print(io.out, "{}\n", key.as_string());
    }
    fmt::print(io.err, "{}: {} files read, {} removed, {} still have it\n",
               gone->as_bool() ? "gone" : "not gone", count_at(answer, "files_read"),
               count_at(answer, "files_removed"), items_at(answer, "held").size());
  } else if (answer.find("months") != nullptr) {
    for (const json::Value& finding : items_at(answer, "findings")) {
      fmt::print(io.out, "{}: {}: {}: result {} {}\n", text_at(finding, "table"),
                 number_at(finding, "month"), text_at(finding, "what"),
                 number_at(finding, "result_no"), text_at(finding, "result_id"));
    }
    const json::Value* sweeps = answer.find("sweeps");
    if (sweeps != nullptr) {
      for (const json::Value& finding : items_at(*sweeps, "findings")) {
        fmt::print(io.out, "{}: {}: run {} ({})\n", text_at(finding, "table"),
                   text_at(finding, "what"), number_at(finding, "github_run_id"),
                   number_at(finding, "run_no"));
      }
      fmt::print(io.err, "{} rows of {} runs of sweeps compared, differences: {}{}\n",
                 count_at(*sweeps, "rows"), count_at(*sweeps, "runs"), count_at(*sweeps, "found"),
                 sweeps->find("repaired")->as_bool() ? ", mended" : "");
    }
    fmt::print(io.err, "{} results of {} months compared, differences: {}{}\n",
               count_at(answer, "rows"), count_at(answer, "months"), count_at(answer, "found"),
               answer.find("repaired")->as_bool() ? ", mended" : "");
  } else {
    fmt::print(io.err, "{}: {} results exported, {} changes brought over\n",
               text_at(answer, "state"), count_at(answer, "exported"), count_at(answer, "changes"));
    if (const json::Value* sweeps = answer.find("sweeps")) {
      fmt::print(io.err, "{} runs of sweeps brought over, {} removed\n", count_at(*sweeps, "runs"),
                 count_at(*sweeps, "removed"));
    }
  }
}

void print_outcome(std::string_view name, const json::Value& answer, CommandIo& io) {
  if (name == "verify") return print_findings(answer, io);
  if (name == "compact") return print_compacted(answer, io);
  if (name == "rebuild") return print_rebuilt(answer, io);
  if (name == "expire") {
    fmt::print(io.err, "files removed: {}; kept, because the Delta log still lists them: {}\n",
               count_at(answer, "files"), count_at(answer, "kept"));
  } else if (name == "sweep") {
    fmt::print(io.err, "files removed: {}\n", count_at(answer, "removed"));
  } else {
    fmt::print(io.err, "{} is as it was at snapshot {}; that is now snapshot {}\n",
               text_at(answer, "table"), number_at(answer, "to"), number_at(answer, "snapshot"));
  }
}

}  // namespace bl::ops
