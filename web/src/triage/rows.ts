// A report's or a comparison's rows in the one form that the triage table shows. Pure.
import type { Json, Tags } from '../api/types';
import type { Verdict } from '../api/types_verdict';
import type {
  Analysis,
  LegacyComparison,
  LegacySide,
  Report,
  ReportRow,
  ReportSide,
} from '../api/types_ci';

/** What a row asks of its reader; the order is that of urgency. */
export const k_statuses = [
  'regressed',
  'errored',
  'improved',
  'stable',
  'insufficient',
  'missing_contender',
  'missing_baseline',
  'not_comparable',
] as const;
export type TriageStatus = (typeof k_statuses)[number];

export interface TriageSide {
  result_id: string;
  value: number | null;
}

export interface TriageRow {
  /** Its own among the rows of one table. */
  key: string;
  status: TriageStatus;
  name: string;
  tags: Tags;
  context: Json;
  hardware: string;
  run_id: string;
  fingerprint: string | null;
  unit: string | null;
  less_is_better: boolean | null;
  baseline: TriageSide | null;
  contender: TriageSide | null;
  /** Percent, negative is worse. */
  change: number | null;
  /** Standard deviations, negative is worse. */
  z: number | null;
  /** Why there is no verdict, or what went wrong. */
  reason: string;
  /** Of the contender where it is off the default branch, else of its series; null while there is none. */
  verdict: Verdict | null;
  /** Lower case text that a search looks through. */
  haystack: string;
}

/** What of a comparison decides the status. */
export type Judge = 'z' | 'percent';

function haystack_of(name: string, tags: Tags, hardware: string): string {
  const pairs = Object.entries(tags ?? {}).map(([key, value]) => `${key}=${value}`);
  return [name, ...pairs, hardware].join('\n').toLowerCase();
}

/** The first line of an error's text, whatever shape the submitter gave it. */
export function error_text(error: Json | undefined): string {
  if (error === null || error === undefined) return '';
  if (typeof error === 'string') return error.trim().split('\n', 1)[0]!;
  if (typeof error !== 'object' || Array.isArray(error)) return JSON.stringify(error);
  const told = ['message', 'error', 'stderr', 'stack_trace', 'reason'].find(
    (key) => typeof error[key] === 'string' && error[key] !== '',
  );
  const text = told ? (error[told] as string) : JSON.stringify(error);
  return text.trim().split('\n', 1)[0]!;
}

function report_side(side: ReportSide | null): TriageSide | null {
  return side && { result_id: side.result_id, value: side.single_value_summary };
}

function report_row(row: ReportRow, run_id: string, index: number): TriageRow {
  return {
    key: String(index),
    status: row.status,
    name: row.name,
    tags: row.tags,
    context: row.context,
    hardware: row.hardware,
    run_id,
    fingerprint: row.history_fingerprint,
    unit: row.unit,
    less_is_better: row.less_is_better,
    baseline: report_side(row.baseline),
    contender: report_side(row.contender),
    change: row.analysis?.pairwise?.percent_change ?? null,
    z: row.analysis?.lookback_z_score?.z_score ?? null,
    reason: row.reason || error_text(row.error ?? row.contender.error),
    verdict: row.contender_verdict ?? row.verdict ?? null,
    haystack: haystack_of(row.name, row.tags, row.hardware),
  };
}

/** All rows of all runs of a report. */
export function rows_of_report(report: Report): TriageRow[] {
  let index = 0;
  return report.runs.flatMap((run) =>
    run.comparisons.map((row) => report_row(row, run.run_id, index++)),
  );
}

/** The verdicts that a report's rows carry, by fingerprint. */
export function verdicts_of(report: Report): Map<string, Verdict> {
  const found = new Map<string, Verdict>();
  for (const { comparisons } of report.runs) {
    for (const { history_fingerprint, contender_verdict, verdict } of comparisons) {
      const shown = contender_verdict ?? verdict;
      if (shown) found.set(history_fingerprint, shown);
    }
  }
  return found;
}

/** Rows that have none, with theirs. */
export function with_verdicts(
  rows: readonly TriageRow[],
  verdicts: ReadonlyMap<string, Verdict>,
): readonly TriageRow[] {
  if (verdicts.size === 0) return rows;
  return rows.map((row) => ({ ...row, verdict: verdicts.get(row.fingerprint ?? '') ?? null }));
}

function legacy_side(side: LegacySide | null): TriageSide | null {
  return side && { result_id: side.benchmark_result_id, value: side.single_value_summary };
}

function judged(analysis: Analysis, judge: Judge): TriageStatus {
  const part = judge === 'z' ? analysis.lookback_z_score : analysis.pairwise;
  if (!part) return 'insufficient';
  if (part.regression_indicated) return 'regressed';
  return part.improvement_indicated ? 'improved' : 'stable';
}

/** What a pair of results of two runs amounts to. */
export function status_of(pair: LegacyComparison, judge: Judge): TriageStatus {
  const failed = (side: LegacySide) => side.error !== null && side.error !== undefined;
  if (!pair.contender) return 'missing_contender';
  if (failed(pair.contender)) return 'errored';
  if (!pair.baseline) return 'missing_baseline';
  if (failed(pair.baseline)) return 'not_comparable';
  return judged(pair.analysis, judge);
}

/** A row of a comparison of two runs; `index` is its place there. */
export function row_of_pair(pair: LegacyComparison, judge: Judge, index: number): TriageRow {
  const side = (pair.contender ?? pair.baseline)!;
  const name = side.benchmark_name || side.tags.name || '';
  const { pairwise, lookback_z_score } = pair.analysis;
  return {
    key: String(index),
    status: status_of(pair, judge),
    name,
    tags: side.tags,
    context: null,
    hardware: '',
    run_id: side.run_id,
    fingerprint: pair.history_fingerprint,
    unit: pair.unit,
    less_is_better: pair.less_is_better,
    baseline: legacy_side(pair.baseline),
    contender: legacy_side(pair.contender),
    change: pairwise?.percent_change ?? null,
    z: lookback_z_score?.z_score ?? null,
    reason: error_text(pair.contender?.error ?? pair.baseline?.error),
    verdict: null,
    haystack: haystack_of(name, side.tags, ''),
  };
}
