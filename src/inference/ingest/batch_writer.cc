#include "inference/ingest/batch_writer.h"

#include <thread>

namespace bl::inference {
namespace {

void add(WriteCount& to, const WriteCount& from) {
  to.added += from.added;
  to.changed += from.changed;
  to.unchanged += from.unchanged;
  to.repeated += from.repeated;
}

Result<Written> write_patiently(SweepWriter& writer, const Sweep& batch,
                                const IngestLimits& limits) {
  auto pause = limits.write_pause;
  for (int attempt = 1;; ++attempt) {
    auto written = writer.write(batch);
    const bool may_pass = !written.ok() && (written.error().code == Code::overloaded ||
                                            written.error().code == Code::timeout ||
                                            written.error().code == Code::outcome_unknown);
    // Writing twice changes nothing, so that an unknown outcome is no trouble.
    if (!may_pass || attempt >= limits.write_attempts_max) return written;
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

/// What a batch holds beside its run, one after the other.
std::size_t size_of(const Sweep& batch) {
  return batch.points.size() + batch.evals.size() + batch.stats.size() + batch.changelogs.size() +
         batch.gpu_metrics.size();
}

template <class T>
void move_part(std::vector<T>& from, std::vector<T>& to, std::size_t& begin, std::size_t& count) {
  const std::size_t first = std::min(begin, from.size());
  const std::size_t taken = std::min(count, from.size() - first);
  begin -= first;
  count -= taken;
  for (std::size_t i = first; i < first + taken; ++i) to.push_back(std::move(from[i]));
}

/// The parts at [begin, begin + count); logs go where their points go.
Sweep part_of(Sweep& batch, std::size_t begin, std::size_t count) {
  Sweep part;
  part.run = batch.run;
  move_part(batch.points, part.points, begin, count);
  move_part(batch.evals, part.evals, begin, count);
  move_part(batch.stats, part.stats, begin, count);
  move_part(batch.changelogs, part.changelogs, begin, count);
  move_part(batch.gpu_metrics, part.gpu_metrics, begin, count);
  std::optional<std::size_t> last;
  for (SweepPoint& point : part.points) {
    if (!point.server_log) continue;
    if (last != point.server_log) part.server_logs.push_back(batch.server_logs[*point.server_log]);
    last = point.server_log;
    point.server_log = part.server_logs.size() - 1;
  }
  return part;
}

std::string place_of(const Sweep& one) {
  const auto text = [](const Origin& origin) { return origin.artifact + "/" + origin.path; };
  if (!one.points.empty()) return text(one.points.front().origin);
  if (!one.evals.empty()) return text(one.evals.front().origin);
  if (!one.gpu_metrics.empty()) return text(one.gpu_metrics.front().origin);
  return "run " + std::to_string(one.run.github_run_id);
}

/// As much of a batch as the store takes.
Result<Written> write_parts(SweepWriter& writer, Sweep batch, const IngestLimits& limits,
                            SkipTracker& skips) {
  auto written = write_patiently(writer, batch, limits);
  if (written.ok() || written.error().code != Code::invalid) return written;
  const std::size_t size = size_of(batch);
  if (size <= 1) {
    skips.skip(SkipReason::db_error, place_of(batch), written.error().message);
    return Written();
  }
  Written both;
  for (const auto& [begin, count] :
       {std::pair<std::size_t, std::size_t>(0, size / 2), {size / 2, size - size / 2}}) {
    BL_TRY(const Written half, write_parts(writer, part_of(batch, begin, count), limits, skips));
    add(both, half);
  }
  return both;
}

}  // namespace

void add(Written& to, const Written& from) {
  add(to.points, from.points);
  add(to.evals, from.evals);
  add(to.stats, from.stats);
  add(to.changelogs, from.changelogs);
  add(to.configs, from.configs);
  add(to.server_logs, from.server_logs);
  add(to.gpu_metrics, from.gpu_metrics);
}

Result<Written> write_batch(SweepWriter& writer, Sweep batch, const IngestLimits& limits,
                            SkipTracker& skips) {
  auto written = write_patiently(writer, batch, limits);
  if (written.ok() || written.error().code != Code::invalid) return written;
  Sweep run_alone;
  run_alone.run = batch.run;
  const auto run = writer.write(run_alone);
  if (!run.ok()) return run.error();  // then no part of it would be taken
  return write_parts(writer, std::move(batch), limits, skips);
}

}  // namespace bl::inference
