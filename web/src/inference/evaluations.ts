// Evaluations of answers as a list: what is scored, and which are looked at. Pure.
import type { Evaluation, InferenceRegistry } from '../api/types_inference';
import type { CsvRow } from '../format/csv';
import { model_of } from './available';

/** The strict match, else the score; null when it has neither. And its standard error. */
export function score_of({ metrics }: Evaluation): { score: number | null; error: number | null } {
  return {
    score: metrics.em_strict ?? metrics.score ?? null,
    error: metrics.em_strict_se ?? metrics.score_se ?? null,
  };
}

/** Those of a model (display name) and task; all where these are empty. In their order. */
export function evaluations_of(
  rows: readonly Evaluation[],
  registry: InferenceRegistry,
  wanted: { model: string; task: string },
): Evaluation[] {
  return rows.filter(
    (row) =>
      (!wanted.task || row.task === wanted.task) &&
      (!wanted.model || model_of(row.model, registry) === wanted.model),
  );
}

export const k_csv_columns = [
  'model',
  'hardware',
  'framework',
  'precision',
  'spec_method',
  'tp',
  'ep',
  'concurrency',
  'task',
  'score',
  'error',
  'date',
  'run',
] as const;
/** What the list shows of one, by its keys. */
export function csv_row(row: Evaluation): CsvRow {
  const { score, error } = score_of(row);
  return [
    row.model,
    row.hardware,
    row.framework,
    row.precision,
    row.spec_method,
    row.decode_tp,
    row.decode_ep,
    row.conc,
    row.task,
    score,
    error,
    row.date,
    row.run_url,
  ];
}
