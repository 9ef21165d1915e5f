// What there are sweeps of, in the registry's order and words: what selectors offer. Pure.
import type { Availability, InferenceRegistry } from '../api/types_inference';

export interface AvailableSequence {
  /** What the API takes. */
  name: string;
  label: string;
  /** Keys, in the registry's order. */
  precisions: string[];
  /** Newest first. */
  dates: string[];
}

export interface AvailableModel {
  display: string;
  label: string;
  sequences: AvailableSequence[];
}

const k_agentic = 'agentic_traces';

/** By the places in `order`, what is not in there behind it. */
function in_order<T>(items: T[], order: readonly string[], name: (item: T) => string): T[] {
  const place = (item: T) => {
    const at = order.indexOf(name(item));
    return at < 0 ? order.length : at;
  };
  return items.toSorted((a, b) => place(a) - place(b) || (name(a) < name(b) ? -1 : 1));
}

/** The sequence of a row: the registry's, else its lengths in tokens. */
export function sequence_of(
  row: Pick<Availability, 'isl' | 'osl' | 'benchmark_type'>,
  registry: InferenceRegistry,
): { name: string; label: string } {
  const agentic = row.benchmark_type === k_agentic;
  const known = registry.sequences.find((one) =>
    agentic ? one.isl === null : one.isl === row.isl && one.osl === row.osl,
  );
  if (known) return known;
  const name = agentic ? 'agentic' : `${row.isl}/${row.osl}`;
  return { name, label: name };
}

/** A model's display name by its key in the store. */
export function model_of(key: string, registry: InferenceRegistry): string {
  return registry.models.find((one) => one.keys.includes(key))?.display ?? key;
}

export function label_of(named: readonly { key: string; label: string }[], key: string): string {
  return named.find((one) => one.key === key)?.label ?? key;
}

/** Models that there are points of. Cost: one pass over the rows. */
export function available_models(
  rows: readonly Availability[],
  registry: InferenceRegistry,
): AvailableModel[] {
  interface Found {
    label: string;
    precisions: Set<string>;
    dates: Set<string>;
  }
  const found = new Map<string, Map<string, Found>>();
  for (const row of rows) {
    const display = model_of(row.model, registry);
    const sequences = found.get(display) ?? new Map<string, Found>();
    found.set(display, sequences);
    const { name, label } = sequence_of(row, registry);
    const one = sequences.get(name) ?? { label, precisions: new Set(), dates: new Set() };
    sequences.set(name, one);
    one.precisions.add(row.precision);
    one.dates.add(row.date);
  }
  const precisions = registry.precisions.map(({ key }) => key);
  const sequences = registry.sequences.map(({ name }) => name);
  const models = [...found].map(([display, of_model]) => ({
    display,
    label: registry.models.find((one) => one.display === display)?.label ?? display,
    sequences: in_order(
      [...of_model].map(([name, one]) => ({
        name,
        label: one.label,
        precisions: in_order([...one.precisions], precisions, (key) => key),
        dates: [...one.dates].sort().reverse(),
      })),
      sequences,
      (sequence) => sequence.name,
    ),
  }));
  return in_order(
    models,
    registry.models.map(({ display }) => display),
    (model) => model.display,
  );
}

export interface NewestCell {
  /** Newest date. */
  date: string;
  /** How many days there are. */
  days: number;
}

/** Of each model (display name) and hardware the newest day; hardware in the registry's order. */
export function newest_of_each(
  rows: readonly Availability[],
  registry: InferenceRegistry,
): { hardware: string[]; cells: Map<string, Map<string, NewestCell>> } {
  const dates = new Map<string, Map<string, Set<string>>>();
  for (const row of rows) {
    const display = model_of(row.model, registry);
    const of_model = dates.get(display) ?? new Map<string, Set<string>>();
    dates.set(display, of_model);
    const days = of_model.get(row.hardware) ?? new Set<string>();
    of_model.set(row.hardware, days);
    days.add(row.date);
  }
  const cells = new Map(
    [...dates].map(([display, of_model]) => [
      display,
      new Map(
        [...of_model].map(([hardware, days]) => [
          hardware,
          { date: [...days].reduce((a, b) => (a > b ? a : b)), days: days.size },
        ]),
      ),
    ]),
  );
  const hardware = [...new Set(rows.map((row) => row.hardware))];
  const order = registry.hardware.map(({ key }) => key);
  return { hardware: in_order(hardware, order, (key) => key), cells };
}
