#include <algorithm>

#include "inference/api/encode_charts.h"
#include "inference/csv_export.h"
#include "inference/number_text.h"

namespace bl::inference {
namespace {

std::string as_csv(CsvTable table, const std::vector<std::string>& notes) {
  guard_formulas(table);
  return csv_text(table, notes);
}

CsvCell cell(const std::optional<std::string>& text) {
  return text ? CsvCell(*text) : CsvCell();
}

template <class... Cells>
void append(std::vector<CsvCell>& row, Cells&&... cells) {
  (row.emplace_back(std::forward<Cells>(cells)), ...);
}

// What of a chart its rows do not say.
std::string day_note(const std::optional<std::string>& date) {
  return date ? "as of " + *date : "as of now";
}

std::vector<std::string> notes_of(const LineChoice& lines, std::string what) {
  return {lines.model + ", " + lines.sequence.name, std::move(what)};
}

CsvCell joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : " ") + text;
  return all.empty() ? CsvCell() : CsvCell(all);
}

// The ids and the runs of the points that a value was read between.
void add_provenance(std::vector<CsvCell>& row, const std::vector<const StoredPoint*>& nearest) {
  std::vector<std::string> ids, runs;
  for (const StoredPoint* stored : nearest) {
    ids.push_back(std::to_string(stored->id));
    const auto url = run_url_of(*stored);
    if (url && std::find(runs.begin(), runs.end(), *url) == runs.end()) runs.push_back(*url);
  }
  append(row, joined(ids), joined(runs));
}

bool is_on_front(const ChartState& state, const ShownPoint& shown) {
  return std::any_of(state.fronts.begin(), state.fronts.end(), [&](const ChartFront& front) {
    return std::any_of(front.points.begin(), front.points.end(),
                       [&](const ShownPoint& one) { return one.position == shown.position; });
  });
}

void add_columns(CsvTable& table, std::initializer_list<std::string> headers) {
  table.headers.insert(table.headers.end(), headers);
}

}  // namespace

std::string frontier_csv(const Frontier& frontier, const FrontierQuery& query,
                         const ReadPorts& ports) {
  const SequenceChoice& sequence = query.lines.sequence;
  const SequenceLabel lengths{.name = sequence.name,
                              .label = sequence.name,
                              .isl = sequence.isl.value_or(0),
                              .osl = sequence.osl.value_or(0)};
  const InferenceCsv what{.model = query.lines.model,
                          .sequence = sequence.is_agentic() ? nullptr : &lengths};
  CsvTable all;
  for (const ChartState& state : frontier.states) {
    std::vector<ChartPoint> points;
    for (const ShownPoint& shown : state.shown) {
      points.push_back(
          *known_point(*state.stored[shown.position], frontier.x_name, ports, CarriedValues::all));
    }
    CsvTable table = inference_csv(points, what);
    add_columns(table, {frontier.x_label, std::string(query.chart.metric->label), "On Front",
                        "As Of", "Image", "Run", "Artifact", "Path", "Point"});
    for (std::size_t i = 0; i < state.shown.size(); ++i) {
      const ShownPoint& shown = state.shown[i];
      const StoredPoint& stored = *state.stored[shown.position];
      append(table.rows[i], shown.at.x, shown.at.y, is_on_front(state, shown), cell(state.as_of),
             cell(stored.row.image), cell(run_url_of(stored)), stored.origin.artifact,
             stored.origin.path, std::to_string(stored.id));
    }
    all.headers = std::move(table.headers);
    std::move(table.rows.begin(), table.rows.end(), std::back_inserter(all.rows));
  }
  std::string chart(query.chart.metric->title);
  chart += " over " + frontier.x_label + ", " + day_note(query.date);
  if (query.compare_date) chart += " and " + *query.compare_date;
  return as_csv(std::move(all), notes_of(query.lines, chart));
}

std::string calculator_csv(const Calculation& calculation, const CalculatorQuery& query,
                           const ReadPorts& ports) {
  const BarChoice choice{query.bar, query.tokens, query.target.kind};
  std::vector<CalculatorLine> lines;
  for (const CalculatedLine& line : calculation.lines) {
    lines.push_back(
        {line.line, ports.labels.hardware(line.hw_key, ports.registry).display(), *line.estimate});
  }
  CsvTable table = calculator_csv(lines, query.target.value);
  add_columns(table, {axis_label(choice), "Nearest Points", "Runs"});
  constexpr std::size_t k_value = 3, k_output = 4, k_input = 5, k_costs = 6, k_power = 9,
                        k_target = 13;
  if (query.target.kind == Target::throughput) {
    table.headers[k_value] = "Interactivity (tok/s/user)";
    table.headers[k_target] = "Target Throughput (tok/s/gpu)";
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const CalculatedLine& line = calculation.lines[i];
    std::vector<CsvCell>& row = table.rows[i];
    const auto blank = [&](std::size_t column) { row[column] = CsvCell(); };
    if (!line.has_output) blank(k_output);
    if (!line.has_input) blank(k_input);
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const bool measured = kind == 0 || (kind == 1 ? line.has_input : line.has_output);
      if (!measured || !line.has_price) blank(k_costs + kind);
      if (!measured || !line.has_power) blank(k_power + kind);
    }
    const std::optional<double> bar = line.bar_value(query);
    row.push_back(bar ? CsvCell(*bar) : CsvCell());
    std::vector<const StoredPoint*> nearest;
    for (const std::size_t near : line.estimate->nearest) nearest.push_back(line.stored[near]);
    add_provenance(row, nearest);
  }
  return as_csv(std::move(table),
                notes_of(query.lines, bar_chart_title(choice, query.target.value, query.provider) +
                                          ", " + day_note(query.date)));
}

std::string trend_csv(const TrendAnswer& trend, const TrendQuery& query, const ReadPorts& ports) {
  std::vector<TrendLine> lines;
  for (const TrendOfLine& line : trend.lines) {
    lines.push_back(
        {line.line, ports.labels.hardware(line.hw_key, ports.registry).display(), line.precision});
  }
  CsvTable table = trend_csv(trend.trends, lines, query.metric->label, query.interactivity);
  add_columns(table, {"Nearest Points", "Runs"});
  std::size_t row = 0;
  for (const TrendOfLine& line : trend.lines) {
    for (const TrendDay& day : line.days) add_provenance(table.rows[row++], day.nearest);
  }
  return as_csv(std::move(table), notes_of(query.lines, std::string(query.metric->title) + " at " +
                                                            ecma_number(query.interactivity) +
                                                            " tok/s/user, day by day"));
}

std::string skipped_csv(const std::vector<IngestReport>& reports) {
  CsvTable table{{"Report", "At", "Source", "Submitter", "Run", "Reason", "Path", "Value"}, {}};
  for (const IngestReport& report : reports) {
    for (const Skip& skip : report.examples) {
      append(table.rows.emplace_back(), report.id, to_rfc3339(report.at), report.source,
             report.submitter,
             report.github_run_id ? CsvCell(std::to_string(*report.github_run_id)) : CsvCell(),
             std::string(name_of(skip.reason)), skip.path, skip.value);
    }
  }
  return as_csv(std::move(table), {"what ingests left out; of each ingest at most " +
                                   std::to_string(SkipTracker::k_examples_max) + " examples"});
}

}  // namespace bl::inference
