// Which rows are shown, in what order, and where the next regression is. Pure; one pass over the
// rows each.
import type { VerdictDecision } from '../api/types_verdict';
import { k_statuses, type TriageRow, type TriageStatus } from './rows';

export interface TriageFilter {
  /** Empty: all. */
  status: string;
  hardware: string;
  run_id: string;
  /** A decision, or `none`. */
  verdict: string;
  /** Words that all must occur in name, parameters or hardware. */
  q: string;
}

export type TriageSort = 'urgency' | 'name' | 'change' | 'better' | 'verdict';

/** How many rows have each status; only statuses that occur. */
export function count_statuses(rows: readonly TriageRow[]): Map<TriageStatus, number> {
  const counts = new Map<TriageStatus, number>();
  for (const row of rows) counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
  return new Map(k_statuses.filter((one) => counts.has(one)).map((one) => [one, counts.get(one)!]));
}

/** What hardware occurs, by name. */
export function hardware_names(rows: readonly TriageRow[]): string[] {
  return [...new Set(rows.map((row) => row.hardware))].filter(Boolean).sort();
}

/** The rows that fit all of the filter but its status, so that statuses can be counted. */
export function narrow(rows: readonly TriageRow[], filter: TriageFilter): readonly TriageRow[] {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length && !filter.hardware && !filter.run_id && !filter.verdict) return rows;
  return rows.filter(
    (row) =>
      (!filter.hardware || row.hardware === filter.hardware) &&
      (!filter.run_id || row.run_id === filter.run_id) &&
      (!filter.verdict || decision_of(row) === filter.verdict) &&
      words.every((word) => row.haystack.includes(word)),
  );
}

export type RowDecision = VerdictDecision | 'none';

/** What its verdict decides; `none` without one. */
export function decision_of(row: TriageRow): RowDecision {
  return row.verdict?.decision ?? 'none';
}

const k_decisions: RowDecision[] = ['slower', 'wait', 'faster', 'steady', 'unknown', 'none'];

/** How many rows have each decision, worst first; only those that occur, nothing without verdicts. */
export function count_decisions(rows: readonly TriageRow[]): Map<RowDecision, number> {
  const counts = new Map<RowDecision, number>();
  for (const row of rows) counts.set(decision_of(row), (counts.get(decision_of(row)) ?? 0) + 1);
  if (counts.size === 1 && counts.has('none')) return new Map();
  return new Map(
    k_decisions.filter((one) => counts.has(one)).map((one) => [one, counts.get(one)!]),
  );
}

export function with_status(rows: readonly TriageRow[], status: string): readonly TriageRow[] {
  return status ? rows.filter((row) => row.status === status) : rows;
}

const k_rank = new Map(k_statuses.map((status, i) => [status, i]));

function by_text(a: TriageRow, b: TriageRow): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.haystack < b.haystack ? -1 : a.haystack > b.haystack ? 1 : 0;
}

type Compare = (a: TriageRow, b: TriageRow) => number;

// Names are compared once for all orders of the same rows: then each row has its place.
const k_by_name = new WeakMap<readonly TriageRow[], Compare>();

function by_name_of(rows: readonly TriageRow[]): Compare {
  const known = k_by_name.get(rows);
  if (known) return known;
  const places = new Map(rows.toSorted(by_text).map((row, i) => [row, i]));
  const compare: Compare = (a, b) => places.get(a)! - places.get(b)!;
  k_by_name.set(rows, compare);
  return compare;
}

/** What has no number comes last, in either direction. */
function by_number(a: number | null, b: number | null, sign: 1 | -1): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (a - b) * sign;
}

const k_verdict_rank = new Map(k_decisions.map((decision, i) => [decision, i]));

/** Of the change that a verdict speaks of; what is steady speaks of an old one. */
function size_of(row: TriageRow): number | null {
  const decision = decision_of(row);
  const spoken = decision === 'slower' || decision === 'faster' || decision === 'wait';
  const change = row.verdict?.change;
  return spoken && change ? Math.abs(change.percent) : null;
}

const k_orders: Record<TriageSort, Compare> = {
  urgency: (a, b) =>
    k_rank.get(a.status)! - k_rank.get(b.status)! ||
    by_number(a.z ?? a.change, b.z ?? b.change, a.status === 'improved' ? -1 : 1),
  name: () => 0,
  verdict: (a, b) =>
    k_verdict_rank.get(decision_of(a))! - k_verdict_rank.get(decision_of(b))! ||
    by_number(size_of(a), size_of(b), -1),
  change: (a, b) => by_number(a.change, b.change, 1),
  better: (a, b) => by_number(a.change, b.change, -1),
};

export function parse_sort(text: string | null): TriageSort {
  return text !== null && Object.hasOwn(k_orders, text) ? (text as TriageSort) : 'urgency';
}

export function sorted(rows: readonly TriageRow[], sort: TriageSort): readonly TriageRow[] {
  const order = k_orders[sort];
  const by_name = by_name_of(rows);
  return rows.toSorted((a, b) => order(a, b) || by_name(a, b));
}

/** Where the regressions are in the shown order. */
export function regressions(rows: readonly TriageRow[]): number[] {
  return rows.flatMap((row, i) => (row.status === 'regressed' ? [i] : []));
}

/** The next of `places` after `at` (-1: none yet) in that direction, round the end. */
export function next_place(places: readonly number[], at: number, step: 1 | -1): number | null {
  if (places.length === 0) return null;
  if (step === 1) return places.find((place) => place > at) ?? places[0]!;
  const before = places.findLast((place) => place < at);
  return at < 0 || before === undefined ? places.at(-1)! : before;
}
