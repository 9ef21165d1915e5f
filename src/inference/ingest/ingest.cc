#include "inference/ingest.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "inference/ingest/batch_writer.h"
#include "inference/ingest/run_reader.h"
#include "inference/ingest/sweep_queue.h"

namespace bl::inference {
namespace {

/// One call of Ingest::run: parsers take runs, writers take their batches.
class Pipeline {
 public:
  Pipeline(Disk& disk, const Registry& registry, SweepWriter& writer, const IngestLimits& limits,
           const Overrides& overrides, const MappingRules& rules, const Ingest::Source& source,
           const IngestProgress& progress)
      : disk_(disk),
        registry_(registry),
        writer_(writer),
        limits_(limits),
        overrides_(overrides),
        rules_(rules),
        source_(source),
        progress_(progress),
        parsing_(limits.parse_bytes),
        queue_(limits.queue_bytes) {}

  Result<void> run() {
    BL_TRY(places_, find_runs(disk_, source_.path, source_.name));
    const std::size_t parsers = std::clamp<std::size_t>(places_.runs.size(), 1, limits_.parsers);
    std::vector<std::jthread> writing;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, limits_.writers); ++i) {
      writing.emplace_back([this] { write_batches(); });
    }
    {
      std::vector<std::jthread> parsing;
      for (std::size_t i = 0; i < parsers; ++i) parsing.emplace_back([this] { read_runs(); });
    }
    queue_.finish();
    writing.clear();
    if (error_) return *error_;
    return {};
  }

  IngestOutcome take_outcome() {
    // Parsers of many runs are not done in the order of the runs.
    if (places_.is_archive) std::sort(outcome_.warnings.begin(), outcome_.warnings.end());
    return std::move(outcome_);
  }
  const SkipTracker& skips() const { return skips_; }
  /// Of a source of one run.
  const std::optional<SweepRun>& run_of_source() const { return run_; }

 private:
  void fail(const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = error;
    }
    queue_.close();
  }
  bool has_failed() {
    const std::lock_guard lock(mutex_);
    return error_.has_value();
  }

  void read_runs() {
    for (std::size_t at = next_++; at < places_.runs.size() && !has_failed(); at = next_++) {
      SkipTracker skips;
      const auto read = read_run(at, skips);
      const std::lock_guard lock(mutex_);
      skips_.merge(skips);
      if (!read.ok() && !error_) error_ = read.error();
    }
    if (has_failed()) queue_.close();
  }

  /// In an archive of many runs, one without an id or a date is passed over by name.
  Result<void> read_run(std::size_t at, SkipTracker& skips) {
    const RunPlace& place = places_.runs[at];
    auto source = open_run(disk_, place, source_.facts, limits_.artifacts, source_.spool, skips);
    if (!source.ok()) return pass_over(place, source.error(), skips);
    if (source->artifacts.empty()) {
      return places_.is_archive ? Result<void>() : nothing_there(skips);
    }
    auto run = run_of(source->facts);
    if (!run.ok()) return pass_over(place, run.error(), skips);
    if (const auto* purge = overrides_.purge_of(run->github_run_id, run->attempt)) {
      skips.skip(SkipReason::quarantined, source->label, purge->reason);
      return {};
    }
    overrides_.correct(*run);
    RunReader reader({registry_, rules_, limits_, parsing_, [this] { count_artifact(); }}, *source,
                     *run, [&](Sweep batch, std::uint64_t bytes) {
                       const bool goes_on = queue_.put({at, std::move(batch), bytes});
                       return goes_on ? Result<void>()
                                      : Result<void>(Error{Code::cancelled, "the store failed"});
                     });
    const auto read = reader.read();
    skips.merge(reader.skips());
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& warning : reader.warnings()) warn(warning);
      ++outcome_.runs;
      if (!places_.is_archive) run_ = *std::move(run);
    }
    // Then the writer that failed has said why.
    return read.ok() || has_failed() ? Result<void>() : read;
  }

  Result<void> pass_over(const RunPlace& place, const Error& error, SkipTracker& skips) {
    if (!places_.is_archive) return error;
    skips.skip(SkipReason::bad_zip, place.prefix, error.message);
    const std::lock_guard lock(mutex_);
    warn(fmt::format("[WARN] {}: {}", place.prefix, error.message));
    return {};
  }

  Result<void> nothing_there(const SkipTracker& skips) {
    const std::string why =
        skips.examples().empty()
            ? std::string()
            : fmt::format(" ({}: {})", skips.examples()[0].path, skips.examples()[0].value);
    const std::string& called = source_.label.empty() ? source_.path : source_.label;
    return Error{Code::invalid, "there is no artifact in " + called + why};
  }

  void warn(std::string text) {
    if (outcome_.warnings.size() < limits_.warnings_max) {
      outcome_.warnings.push_back(std::move(text));
    }
  }

  void count_artifact() {
    if (!progress_) return;
    const std::lock_guard lock(progress_mutex_);
    progress_(++artifacts_);
  }

  void write_batches() {
    while (auto item = queue_.take()) {
      SkipTracker skips;
      const std::string date = item->sweep.run.date;
      const auto written = write_batch(writer_, std::move(item->sweep), limits_, skips);
      if (written.ok()) {
        const std::lock_guard lock(mutex_);
        add(outcome_.report.written, *written);
        add(outcome_.days[date], *written);
        skips_.merge(skips);
      } else {
        fail(written.error());
      }
      queue_.done(item->run, item->bytes);
    }
  }

  Disk& disk_;
  const Registry& registry_;
  SweepWriter& writer_;
  const IngestLimits& limits_;
  const Overrides& overrides_;
  const MappingRules& rules_;
  const Ingest::Source& source_;
  const IngestProgress& progress_;
  ByteBudget parsing_;
  SweepQueue queue_;
  RunPlaces places_;
  std::atomic<std::size_t> next_{0};
  std::mutex progress_mutex_;
  std::size_t artifacts_ = 0;  // guarded by progress_mutex_
  std::mutex mutex_;
  // Guarded by mutex_ while threads run:
  IngestOutcome outcome_;
  SkipTracker skips_;
  std::optional<SweepRun> run_;
  std::optional<Error> error_;
};

std::vector<std::string> texts_of(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

Result<IngestOutcome> Ingest::run(const Source& source, const IngestProgress& progress) {
  Pipeline pipeline(disk_, registry_, writer_, limits_, overrides_, rules_, source, progress);
  BL_RETURN_IF_ERROR(pipeline.run());
  IngestOutcome outcome = pipeline.take_outcome();
  IngestReport& report = outcome.report;
  report.id = ids_.next();
  report.at = clock_.now();
  report.source = source.label.empty() ? source.path : source.label;
  report.submitter = source.submitter;
  if (const auto& run = pipeline.run_of_source()) {
    report.github_run_id = run->github_run_id;
    report.attempt = run->attempt;
  }
  const SkipTracker& skips = pipeline.skips();
  for (std::size_t i = 0; i < k_skip_reasons; ++i) {
    const auto reason = static_cast<SkipReason>(i);
    if (skips.count(reason) == 0) continue;
    report.skipped.emplace(name_of(reason), static_cast<std::int64_t>(skips.count(reason)));
  }
  report.examples = skips.examples();
  report.models = texts_of(skips.models());
  report.hardware = texts_of(skips.hardware());
  report.precisions = texts_of(skips.precisions());
  report.new_metrics = texts_of(skips.new_metrics());
  BL_RETURN_IF_ERROR(writer_.report(report));
  return outcome;
}

}  // namespace bl::inference
