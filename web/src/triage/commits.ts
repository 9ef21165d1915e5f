// The commits that recent runs measured, the newest first. Pure.
import type { RecentRun, RunAttention } from '../api/types';
import { first_line } from '../format/names';

export interface RecentCommit {
  key: string;
  sha: string;
  repository: string;
  subject: string;
  runs: number;
  last_result_at: string;
  /** That of its worst run. */
  attention: RunAttention | null;
}

const k_urgency = ['skipped', 'success', 'action_required', 'failure'];

function worse(a: RunAttention | null, b: RunAttention | null): RunAttention | null {
  if (!a || !b) return a ?? b;
  return k_urgency.indexOf(b.status) > k_urgency.indexOf(a.status) ? b : a;
}

export function commits_of(runs: readonly RecentRun[]): RecentCommit[] {
  const found = new Map<string, RecentCommit>();
  for (const run of runs) {
    if (!run.commit_sha || !run.repository) continue;
    const key = `${run.repository}\n${run.commit_sha}`;
    const attention = run.attention ?? null;
    const known = found.get(key);
    if (known) {
      known.runs += 1;
      known.attention = worse(known.attention, attention);
    } else {
      found.set(key, {
        key,
        sha: run.commit_sha,
        repository: run.repository,
        subject: first_line(run.commit?.message),
        runs: 1,
        last_result_at: run.last_result_at,
        attention,
      });
    }
  }
  return [...found.values()];
}
