// Which of a run's three candidate baselines answers "did this change make it slower?". Pure.
import type { BaselineName, CandidateBaseline, RunEntity } from '../api/types_ci';

export const k_baselines: [BaselineName, string][] = [
  ['parent', 'Parent commit'],
  ['fork_point', 'Fork point'],
  ['latest_default', 'Latest on default branch'],
];

export function baseline_label(name: string | null | undefined): string {
  return k_baselines.find(([one]) => one === name)?.[1] ?? 'Chosen runs';
}

export function parse_baseline(text: string | null): BaselineName | null {
  return k_baselines.find(([one]) => one === text)?.[0] ?? null;
}

/** Parent on the default branch; else the fork point where there is a run; else the latest. */
export function recommended(run: RunEntity): BaselineName {
  const { commit, candidate_baseline_runs: found } = run;
  const on_default = commit !== null && commit.sha === commit.fork_point_sha;
  if (on_default) return 'parent';
  return found.fork_point?.baseline_run_id ? 'fork_point' : 'latest_default';
}

/** "3 commits without a run lie between", or nothing. */
export function skipped_text(skipped: CandidateBaseline['commits_skipped'] | number): string {
  const count = Array.isArray(skipped) ? skipped.length : (skipped ?? 0);
  if (count === 0) return '';
  return count === 1
    ? '1 commit without a run lies between'
    : `${count} commits without a run lie between`;
}
