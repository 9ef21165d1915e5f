// What ingests left out, over all their reports: names that the registry does not know first, which
// is how a new accelerator or model is noticed. Pure.
import type { IngestReport } from '../api/types_inference';

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

/** `unmapped_model` -> `unmapped model`. */
export const words_of = (reason: string): string => reason.replaceAll('_', ' ');

/** Reasons with their counts, the most frequent first. */
export function reasons_of({ skipped }: IngestReport): [reason: string, count: number][] {
  return Object.entries(skipped)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
