#include <fmt/format.h>

#include "base/xml.h"
#include "gate/report.h"

namespace bl::gate {
namespace {

const char* word_of(ExitCode code) {
  switch (code) {
    case ExitCode::ok:
      return "ok";
    case ExitCode::regression:
      return "regression";
    case ExitCode::undecided:
      return "undecided";
    case ExitCode::wrong_machine:
      return "wrong_machine";
    case ExitCode::no_baseline:
      return "no_baseline";
    case ExitCode::error:
      return "error";
  }
  BL_CHECK(false);
}

void write_criterion(json::Writer& out, const Criterion& criterion) {
  out.begin_object().member("what", criterion.what).member("status", name_of(criterion.status));
  out.member("unit", criterion.unit).member("baseline", criterion.baseline);
  out.member("measured", criterion.measured).member("change", criterion.change);
  out.member("low", criterion.low).member("high", criterion.high);
  out.member("p_value", criterion.p_value).member("p_adjusted", criterion.p_adjusted);
  out.member("bound", criterion.bound).member("noise_floor", criterion.noise_floor);
  out.member("detectable", criterion.detectable).member("reason", criterion.reason);
  out.end_object();
}

void write_measured(json::Writer& out, const Benchmark& benchmark) {
  const std::vector<double> samples = benchmark.main.samples();
  out.begin_object();
  for (const int percentile : {50, 95, 99})
    out.member(fmt::format("p{}", percentile), quantile(samples, percentile / 100.0));
  out.key("extras").begin_object();
  for (const auto& [name, series] : benchmark.extras) out.member(name, median(series.samples()));
  out.end_object().end_object();
}

void write_row(json::Writer& out, const Row& row, const Benchmarks& measured) {
  out.begin_object().member("name", row.name).member("scenario", row.scenario);
  out.member("status", name_of(row.status)).member("unit", row.unit).member("median", row.median);
  out.member("spread", row.spread).member("spread_baseline", row.spread_baseline);
  out.member("samples", static_cast<std::uint64_t>(row.samples));
  out.member("samples_baseline", static_cast<std::uint64_t>(row.samples_baseline));
  out.member("rounds", static_cast<std::uint64_t>(row.rounds));
  out.member("rounds_baseline", static_cast<std::uint64_t>(row.rounds_baseline));
  out.member("note", row.note).key("figures").begin_array();
  for (const Criterion& criterion : row.criteria) write_criterion(out, criterion);
  out.end_array();
  if (const Benchmark* benchmark = find(measured, row.name)) {
    out.key("measured");
    write_measured(out, *benchmark);
  }
  out.end_object();
}

/// Markdown's cells hold no newline and no bar.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '<' || c == '*' || c == '_') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

std::string figures_to_markdown(const Benchmarks& measured) {
  std::string out =
      "\n| measured | p50 | p95 | p99 | spread | rates and counters |\n"
      "|---|---:|---:|---:|---:|---|\n";
  for (const Benchmark& benchmark : measured) {
    const std::vector<double> samples = benchmark.main.samples();
    const auto at = [&](double q) { return value_text(quantile(samples, q), benchmark.main.unit); };
    out += fmt::format("| {} | {} | {} | {} | {:.1f} % | {} |\n", cell(benchmark.name), at(0.5),
                       at(0.95), at(0.99), spread_of(samples) * 100, cell(extras_text(benchmark)));
  }
  return out;
}

std::string reasons_of(const Row& row) {
  std::string text = row.note;
  for (const Criterion& criterion : row.criteria) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {} ({}), {}", criterion.what, name_of(criterion.status),
                        percent_text(criterion.change), criterion.reason);
  }
  return text;
}

std::string junit_case(const Row& row) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\">",
                                xml_escaped(row.scenario), xml_escaped(row.name));
  const std::string reasons = xml_escaped(reasons_of(row));
  switch (row.status) {
    case Status::regression:
    case Status::failed:
      out += fmt::format("<failure type=\"{0}\" message=\"{0}\">{1}</failure>", name_of(row.status),
                         reasons);
      break;
    case Status::undecided:
      out += fmt::format("<error type=\"undecided\" message=\"cannot decide\">{}</error>", reasons);
      break;
    case Status::added:
    case Status::not_judged:
      out += fmt::format("<skipped message=\"{}\"/>", reasons);
      break;
    case Status::fine:
    case Status::noisy:
    case Status::improved:
      out += fmt::format("<system-out>{}: {}</system-out>", name_of(row.status), reasons);
  }
  return out + "</testcase>\n";
}

