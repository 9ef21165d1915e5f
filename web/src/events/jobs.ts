// What a job's summary comes to.
import type { JobSummary } from '../api/types_events';

/** Percent of the runs that ended and were not cancelled; null: none did. */
export function success_rate(job: JobSummary): number | null {
  const ended = job.successful_runs + job.failed_runs;
  return ended === 0 ? null : (100 * job.successful_runs) / ended;
}

/** Average ms of the timed runs; null: none is. */
export function average_duration(job: JobSummary): number | null {
  return job.timed_runs === 0 ? null : Number(job.total_duration) / job.timed_runs / 1e6;
}
