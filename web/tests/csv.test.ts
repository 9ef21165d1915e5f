import { describe, expect, it } from 'vitest';
import { csv_text } from '../src/format/csv';
import { csv_row, k_csv_columns } from '../src/inference/evaluations';
import type { Evaluation } from '../src/api/types_inference';

describe('a table as CSV', () => {
  it('quotes what would be read as something else', () => {
    expect(csv_text(['a', 'b'], [['x,y', 'say "so"']])).toBe('a,b\r\n"x,y","say ""so"""\r\n');
    expect(csv_text(['a'], [['two\nlines']])).toBe('a\r\n"two\nlines"\r\n');
  });
  it('tells nothing from an empty text', () => {
    expect(csv_text(['a', 'b', 'c'], [[null, '', 0]])).toBe('a,b,c\r\n,"",0\r\n');
  });
  it('has a cell for each column of an evaluation', () => {
    const row = { metrics: { em_strict: 0.95, em_strict_se: 0.01 }, model: 'dsr1', conc: null };
    const cells = csv_row(row as unknown as Evaluation);
    expect(cells).toHaveLength(k_csv_columns.length);
    expect(cells[k_csv_columns.indexOf('score')]).toBe(0.95);
  });
});
