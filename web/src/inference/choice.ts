// What is looked at, as the address says it; what it leaves out has a default, and what there is no
// data for gives way to what there is. Pure.
import type { Query } from '../api/client';
import type { InferenceRegistry } from '../api/types_inference';
import type { AvailableModel, AvailableSequence } from './available';

export interface Choice {
  model: AvailableModel;
  sequence: AvailableSequence;
  /** Those that are on; all unless the address names some. */
  precisions: string[];
  /** As of that day; null is now. */
  date: string | null;
}

const k_sequence = '8k/1k';
export const k_metric = 'y_tpPerGpu';
export const k_percentile = 'median';
export const k_target = 35;

/** Null when there is nothing to look at. */
export function choice_of(
  query: URLSearchParams,
  models: readonly AvailableModel[],
  registry: InferenceRegistry,
): Choice | null {
  const standard = (display: string) =>
    registry.models.find((one) => one.display === display)?.category === 'default';
  const model =
    models.find(({ display }) => display === query.get('model')) ??
    models.find(({ display }) => standard(display)) ??
    models[0];
  if (!model) return null;
  const named = (name: string | null) => model.sequences.find((one) => one.name === name);
  const sequence = named(query.get('seq')) ?? named(k_sequence) ?? model.sequences[0]!;
  const wanted = (query.get('prec') ?? '').split(',');
  const on = sequence.precisions.filter((one) => wanted.includes(one));
  const date = query.get('date');
  return {
    model,
    sequence,
    precisions: on.length === 0 ? sequence.precisions : on,
    date: date && sequence.dates.includes(date) ? date : null,
  };
}

/** What every question about a choice begins with. */
export function question_of({ model, sequence, precisions, date }: Choice): Query {
  const all = precisions.length === sequence.precisions.length;
  return {
    model: model.display,
    sequence: sequence.name,
    precisions: all ? null : precisions.join(','),
    date,
  };
}

/** A number that is more than 0, else the default. */
export function positive(text: string | null, fallback: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : fallback;
}

/** One of the words, else the first. */
export function word<Word extends string>(text: string | null, words: readonly Word[]): Word {
  return words.find((one) => one === text) ?? words[0]!;
}

/** The times to first token that a chart may have across instead of its own axis. */
export const first_token_axes = [
  ['p99_ttft', 'P99 time to first token'],
  ['median_ttft', 'Median time to first token'],
] as const;

/** Whether those are offered. */
export function may_show_first_token(chart: string, is_input: boolean): boolean {
  return chart === 'e2e' || is_input;
}

/** What goes along from one part of the view to another. */
export const kept_keys = ['model', 'seq', 'prec', 'date', 'metric'] as const;
/** What has no meaning any more once another model or sequence is chosen. */
export const dropped_keys = { prec: null, date: null, compare: null, lines: null, point: null };
