// What ingests left out, over all their reports: names that the registry does not know first, which
// is how a new accelerator or model is noticed. Pure.
import type { IngestReport } from '../api/types_inference';
import { format_count, plural } from '../format/units';

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

const k_written = {
  points: ['point'],
  evaluations: ['evaluation'],
  run_stats: ['run statistic'],
  changelogs: ['changelog'],
  configs: ['configuration'],
  server_logs: ['server log'],
  gpu_metrics: ['file of GPU metrics', 'files of GPU metrics'],
} as const;

/** `54 new points, 12 as before; 1 new evaluation`. */
export function written_text({ written }: IngestReport): string {
  const parts = Object.entries(k_written).flatMap(([kind, [one, many]]) => {
    const { added, changed, unchanged } = written[kind as keyof typeof k_written];
    if (added + changed + unchanged === 0) return [];
    const counts = [
      plural(added, `new ${one}`, many && `new ${many}`),
      changed > 0 && `${format_count(changed)} changed`,
      unchanged > 0 && `${format_count(unchanged)} as before`,
    ];
    return [counts.filter(Boolean).join(', ')];
  });
  return parts.join('; ') || 'nothing written';
}

/** Reasons with their counts, the most frequent first. */
export function reasons_of({ skipped }: IngestReport): [reason: string, count: number][] {
  return Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
