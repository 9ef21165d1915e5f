#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "gate/report.h"

namespace bl::gate {
namespace {

constexpr std::size_t k_fine_rows_max = 15;

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string percent_of(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f} %", *share * 100) : "-";
}

std::string interval_text(const Criterion& criterion) {
  if (!criterion.low || !criterion.high) return "-";
  return fmt::format("{} .. {}", percent_text(*criterion.low), percent_text(*criterion.high));
}

std::string figure_text(double value, const Criterion& criterion) {
  return criterion.unit.empty() ? fmt::format("{:.6g}", value) : value_text(value, criterion.unit);
}

/// The figure that a row's status comes from: the median, unless another one is worse.
const Criterion* speaker_of(const Row& row) {
  for (const Criterion& criterion : row.criteria) {
    if (criterion.status == row.status) return &criterion;
  }
  return row.criteria.empty() ? nullptr : &row.criteria.front();
}

std::string how_sure(const Criterion& criterion) {
  if (!criterion.p_adjusted) return criterion.what.starts_with("counter ") ? "exact" : "-";
  return *criterion.p_adjusted < 0.001 ? "p < 0.001"
                                       : fmt::format("p {:.3f}", *criterion.p_adjusted);
}

void add_row(Table& table, const Row& row) {
  const Criterion* speaker = speaker_of(row);
  std::string name = row.name;
  if (speaker == nullptr) {
    table.add_row({row.note.empty() ? name : name + ": " + row.note, name_of(row.status), "-",
                   row.median ? value_text(*row.median, row.unit) : "-", "-", "-", "-", "-", "-"});
    return;
  }
  if (speaker->what != "median") name += " (" + speaker->what + ")";
  const bool is_known = speaker->status != Status::failed;
  table.add_row(
      {name, name_of(row.status), is_known ? figure_text(speaker->baseline, *speaker) : "-",
       is_known ? figure_text(speaker->measured, *speaker) : "-",
       is_known ? percent_text(speaker->change) : speaker->reason, interval_text(*speaker),
       how_sure(*speaker), percent_of(row.spread_baseline) + " / " + percent_of(row.spread),
       percent_of(speaker->detectable)});
}

std::string next_steps(const Report& report) {
  const Judgement& judgement = report.judgement;
  std::string text;
  const auto add = [&](const std::string& line) { text += "  " + line + "\n"; };
  if (judgement.count(Status::regression) > 0) {
    add(report.is_interleaved
            ? "Slower on this machine, side by side. Profile what got slower."
            : "Slower than the baseline. Prove it side by side on this machine: --against REV.");
    if (!report.record_command.empty() && !report.is_interleaved)
      add("If the change is wanted, make it the baseline: " + report.record_command);
  }
  if (judgement.count(Status::undecided) > 0)
    add("What cannot be decided wants more rounds (--rounds-max, rounds_max), a quieter machine, "
        "or "
        "--against REV.");
  if (judgement.count(Status::noisy) > 0)
    add("What is noisy passed, but a slowdown beyond its bound is not ruled out: the last column "
        "says what could have been seen.");
  if (judgement.count(Status::failed) > 0)
    add("What failed gave no figures; the reason stands beside it.");
  if (judgement.count(Status::added) > 0 && !report.record_command.empty() &&
      !report.is_interleaved)
    add("What is new has no baseline yet: " + report.record_command);
  if (judgement.count(Status::improved) > 0 && judgement.exit_code == ExitCode::ok &&
      !report.record_command.empty() && !report.is_interleaved)
    add("Faster than the baseline. Keep it: " + report.record_command);
  return text.empty() ? "" : "next:\n" + text;
}

Table comparison_table() {
  using enum Table::Align;
  return Table({{"benchmark"},
                {"verdict"},
                {"baseline", right},
                {"now", right},
                {"change", right},
                {"95 % interval", right},
                {"sure", right},
                {"spread was / is", right},
                {"visible from", right}});
}

std::string criterion_sentences(const Criterion& criterion) {
  std::string text = fmt::format("{}: {}", criterion.what, name_of(criterion.status));
  if (!criterion.reason.empty()) text += ", " + criterion.reason;
  text += ".\n";
  if (criterion.what.starts_with("counter ")) return text;
  text += fmt::format("  {} -> {}: {} (positive is worse), bound {}.\n",
                      figure_text(criterion.baseline, criterion),
                      figure_text(criterion.measured, criterion), percent_text(criterion.change),
                      percent_text(criterion.bound));
  if (criterion.low && criterion.high)
    text += fmt::format("  95 times in 100 the change lies within {}.\n", interval_text(criterion));
  if (criterion.p_value)
    text += fmt::format(
        "  Chance alone gives ranks as uneven with p {:.4g}{}.\n", *criterion.p_value,
        criterion.p_adjusted
            ? fmt::format(", {:.4g} among all figures of this gate", *criterion.p_adjusted)
            : "");
  if (criterion.noise_floor)
    text += fmt::format("  Against itself the baseline would show {} by chance.\n",
                        percent_text(*criterion.noise_floor));
  if (criterion.detectable)
    text += fmt::format("  With so many runs a change of {} is seen 80 times in 100.\n",
                        percent_text(*criterion.detectable));
  return text;
}

}  // namespace

