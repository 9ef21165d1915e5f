#include "inference/api/encode_charts.h"

#include <algorithm>
#include <set>

#include "inference/api/encode_rows.h"
#include "inference/spline.h"

namespace bl::inference {
namespace {

using json::Writer;

constexpr int k_curve_steps = 16;  ///< between two points of a front

struct LineColors {
  std::map<std::string, std::string> light, dark;
};
void write_color(Writer& out, const LineColors& colors, const std::string& key) {
  const auto color = [&](const std::map<std::string, std::string>& of) {
    const auto found = of.find(key);
    return found == of.end() ? std::string("currentColor") : found->second;
  };
  out.key("color")
      .begin_object()
      .member("light", color(colors.light))
      .member("dark", color(colors.dark))
      .end_object();
}

template <class Lines>
LineColors colors_of(const Lines& lines, const ReadPorts& ports) {
  std::set<std::string> keys;
  for (const auto& line : lines) keys.insert(line.hw_key);
  const std::vector<std::string> list(keys.begin(), keys.end());
  const ColorSources sources{ports.registry, ports.labels, ports.zones};
  return {line_colors(list, Ground::light, sources), line_colors(list, Ground::dark, sources)};
}

void write_line_members(Writer& out, const std::string& hw_key, const std::string& precision,
                        const ReadPorts& ports) {
  out.member("line", line_key(hw_key, precision))
      .member("hw_key", hw_key)
      .member("hw_label", ports.labels.hardware(hw_key, ports.registry).display())
      .member("precision", precision)
      .member("precision_label", ports.labels.precision(precision));
}

void write_run_members(Writer& out, const StoredPoint& stored) {
  out.member("github_run_id", std::to_string(stored.github_run_id))
      .member("run_attempt", stored.attempt);
}

// Frontier -----------------------------------------------------------------------------------

// A line of a chart: the positions of its shown points in ChartState::shown.
struct ShownLine {
  std::string hw_key, precision;
  const ChartState* state = nullptr;
  std::vector<std::size_t> shown;
  std::vector<std::size_t> front;  // positions in `shown`
};

std::vector<ShownLine> lines_of(const ChartState& state, const ChartLabels& labels) {
  std::map<std::string, ShownLine> by_key;
  for (std::size_t i = 0; i < state.shown.size(); ++i) {
    const ChartEntry& entry = state.points[state.shown[i].position].entry;
    ShownLine& line = by_key[line_key(entry.hw_key, entry.precision)];
    line.hw_key = entry.hw_key;
    line.precision = entry.precision;
    line.state = &state;
    line.shown.push_back(i);
  }
  std::vector<ShownLine> lines;
  for (const ChartFront& front : state.fronts) {
    ShownLine& line = lines.emplace_back(std::move(by_key.at(front.line)));
    for (const ShownPoint& point : front.points) {
      const auto place = std::find_if(line.shown.begin(), line.shown.end(), [&](std::size_t i) {
        return state.shown[i].position == point.position;
      });
      line.front.push_back(static_cast<std::size_t>(place - line.shown.begin()));
    }
  }
  std::sort(lines.begin(), lines.end(), [&](const ShownLine& a, const ShownLine& b) {
    return comes_before(labels, a.hw_key, a.precision, b.hw_key, b.precision);
  });
  return lines;
}

// The curve through the front, as straight pieces.
void write_curve(Writer& out, const ShownLine& line) {
  std::vector<double> xs, ys;
  for (const std::size_t i : line.front) {
    xs.push_back(line.state->shown[line.shown[i]].at.x);
    ys.push_back(line.state->shown[line.shown[i]].at.y);
  }
  out.key("curve").begin_array();
  const auto write = [&](double x, double y) { out.begin_array().value(x).value(y).end_array(); };
  if (xs.size() >= 2) {
    const std::vector<double> slopes = monotone_slopes(xs, ys, TwoKnots::straight);
    for (std::size_t i = 0; i + 1 < xs.size(); ++i) {
      write(xs[i], ys[i]);
      for (int step = 1; step < k_curve_steps; ++step) {
        const double x = xs[i] + (xs[i + 1] - xs[i]) * step / k_curve_steps;
        write(x, hermite_interpolate(xs, ys, slopes, x));
      }
    }
    write(xs.back(), ys.back());
  }
  out.end_array();
}

void write_shown_point(Writer& out, const ShownPoint& shown, const ChartState& state,
                       bool is_on_front) {
  const ChartEntry& entry = state.points[shown.position].entry;
  const StoredPoint& stored = *state.stored[shown.position];
  out.begin_object()
      .member("x", shown.at.x)
      .member("y", shown.at.y)
      .member("on_front", is_on_front)
      .member("label", front_label(entry))
      .member("hw_key", entry.hw_key)
      .member("tp", entry.all.tp.value_or(0))
      .member("ep", entry.all.ep.value_or(1))
      .member("dp_attention", entry.all.dp_attention.value_or(false));
  write_run_members(out, stored);
  write_point_members(out, stored, PointShape::latest);
  out.end_object();
}

void write_shown_line(Writer& out, const ShownLine& line, const LineColors& colors,
                      const std::string& color_key, const ReadPorts& ports) {
  const ChartState& state = *line.state;
  out.begin_object();
  write_line_members(out, line.hw_key, line.precision, ports);
  write_color(out, colors, color_key);
  std::string newest;
  std::vector<bool> on_front(line.shown.size());
  for (const std::size_t i : line.front) on_front[i] = true;
  for (const std::size_t i : line.shown)
    newest = std::max(newest, state.points[state.shown[i].position].entry.date);
  out.member("as_of", state.as_of).member("newest_date", newest).key("front").begin_array();
  for (const std::size_t i : line.front) out.value(static_cast<std::uint64_t>(i));
  out.end_array();
  write_curve(out, line);
  out.key("points").begin_array();
  for (std::size_t i = 0; i < line.shown.size(); ++i)
    write_shown_point(out, state.shown[line.shown[i]], state, on_front[i]);
  out.end_array().end_object();
}

// With two days the older one is lighter.
std::vector<std::string> color_places(const Frontier& frontier) {
  if (frontier.states.size() < 2) return {""};
  const auto& first = frontier.states[0].as_of;
  const bool first_is_newer = !first || *first >= frontier.states[1].as_of.value_or("");
  if (first_is_newer) return {"1_", "0_"};
  return {"0_", "1_"};
}

void write_frontier_lines(Writer& out, const Frontier& frontier, const ReadPorts& ports) {
  std::vector<std::vector<ShownLine>> lines;
  std::vector<ShownLine> all;
  for (const ChartState& state : frontier.states) {
    lines.push_back(lines_of(state, ports.labels));
    all.insert(all.end(), lines.back().begin(), lines.back().end());
  }
  LineColors colors = colors_of(all, ports);
  if (lines.size() > 1) {
    std::vector<std::string> keys;
    for (const auto& [key, color] : colors.light) keys.push_back(key);
    const ColorSources sources{ports.registry, ports.labels, ports.zones};
    colors = {date_colors(keys, lines.size(), Ground::light, sources),
              date_colors(keys, lines.size(), Ground::dark, sources)};
  }
  const std::vector<std::string> places = color_places(frontier);
  out.key("lines").begin_array();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const ShownLine& line : lines[i])
      write_shown_line(out, line, colors, places[i] + line.hw_key, ports);
  }
  out.end_array();
}