const Row* row_named(const Judgement& judgement, const std::string& name) {
  for (const Row& row : judgement.rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

json::Value text(std::string value) {
  return json::Value::string(std::move(value));
}

json::Value github_of(const SubmissionFacts& facts) {
  json::Value github = json::Value::object();
  if (facts.repository) github.set("repository", text(*facts.repository));
  if (facts.commit) github.set("commit", text(*facts.commit));
  if (facts.pr_number) github.set("pr_number", json::Value::number(*facts.pr_number));
  return github;
}

json::Value stats_of(const Series& series) {
  json::Array data;
  for (const double value : series.samples()) data.push_back(json::Value::number(value));
  json::Value stats = json::Value::object();
  stats.set("data", json::Value::array(std::move(data)));
  stats.set("unit", text(series.unit));
  return stats;
}

}  // namespace

std::string to_json(const Report& report) {
  std::string out_text;
  json::Writer out(out_text);
  const Judgement& judgement = report.judgement;
  out.begin_object().member("verdict", word_of(judgement.exit_code));
  out.member("exit_code", static_cast<int>(judgement.exit_code));
  out.member("headline", headline(report)).member("compared_with", report.compared_with);
  out.member("interleaved", report.is_interleaved).member("alpha", report.false_share_max);
  out.member("machine_fingerprint", report.machine.fingerprint());
  out.key("machine").begin_object();
  for (const auto& [fact, value] : report.machine.facts) out.member(fact, value);
  out.end_object().key("warnings").begin_array();
  for (const std::string& warning : report.warnings) out.value(warning);
  out.end_array().key("benchmarks").begin_array();
  for (const Row& row : judgement.rows) write_row(out, row, report.measured);
  out.end_array().end_object();
  return out_text;
}

std::string to_markdown(const Report& report) {
  std::string out = "### Performance: " + cell(headline(report)) + "\n\ncompared with " +
                    cell(report.compared_with) + "\n\n";
  for (const std::string& warning : report.warnings) out += "> " + cell(warning) + "\n\n";
  out +=
      "| benchmark | figure | verdict | baseline | now | change | 95 % interval | p | why |\n"
      "|---|---|---|---:|---:|---:|---:|---:|---|\n";
  for (const Row& row : report.judgement.rows) {
    if (row.criteria.empty())
      out += fmt::format("| {} | | {} | | {} | | | | {} |\n", cell(row.name), name_of(row.status),
                         row.median ? value_text(*row.median, row.unit) : "", cell(row.note));
    for (const Criterion& criterion : row.criteria) {
      const auto figure = [&](double value) {
        return criterion.unit.empty() ? fmt::format("{:.6g}", value)
                                      : value_text(value, criterion.unit);
      };
      out +=
          fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", cell(row.name),
                      cell(criterion.what), name_of(criterion.status), figure(criterion.baseline),
                      figure(criterion.measured), percent_text(criterion.change),
                      criterion.low && criterion.high
                          ? percent_text(*criterion.low) + " .. " + percent_text(*criterion.high)
                          : "",
                      criterion.p_adjusted ? fmt::format("{:.3g}", *criterion.p_adjusted) : "",
                      cell(criterion.reason));
    }
  }
  if (!report.measured.empty()) out += figures_to_markdown(report.measured);
  return out;
}

std::string to_junit(const Report& report) {
  const Judgement& judgement = report.judgement;
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"performance\">\n";
  out += fmt::format(
      "  <testsuite name=\"gate\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
      judgement.rows.size(), judgement.count(Status::regression) + judgement.count(Status::failed),
      judgement.count(Status::undecided),
      judgement.count(Status::added) + judgement.count(Status::not_judged));
  for (const Row& row : judgement.rows) out += junit_case(row);
  return out + "  </testsuite>\n</testsuites>\n";
}

std::vector<json::Value> to_submissions(const Benchmarks& measured, const Judgement& judgement,
                                        const SubmissionFacts& facts) {
  std::vector<json::Value> documents;
  for (const Benchmark& benchmark : measured) {
    json::Value document = json::Value::object();
    document.set("run_id", text(facts.run_id));
    document.set("batch_id", text(facts.run_id + "-" + benchmark.scenario));
    document.set("run_reason", text("gate"));
    document.set("timestamp", text(to_rfc3339(facts.time)));
    json::Value tags = json::Value::object();
    tags.set("name", text(benchmark.name));
    document.set("tags", std::move(tags));
    json::Value context = json::Value::object();
    context.set("gate_scenario", text(benchmark.scenario));
    document.set("context", std::move(context));
    json::Value info = json::Value::object();
    if (const Row* row = row_named(judgement, benchmark.name))
      info.set("gate_verdict", text(name_of(row->status)));
    document.set("info", std::move(info));
    document.set("github", github_of(facts));
    document.set("machine_info", facts.machine);
    document.set("stats", stats_of(benchmark.main));
    documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace bl::gate
