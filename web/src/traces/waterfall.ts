// The rows of a waterfall: which are there, which are folded away, and where they stand.
import type { WaterfallRow } from '../api/types_traces';

/** Rows that came so far, by their place in the whole tree. Parts may come in any order. */
export class Rows {
  readonly total: number;
  readonly part: number;
  #parts = new Map<number, readonly WaterfallRow[]>();

  constructor(total: number, part: number) {
    this.total = total;
    this.part = part;
  }

  add(first: number, rows: readonly WaterfallRow[]): Rows {
    const next = new Rows(this.total, this.part);
    next.#parts = new Map(this.#parts).set(Math.floor(first / this.part), rows);
    return next;
  }

  at(row: number): WaterfallRow | null {
    return this.#parts.get(Math.floor(row / this.part))?.[row % this.part] ?? null;
  }

  /** The first rows of the parts that a range of rows needs and that are not there. */
  missing(from: number, to: number): number[] {
    const firsts: number[] = [];
    const last = Math.floor((Math.min(to, this.total) - 1) / this.part);
    for (let part = Math.floor(Math.max(0, from) / this.part); part <= last; part++) {
      if (!this.#parts.has(part)) firsts.push(part * this.part);
    }
    return firsts;
  }

  /** All that are there, in order. */
  *[Symbol.iterator](): Generator<[number, WaterfallRow]> {
    for (const part of [...this.#parts.keys()].sort((a, b) => a - b)) {
      for (const [i, row] of this.#parts.get(part)!.entries()) yield [part * this.part + i, row];
    }
  }
}

interface Fold {
  row: number;
  hidden: number;
}

/** Which rows are folded: each hides those below it. Immutable; the outermost folds count. */
export class Folds {
  readonly #folds: readonly Fold[];

  constructor(folds: readonly Fold[] = []) {
    this.#folds = folds;
  }

  has(row: number): boolean {
    return this.#folds.some((fold) => fold.row === row);
  }

  toggle(row: number, descendants: number): Folds {
    if (this.has(row)) return new Folds(this.#folds.filter((fold) => fold.row !== row));
    const rest = this.#folds.filter((fold) => fold.row < row || fold.row > row + descendants);
    return new Folds(
      [...rest, { row, hidden: descendants }].sort((first, second) => first.row - second.row),
    );
  }

  /** Unfolds what hides a row. */
  reveal(row: number): Folds {
    return new Folds(this.#folds.filter((fold) => row <= fold.row || row > fold.row + fold.hidden));
  }

  shown(total: number): number {
    return this.#folds.reduce((left, fold) => left - fold.hidden, total);
  }

  /** The row of the tree that stands at a place of the list. */
  row_at(place: number): number {
    let row = place;
    for (const fold of this.#folds) {
      if (row <= fold.row) break;
      row += fold.hidden;
    }
    return row;
  }

  /** The place of a row in the list; of a folded one, that of what hides it. */
  place_of(row: number): number {
    let hidden = 0;
    for (const fold of this.#folds) {
      if (row <= fold.row) break;
      if (row <= fold.row + fold.hidden) return fold.row - hidden;
      hidden += fold.hidden;
    }
    return row - hidden;
  }
}

/** The part of a trace's time that is shown, in nanoseconds from its start. */
export interface TimeRange {
  from: number;
  to: number;
}

/** Where a piece of time stands in a range, in percent; null: outside of it. */
export function place_in(
  range: TimeRange,
  from: number,
  to: number,
): { left: number; width: number } | null {
  const length = Math.max(1, range.to - range.from);
  if (to < range.from || from > range.to) return null;
  const left = Math.max(0, (from - range.from) / length);
  const right = Math.min(1, (to - range.from) / length);
  return { left: left * 100, width: Math.max(0, right - left) * 100 };
}

/** At most `count` instants of a range, at round steps. */
export function ticks_of({ from, to }: TimeRange, count: number): number[] {
  const length = to - from;
  if (!(length > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(length / count));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => length / one <= count)!;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