std::string headline(const Report& report) {
  const Judgement& judgement = report.judgement;
  const std::size_t all = judgement.rows.size();
  std::vector<std::string> parts;
  const auto add = [&](Status status, const char* what) {
    if (const std::size_t count = judgement.count(status); count > 0)
      parts.push_back(fmt::format("{} {}", count, what));
  };
  add(Status::regression, "got worse");
  add(Status::failed, "failed");
  add(Status::undecided, "cannot be decided");
  add(Status::noisy, "noisy");
  add(Status::improved, "improved");
  add(Status::fine, "fine");
  add(Status::added, "new");
  add(Status::not_judged, "not judged");
  return fmt::format("{}: {}", counted(all, "benchmark"), fmt::join(parts, ", "));
}

std::string to_screen(const Report& report, const ScreenOptions& options) {
  std::string text = headline(report) + "\ncompared with " + report.compared_with +
                     (report.is_interleaved ? ", in turns on this machine\n" : "\n");
  for (const std::string& warning : report.warnings) text += "warning: " + warning + "\n";
  Table table = comparison_table();
  std::size_t fine = 0, hidden = 0;
  for (const Row& row : report.judgement.rows) {
    const bool is_quiet = row.status == Status::fine || row.status == Status::not_judged;
    if (is_quiet && ++fine > k_fine_rows_max && !options.shows_all) {
      ++hidden;
      continue;
    }
    add_row(table, row);
  }
  text += "\n" + table.to_text(options.width, options.color);
  if (hidden > 0) text += fmt::format("... and {} more (--all)\n", hidden);
  if (options.shows_all && !report.measured.empty())
    text += "\nmeasured now:\n" + figures_to_screen(report.measured, options);
  const std::string next = next_steps(report);
  return next.empty() ? text : text + "\n" + next;
}

Result<std::string> to_explanation(const Report& report, const std::string& name) {
  for (const Row& row : report.judgement.rows) {
    if (row.name != name) continue;
    std::string text = fmt::format("{}: {}\n", row.name, name_of(row.status));
    if (!row.note.empty()) text += row.note + "\n";
    text += fmt::format("compared with {}\n", report.compared_with);
    for (const std::string& warning : report.warnings) text += "warning: " + warning + "\n";
    text += fmt::format("runs: {} now, {} in the baseline; samples: {} and {}\n", row.rounds,
                        row.rounds_baseline, row.samples, row.samples_baseline);
    for (const Criterion& criterion : row.criteria) text += criterion_sentences(criterion);
    return text;
  }
  return Error{Code::not_found, "no benchmark of this gate has such a name: '" + name + "'"};
}

std::string extras_text(const Benchmark& benchmark) {
  std::vector<std::string> extras;
  for (const auto& [name, series] : benchmark.extras)
    extras.push_back(name + " " + value_text(median(series.samples()), series.unit));
  return fmt::format("{}", fmt::join(extras, ", "));
}

std::string figures_to_screen(const Benchmarks& measured, const ScreenOptions& options) {
  using enum Table::Align;
  const auto has_extras = [](const Benchmark& benchmark) { return !benchmark.extras.empty(); };
  std::vector<Table::Column> columns = {{"benchmark"},  {"median", right}, {"p95", right},
                                        {"p99", right}, {"spread", right}, {"samples", right},
                                        {"runs", right}};
  const bool shows_extras = std::ranges::any_of(measured, has_extras);
  if (shows_extras) columns.push_back({"rates and counters"});
  Table table(columns);
  for (const Benchmark& benchmark : measured) {
    const std::vector<double> all = benchmark.main.samples();
    std::vector<std::string> cells = {benchmark.name,
                                      value_text(median(all), benchmark.main.unit),
                                      value_text(quantile(all, 0.95), benchmark.main.unit),
                                      value_text(quantile(all, 0.99), benchmark.main.unit),
                                      percent_of(spread_of(all)),
                                      std::to_string(all.size()),
                                      std::to_string(benchmark.main.rounds.size())};
    if (shows_extras) {
      cells.push_back(extras_text(benchmark));
    }
    table.add_row(std::move(cells));
  }
  return table.to_text(options.width, options.color);
}

}  // namespace bl::gate
