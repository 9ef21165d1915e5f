// Which of a run's three candidate baselines answers "did this change make it slower?". Pure.
import type { BaselineChoice, BaselineName, CandidateBaseline, RunEntity } from '../api/types_ci';

export const k_baselines: [BaselineName, string][] = [
  ['parent', 'Parent commit'],
  ['fork_point', 'Fork point'],
  ['latest_default', 'Latest on default'],
];

/** What a report may be asked for: the server's choice, too. */
export const k_choices: [BaselineChoice, string][] = [['auto', 'Recommended'], ...k_baselines];

export function baseline_label(name: string | null | undefined): string {
  return k_choices.find(([one]) => one === name)?.[1] ?? 'Chosen runs';
}

export function parse_choice(text: string | null): BaselineChoice | null {
  return k_choices.find(([one]) => one === text)?.[0] ?? null;
}

/** On the default branch the parent, off it the fork point; where there is no such run the latest. */
export function recommended(run: RunEntity): BaselineName {
  const { commit, candidate_baseline_runs: found } = run;
  const on_default = commit !== null && commit.sha === commit.fork_point_sha;
  const first = on_default ? 'parent' : 'fork_point';
  return found[first]?.baseline_run_id ? first : 'latest_default';
}

/** "3 commits without a run lie between", or nothing. */
export function skipped_text(skipped: CandidateBaseline['commits_skipped']): string {
  const count = skipped?.length ?? 0;
  if (count === 0) return '';
  return count === 1
    ? '1 commit without a run lies between'
    : `${count} commits without a run lie between`;
}
