// Evaluations of answers as a list: what is scored, and which are looked at. Pure.
import type { Evaluation, InferenceRegistry } from '../api/types_inference';
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
