#include "app/check_comment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "advice/compose.h"
#include "advice/markdown.h"
#include "advice/poster.h"
#include "app/advice_forge.h"

namespace bl::app {
namespace {

using advice::Call;
using advice::JudgedRow;
using advice::Unknown;

Call call_of(gate::Status status) {
  switch (status) {
    case gate::Status::fine:
    case gate::Status::noisy:
      return Call::steady;
    case gate::Status::improved:
      return Call::faster;
    case gate::Status::regression:
      return Call::slower;
    case gate::Status::undecided:
      return Call::wait;
    case gate::Status::failed:
    case gate::Status::added:
    case gate::Status::not_judged:
      return Call::unknown;
  }
  BL_CHECK(false);
}

JudgedRow row_of(const gate::Row& row, const std::string& command) {
  JudgedRow judged{.name = row.name,
                   .fingerprint = row.name,
                   .unit = row.unit,
                   .result_id = row.name,
                   .call = call_of(row.status),
                   .runs_before = static_cast<std::int64_t>(row.rounds_baseline),
                   .runs_after = static_cast<std::int64_t>(row.rounds),
                   .command = command,
                   .failed = row.status == gate::Status::failed,
                   .reason = row.note,
                   .unknown_code = row.status == gate::Status::added
                                       ? Unknown::Code::no_baseline
                                       : Unknown::Code::not_comparable,
                   .is_corrected = true};
  if (row.spread_baseline && row.spread)
    judged.noise_percent = std::max(*row.spread_baseline, *row.spread) * 100;
  // The figure that made the row what it is; the median stands first.
  const auto figure = std::ranges::find(row.criteria, row.status, &gate::Criterion::status);
  if (figure == row.criteria.end()) return judged;
  judged.is_worse = judged.call == Call::slower || judged.call == Call::wait;
  if (figure->baseline != 0)
    judged.percent = (figure->measured - figure->baseline) / std::abs(figure->baseline) * 100;
  if (figure->what != "median") judged.name += " (" + figure->what + ")";
  // The gate's interval is of by how much it is worse, which for a median is by how much it grew.
  if (figure->what == "median" && figure->low && figure->high) {
    judged.percent_low = *figure->low * 100;
    judged.percent_high = *figure->high * 100;
  }
  return judged;
}

class CheckComment final : public gate::CheckObserver {
 public:
  Result<void> prepare(const CommandIo& io) override {
    BL_TRY(ci_, forge_of_ci(io.environment, clock_));
    return {};
  }

  Result<std::string> tell(const gate::CheckedChange& change) override {
    const advice::Question question{ci_.repository, ci_.target.sha, change.against};
    const advice::ChangeReport report = change_report_of(change, ci_.target.sha);
    const advice::Comment comment = advice::compose(
        {.question = question, .report = report, .findings = advice::findings_of(report)});
    const std::string markdown = advice::to_markdown(comment);
    BL_TRY(const auto posted, ci_.forge->upsert_comment(ci_.target, markdown));
    BL_TRY(const auto check,
           ci_.forge->upsert_check(ci_.target.sha, advice::check_of(comment, markdown, "")));
    return fmt::format("comment: {} {}; check: {}", name_of(posted.outcome),
                       posted.url.value_or(""), check.value_or("written"));
  }

 private:
  const SystemClock clock_;
  CiForge ci_;
};

}  // namespace

advice::ChangeReport change_report_of(const gate::CheckedChange& change, const std::string& sha) {
  advice::ChangeReport report{.head = {sha, "", ""}, .base_sha = change.against};
  for (const gate::Row& row : change.report.judgement.rows)
    report.rows.push_back(row_of(row, change.command));
  for (const std::string& warning : change.report.warnings)
    report.unknown.push_back({Unknown::Code::not_comparable, warning});
  return report;
}

std::unique_ptr<gate::CheckObserver> make_check_comment() {
  return std::make_unique<CheckComment>();
}

}  // namespace bl::app
