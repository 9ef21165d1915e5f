#include "results/proof/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/html.h"
#include "base/terminal.h"
#include "results/proof/gates.h"

namespace bl::results::proof {
namespace {

const json::Array& items_of(const json::Value& document, const char* key) {
  static const json::Array k_none;
  const json::Value* found = document.find(key);
  return found != nullptr && found->is_array() ? found->items() : k_none;
}

std::string count_at(const json::Value& value, std::initializer_list<const char*> path) {
  const auto number = number_at(value, path);
  return number ? with_thousands(static_cast<std::uint64_t>(std::llround(*number))) : "-";
}
std::string value_at(const json::Value& value, std::initializer_list<const char*> path,
                     int digits = 1) {
  const auto number = number_at(value, path);
  return number ? fmt::format("{:.{}f}", *number, digits) : "-";
}
std::string bytes_at(const json::Value& value, std::initializer_list<const char*> path) {
  const auto number = number_at(value, path);
  return number ? human_value(*number, "B") : "-";
}

/// A table of a report, for both texts.
struct Table {
  std::string title;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

Table gates_table(const json::Value& document) {
  Table table{"Gates", {"gate", "outcome", "rule", "evidence"}, {}};
  for (const json::Value& gate : items_of(document, "gates")) {
    table.rows.push_back({text_at(gate, "name"), text_at(gate, "outcome"), text_at(gate, "rule"),
                          text_at(gate, "evidence")});
  }
  return table;
}

Table data_table(const json::Value& document) {
  Table table{"What was proved, and on what", {"", ""}, {}};
  const json::Value* settings = document.find("settings");
  const auto add = [&](std::string name, std::string value) {
    table.rows.push_back({std::move(name), std::move(value)});
  };
  const json::Value* data = document.find("data");
  add("store", data == nullptr ? "-" : text_at(*data, "store"));
  add("results", count_at(document, {"data", "rows"}));
  add("series", count_at(document, {"data", "series"}));
  add("runs", count_at(document, {"data", "runs"}));
  add("months", count_at(document, {"data", "months"}));
  add("processors", count_at(document, {"machine", "processors"}));
  add("memory", bytes_at(document, {"machine", "memory_bytes"}));
  add("first export, rows/s", count_at(document, {"export", "rows_per_s"}));
  add("first export, CPU s for a million", value_at(document, {"export", "cpu_s_per_million"}));
  add("replica, bytes a result, all tables", value_at(document, {"export", "bytes_per_row"}));
  add("refreshes beside a writer, rows/s", count_at(document, {"freshness", "append_rows_per_s"}));
  add("compaction, rows/s", count_at(document, {"freshness", "compact_rows_per_s"}));
  if (settings != nullptr) add("repetitions", count_at(*settings, {"repetitions"}));
  return table;
}

Table variants_table(const json::Value& document) {
  Table table{"Layouts of the slim facts",
              {"layout", "files", "bytes", "bytes a row", "written, rows/s", "what"},
              {}};
  for (const json::Value& one : items_of(document, "variants")) {
    table.rows.push_back({text_at(one, "name"), count_at(one, {"files"}), bytes_at(one, {"bytes"}),
                          value_at(one, {"bytes_per_row"}), count_at(one, {"rows_per_s"}),
                          text_at(one, "what")});
  }
  return table;
}

// In the order in which they were measured first.
std::vector<std::string> families_of(const json::Value& document) {
  std::vector<std::string> families;
  for (const json::Value& one : items_of(document, "measurements")) {
    const std::string family = text_at(one, "family");
    if (std::ranges::find(families, family) == families.end()) families.push_back(family);
  }
  return families;
}

Table measurements_table(const json::Value& document) {
  Table table{"Questions",
              {"question", "layout", "state", "readers", "p50 ms", "p95 ms", "requests/s", "CPU ms",
               "read", "files", "files skipped", "rows", "memory, most so far"},
              {}};
  for (const std::string& family : families_of(document)) {
    for (const json::Value& one : items_of(document, "measurements")) {
      if (text_at(one, "family") != family) continue;
      table.rows.push_back({family, text_at(one, "variant"), text_at(one, "state"),
                            count_at(one, {"readers"}), value_at(one, {"p50_ms"}, 2),
                            value_at(one, {"p95_ms"}, 2), value_at(one, {"per_second"}),
                            value_at(one, {"cpu_ms"}, 2), bytes_at(one, {"bytes_read"}),
                            value_at(one, {"files_scanned"}), value_at(one, {"files_skipped"}),
                            count_at(one, {"rows"}), bytes_at(one, {"peak_memory_bytes"})});
    }
  }
  return table;
}

Table interfaces_table(const json::Value& document) {
  Table table{"Interfaces: the same requests to both sides",
              {"interface", "requests", "different", "store p50 ms", "lake p50 ms", "store p95 ms",
               "lake p95 ms", "may be switched"},
              {}};
  const auto add = [&](const std::string& name, const json::Value& one, const std::string& word) {
    table.rows.push_back({name, count_at(one, {"requests"}), count_at(one, {"different"}),
                          value_at(one, {"store_p50_ms"}, 2), value_at(one, {"lake_p50_ms"}, 2),
                          value_at(one, {"store_p95_ms"}, 2), value_at(one, {"lake_p95_ms"}, 2),
                          word});
  };
  for (const json::Value& one : items_of(document, "interfaces")) {
    const json::Value* may = one.find("may_switch");
    add(text_at(one, "name"), one,
        may != nullptr && may->is_bool() && may->as_bool() ? "yes" : "no");
    const json::Value* kinds = one.find("kinds");
    if (kinds == nullptr) continue;
    for (const auto& [kind, figures] : kinds->members()) add("- " + kind, figures, "");
  }
  return table;
}

std::vector<Table> tables_of(const json::Value& document) {
  return {gates_table(document), data_table(document), interfaces_table(document),
          variants_table(document), measurements_table(document)};
}

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// Bars of a question's p50 over all layouts, warm and with one reader, as an SVG.
std::string chart_of(const json::Value& document, const std::string& family) {
  std::vector<std::pair<std::string, double>> bars;
  for (const json::Value& one : items_of(document, "measurements")) {
    if (text_at(one, "family") != family || number_at(one, {"readers"}) != 1.0) continue;
    bars.emplace_back(text_at(one, "variant") + ", " + text_at(one, "state"),
                      number_at(one, {"p50_ms"}).value_or(0));
  }
  double most = 0;
  for (const auto& bar : bars) most = std::max(most, bar.second);
  constexpr int k_row = 22, k_label = 220, k_width = 420;
  std::string svg = fmt::format("<svg viewBox=\"0 0 760 {}\" role=\"img\" aria-label=\"{}\">",
                                k_row * bars.size() + 4, html_escaped(family));
  int y = 2;
  for (const auto& [label, value] : bars) {
    const double width = most > 0 ? value / most * k_width : 0;
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{}\" y=\"{}\" "
        "width=\"{:.1f}\" height=\"{}\"/><text x=\"{:.1f}\" y=\"{}\">{:.2f} ms</text>",
        k_label - 8, y + 15, html_escaped(label), k_label, y + 2, width, k_row - 6,
        k_label + width + 6, y + 15, value);
    y += k_row;
  }
  return svg + "</svg>";
}

std::string heading(const json::Value& document) {
  return fmt::format("Program {}, {}. Outcome: {}.", text_at(document, "program"),
                     text_at(document, "made_at"), text_at(document, "outcome"));
}

constexpr std::string_view k_style =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;"
    "color:#1c2430;background:#fff}table{border-collapse:collapse;margin:.5rem 0 "
    "2rem;display:block;"
    "overflow-x:auto}td,th{border-bottom:1px solid #d8dee6;padding:.25rem .6rem;text-align:left;"
    "vertical-align:top}th{font-weight:600}svg{max-width:47rem;font-size:13px}rect{fill:#3567b1}"
    ".passed{color:#1a7f37}.failed{color:#c62828}.not-run{color:#8a6d00}";

}  // namespace

void add_gates(json::Value& document, std::span<const ProofGate> gates) {
  json::Value all = json::Value::array();
  for (const ProofGate& gate : gates) {
    json::Value one = json::Value::object();
    one.set("name", json::Value::string(gate.name));
    one.set("outcome", json::Value::string(name_of(gate.outcome)));
    one.set("rule", json::Value::string(gate.rule));
    one.set("evidence", json::Value::string(gate.evidence));
    all.items().push_back(std::move(one));
  }
  document.set("gates", std::move(all));
  ProofReport report;
  report.gates.assign(gates.begin(), gates.end());
  document.set("outcome", json::Value::string(name_of(report.outcome())));
}

std::string to_markdown(const json::Value& document) {
  std::string text = "# Proof of the replica\n\n" + heading(document) + " Aggregates only.\n";
  for (const Table& table : tables_of(document)) {
    if (table.rows.empty()) continue;
    text += "\n## " + table.title + "\n\n|";
    for (const std::string& one : table.head) text += " " + one + " |";
    text += "\n|";
    for (std::size_t i = 0; i < table.head.size(); ++i) text += "---|";
    text += "\n";
    for (const auto& row : table.rows) {
      text += "|";
      for (const std::string& one : row) text += " " + cell(one) + " |";
      text += "\n";
    }
  }
  return text;
}

std::string to_html(const json::Value& document) {
  std::string text = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Proof of the "
      "replica</title><style>{}</style><h1>Proof of the replica</h1><p>{}</p>",
      k_style, html_escaped(heading(document)));
  for (const Table& table : tables_of(document)) {
    if (table.rows.empty()) continue;
    text += "<h2>" + html_escaped(table.title) + "</h2>";
    if (table.title == "Questions") {
      for (const std::string& family : families_of(document)) {
        text += "<h3>" + html_escaped(family) + ", median</h3>" + chart_of(document, family);
      }
    }
    text += "<table><tr>";
    for (const std::string& one : table.head) text += "<th>" + html_escaped(one) + "</th>";
    text += "</tr>";
    for (const auto& row : table.rows) {
      text += "<tr>";
      for (const std::string& one : row) {
        const bool is_outcome = one == "passed" || one == "failed" || one == "not run";
        text += is_outcome ? fmt::format("<td class=\"{}\">{}</td>",
                                         one == "not run" ? "not-run" : one, one)
                           : "<td>" + html_escaped(one) + "</td>";
      }
      text += "</tr>";
    }
    text += "</table>";
  }
  return text + "</html>\n";
}

}  // namespace bl::results::proof
