// The answer of a query as what is shown of it: texts, CSV, a chart. Pure.
import type { Json } from '../api/types';
import type { QueryAnswer, QueryColumn } from '../api/types_query';
import { csv_text } from '../format/csv';

const k_lines_max = 6;
const k_number = /^(u?int(8|16|32|64)|float(32|64)|decimal\b)/;
const k_time = /^(timestamp|naive_timestamp|date)$/;
/** Epochs and keys are numbers, but no measurements. */
const k_key = /(^|_)(id|no|hi|lo|key)$|fingerprint/i;

export const is_number = (column: QueryColumn): boolean => k_number.test(column.type);
export const is_time = (column: QueryColumn): boolean => k_time.test(column.type);

export function cell_text(cell: Json): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** Nested values as JSON. */
export function csv_of({ columns, rows }: Pick<QueryAnswer, 'columns' | 'rows'>): string {
  const texts = rows.map((cells) => cells.map((cell) => (cell === null ? null : cell_text(cell))));
  return csv_text(
    columns.map((column) => column.name),
    texts,
  );
}

export interface AnswerChart {
  x: { name: string; kind: 'time' | 'number' | 'row' };
  /** Ascending; seconds for times. */
  xs: number[];
  lines: { name: string; values: (number | null)[] }[];
}

function number_of(cell: Json | undefined, time: boolean): number | null {
  if (cell === null || cell === undefined || cell === '') return null;
  let value = Number(cell);
  if (time) {
    const text = String(cell);
    value = Date.parse(text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text) / 1000;
  }
  return Number.isFinite(value) ? value : null;
}

/**
 * Numbers over the first time, else over the first number when there is another one, else over the
 * row's place. Null when no column has numbers.
 */
export function chart_of({
  columns,
  rows,
}: Pick<QueryAnswer, 'columns' | 'rows'>): AnswerChart | null {
  const numbers = columns.map((_, i) => i).filter((i) => is_number(columns[i]!));
  const time = columns.findIndex(is_time);
  const across = time >= 0 ? time : numbers.length > 1 ? numbers[0]! : -1;
  const left = numbers.filter((i) => i !== across);
  const measured = left.filter((i) => !k_key.test(columns[i]!.name));
  const drawn = (measured.length ? measured : left).slice(0, k_lines_max);
  if (drawn.length === 0 || rows.length === 0) return null;
  const points = rows
    .map((row, place) => ({
      x: across < 0 ? place + 1 : number_of(row[across], across === time),
      row,
    }))
    .filter((point): point is { x: number; row: Json[] } => point.x !== null)
    .sort((a, b) => a.x - b.x);
  if (points.length === 0) return null;
  return {
    x: {
      name: across < 0 ? 'row' : columns[across]!.name,
      kind: across < 0 ? 'row' : across === time ? 'time' : 'number',
    },
    xs: points.map((point) => point.x),
    lines: drawn.map((i) => ({
      name: columns[i]!.name,
      values: points.map((point) => number_of(point.row[i], false)),
    })),
  };
}