// Calculator ---------------------------------------------------------------------------------

void write_nearest(Writer& out, const CalculatedLine& line, const ReadPorts& ports) {
  out.key("nearest").begin_array();
  for (const std::size_t i : line.estimate->nearest) {
    const StoredPoint& stored = *line.stored[i];
    const auto point = known_point(stored, chart_definition(ChartKind::interactivity).x, ports);
    out.begin_object()
        .member("id", std::to_string(stored.id))
        .member("interactivity", line.points[i].interactivity)
        .member("throughput", line.points[i].throughputs.total)
        .member("label", point ? front_label(point->entry) : "")
        .member("conc", stored.row.conc)
        .member("date", stored.date)
        .member("run_url", run_url_of(stored));
    write_run_members(out, stored);
    out.member("image", stored.row.image).key("origin");
    write_origin(out, stored.origin);
    out.end_object();
  }
  out.end_array();
}

std::optional<double> when(bool is_known, double value) {
  return is_known ? std::optional(value) : std::nullopt;
}

void write_estimate(Writer& out, const CalculatedLine& line, const CalculatorQuery& query,
                    const LineColors& colors, const ReadPorts& ports) {
  const OperatingEstimate& e = *line.estimate;
  const BarChoice choice{query.bar, query.tokens, query.target.kind};
  const std::optional<double> bar = line.bar_value(query);
  out.begin_object();
  write_line_members(out, line.hw_key, line.precision, ports);
  write_color(out, colors, line.hw_key);
  out.member("value", e.value)
      .member("bar_value", bar)
      .member("bar_label", bar ? std::optional(bar_label(e, choice)) : std::nullopt)
      .member("output_throughput", when(line.has_output, e.output_throughput))
      .member("input_throughput", when(line.has_input, e.input_throughput))
      .member("cost", when(line.has_price, e.cost))
      .member("cost_input", when(line.has_price && line.has_input, e.cost_input))
      .member("cost_output", when(line.has_price && line.has_output, e.cost_output))
      .member("throughput_per_mw", when(line.has_power, e.throughput_per_mw))
      .member("input_throughput_per_mw",
              when(line.has_power && line.has_input, e.input_throughput_per_mw))
      .member("output_throughput_per_mw",
              when(line.has_power && line.has_output, e.output_throughput_per_mw))
      .member("concurrency", e.concurrency);
  write_nearest(out, line, ports);
  out.end_object();
}

}  // namespace

