// What ingests left out, over all their reports: names that the registry does not know first, which
// is how a new accelerator or model is noticed. Pure.
import type { IngestReport } from '../api/types_inference';
import { format_count } from '../format/units';

export type UnknownKind = 'models' | 'hardware' | 'precisions' | 'new_metrics';
export const k_unknown_kinds: readonly [UnknownKind, string][] = [
  ['models', 'Models'],
  ['hardware', 'Hardware'],
  ['precisions', 'Precisions'],
  ['new_metrics', 'New metrics'],
];

export interface UnknownName {
  kind: UnknownKind;
  name: string;
  ingests: number;
  /** When it was met last. */
  newest: string;
}

/** By kind, in the order above; the newest first. Reports: newest first. */
export function unknown_names(reports: readonly IngestReport[]): UnknownName[] {
  const found = new Map<string, UnknownName>();
  for (const [kind] of k_unknown_kinds) {
    for (const report of reports) {
      for (const name of report[kind]) {
        const key = `${kind} ${name}`;
        const one = found.get(key) ?? { kind, name, ingests: 0, newest: report.at };
        found.set(key, one);
        one.ingests += 1;
      }
    }
  }
  return [...found.values()];
}

const k_reasons: Record<string, string> = {
  no_isl_osl: 'no lengths of input and output',
  db_error: 'refused by the store',
};

/** `unmapped_model` -> `unmapped model`. */
export const words_of = (reason: string): string =>
  k_reasons[reason] ?? reason.replaceAll('_', ' ');

const k_written = [
  ['points', 'points'],
  ['evaluations', 'evaluations'],
  ['run_stats', 'run statistics'],
  ['changelogs', 'changelogs'],
  ['configs', 'configurations'],
  ['server_logs', 'server logs'],
  ['gpu_metrics', 'files of GPU metrics'],
] as const;

/** `points: 54 new, 12 as before; evaluations: 1 new`. */
export function written_text({ written }: IngestReport): string {
  const parts = k_written.flatMap(([kind, words]) => {
    const { added, changed, unchanged } = written[kind];
    const counts = [
      added > 0 && `${format_count(added)} new`,
      changed > 0 && `${format_count(changed)} changed`,
      unchanged > 0 && `${format_count(unchanged)} as before`,
    ].filter(Boolean);
    return counts.length === 0 ? [] : [`${words}: ${counts.join(', ')}`];
  });
  return parts.join('; ') || 'nothing written';
}

/** Reasons with their counts, the most frequent first. */
export function reasons_of({ skipped }: IngestReport): [reason: string, count: number][] {
  return Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
