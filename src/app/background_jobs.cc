#include "app/background_jobs.h"

#include <fmt/format.h>

namespace bl::app {
namespace {

using Outcome = store::Jobs::Outcome;

constexpr std::chrono::seconds k_report_pause{5};
constexpr std::chrono::milliseconds k_lease{120'000};  // longer than any one step

std::string sentence_of(const results::EnrichmentProgress& done) {
  std::string sentence =
      fmt::format("{} commits made known, {} added below them, {} attempts failed", done.repaired,
                  done.backfilled, done.failed);
  if (!done.error.empty()) sentence.append("; the last: ").append(done.error);
  return sentence;
}

}  // namespace

bool JobReport::is_due() const {
  return !reported_at_ || clock_.steady_now() - *reported_at_ >= k_report_pause;
}

void JobReport::went_on(const std::string& sentence) {
  if (!is_due()) return;
  reported_at_ = clock_.steady_now();
  (void)jobs_.progress(name_, k_lease, sentence);
}

void JobReport::ended(Outcome outcome, const std::string& sentence) {
  reported_at_.reset();
  // Who is not at it by now (another server is) has nothing to end.
  const auto mine = jobs_.claim(name_, k_lease);
  if (mine.ok() && *mine) (void)jobs_.finish(name_, outcome, sentence);
}

bool CommitJob::work() {
  const bool more = enricher_.work();
  const results::EnrichmentProgress step = enricher_.take_progress();
  done_.add(step);
  if (!done_.any()) return more;
  if (more) {
    report_.went_on(sentence_of(done_));
  } else {
    report_.ended(done_.failed > 0 ? Outcome::failed : Outcome::ok, sentence_of(done_));
    done_ = {};
  }
  return more;
}

std::string BackfillJob::sentence() const {
  const auto state = results::backfill_state(database_);
  if (!state.ok()) return state.error().message;
  return state->done ? fmt::format("compared, {} steps", steps_)
                     : fmt::format("about {} results of {} are not in the lists yet", state->left(),
                                   state->facts);
}

bool BackfillJob::work() {
  const Result<bool> more = backfill_.step();
  if (!more.ok()) {
    errors_.failed(more.error().message);
    if (steps_ > 0) report_.ended(Outcome::failed, more.error().message);
    steps_ = 0;
    return false;
  }
  errors_.passed();
  if (*more) {
    ++steps_;
    if (report_.is_due()) report_.went_on(sentence());
  } else if (steps_ > 0) {
    report_.ended(Outcome::ok, sentence());
    steps_ = 0;
  }
  return *more;
}

Result<std::string> ReplicaJob::refresh() {
  bool is_long = false;
  const auto go_on = [&](std::string_view phase, std::size_t done, std::size_t all) {
    is_long = true;
    if (report_.is_due()) report_.went_on(fmt::format("{}: {} of {}", phase, done, all));
    return !stops_;
  };
  BL_TRY(const results::ReplicaRound round, replicas_.results.refresh(go_on));
  BL_TRY(const inference::SweepRound sweeps, replicas_.sweeps.refresh(go_on));
  const bool is_done = round.state == results::ReplicaRound::State::current && sweeps.is_current;
  if (!is_long || !is_done) return std::string();
  return fmt::format("{} results exported, {} changes brought over, {} runs of sweeps",
                     round.exported, round.changes, sweeps.runs);
}

bool ReplicaJob::work() {
  const auto done = refresh();
  if (!done.ok()) {
    errors_.failed(done.error().message);
    if (report_.is_open()) report_.ended(Outcome::failed, done.error().message);
    return false;
  }
  errors_.passed();
  if (!done->empty()) report_.ended(Outcome::ok, *done);
  return false;
}

}  // namespace bl::app
