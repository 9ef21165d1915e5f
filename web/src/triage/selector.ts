// What selects a report, as its address has it: the parameters of GET /api/ci/report. Pure.
import type { ReportQuery } from '../api/endpoints';

const k_keys = [
  'repository',
  'commit_sha',
  'run_ids',
  'baseline_run_ids',
  'baseline',
  'threshold',
  'threshold_z',
] as const;

/** The part of a query that selects; two addresses with equal texts show the same report. */
export function selector_text(query: URLSearchParams): string {
  const params = new URLSearchParams();
  for (const key of k_keys) {
    const value = query.get(key)?.trim();
    if (value) params.set(key, value);
  }
  return params.toString();
}

export function selector_of(query: URLSearchParams): ReportQuery {
  return Object.fromEntries(new URLSearchParams(selector_text(query)));
}

/** A word of a shell command; quoted where it must be. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that makes the same report. */
export function report_command(selector: ReportQuery): string {
  const flags: [keyof ReportQuery, string][] = [
    ['repository', '--repository'],
    ['commit_sha', '--commit-sha'],
    ['run_ids', '--run-ids'],
    ['baseline_run_ids', '--baseline-run-ids'],
    ['baseline', '--baseline'],
    ['threshold', '--threshold'],
    ['threshold_z', '--threshold-z'],
  ];
  const parts = flags.flatMap(([key, flag]) =>
    selector[key] ? [flag, word(String(selector[key]))] : [],
  );
  return ['benchlake', 'ci-report', ...parts].join(' ');
}