std::string frontier_json(const Frontier& frontier, const FrontierQuery& query,
                          const ReadPorts& ports) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("model", query.lines.model)
      .member("sequence", query.lines.sequence.name)
      .member("chart", name_of(query.chart.kind))
      .key("metric");
  write_metric(out, *query.chart.metric);
  out.key("x")
      .begin_object()
      .member("key", frontier.x_name)
      .member("label", frontier.x_label)
      .end_object()
      .member("corner", name_of(frontier.corner))
      .member("date", query.date)
      .member("compare_date", query.compare_date)
      .key("left_out")
      .begin_object()
      .member("without_value", frontier.without_value)
      .member("beyond_limits", frontier.beyond_limits)
      .end_object();
  write_frontier_lines(out, frontier, ports);
  out.end_object();
  return text;
}

std::string calculator_json(const Calculation& calculation, const CalculatorQuery& query,
                            const ReadPorts& ports) {
  const BarChoice choice{query.bar, query.tokens, query.target.kind};
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("model", query.lines.model)
      .member("sequence", query.lines.sequence.name)
      .member("date", query.date)
      .member("kind", k_target_names[static_cast<std::size_t>(query.target.kind)])
      .member("target", query.target.value)
      .member("provider", k_provider_names[static_cast<std::size_t>(query.provider)])
      .member("tokens", k_token_names[static_cast<std::size_t>(query.tokens)])
      .member("bar", k_bar_names[static_cast<std::size_t>(query.bar)])
      .member("title", bar_chart_title(choice, query.target.value, query.provider))
      .member("axis_label", axis_label(choice))
      .key("range");
  if (calculation.range) {
    out.begin_object()
        .member("min", calculation.range->min)
        .member("max", calculation.range->max)
        .end_object();
  } else {
    out.null();
  }
  const LineColors colors = colors_of(calculation.lines, ports);
  out.key("lines").begin_array();
  for (const CalculatedLine& line : calculation.lines)
    write_estimate(out, line, query, colors, ports);
  out.end_array().key("out_of_reach").begin_array();
  for (const CalculatedLine& line : calculation.out_of_reach) {
    out.begin_object();
    write_line_members(out, line.hw_key, line.precision, ports);
    out.member("min", line.front.min).member("max", line.front.max).end_object();
  }
  out.end_array().end_object();
  return text;
}

std::string trend_json(const TrendAnswer& trend, const TrendQuery& query, const ReadPorts& ports) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("model", query.lines.model)
      .member("sequence", query.lines.sequence.name)
      .key("metric");
  write_metric(out, *query.metric);
  out.member("interactivity", query.interactivity)
      .member("today", query.today)
      .key("lines")
      .begin_array();
  const LineColors colors = colors_of(trend.lines, ports);
  for (const TrendOfLine& line : trend.lines) {
    out.begin_object();
    write_line_members(out, line.hw_key, line.precision, ports);
    write_color(out, colors, line.hw_key);
    out.key("points").begin_array();
    for (const TrendDay& day : line.days) {
      std::set<std::string> urls;
      for (const StoredPoint* stored : day.nearest) {
        if (const auto url = run_url_of(*stored)) urls.insert(*url);
      }
      out.begin_object()
          .member("date", day.point.date)
          .member("value", day.point.value)
          .member("synthetic", day.point.synthetic)
          .key("run_urls")
          .begin_array();
      for (const std::string& url : urls) out.value(url);
      out.end_array().key("point_ids").begin_array();
      for (const StoredPoint* stored : day.nearest) out.value(std::to_string(stored->id));
      out.end_array().end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return text;
}

}  // namespace bl::inference
