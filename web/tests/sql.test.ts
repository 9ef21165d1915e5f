import { describe, expect, test } from 'vitest';
import { cell_text, chart_of, csv_of } from '../src/sql/answer';
import { inserted, place_in, sql_name } from '../src/sql/editing';
import { parse, remember } from '../src/sql/history';

const column = (name: string, type: string) => ({ name, type });

describe('cell_text', () => {
  test('nested values are JSON, a null is nothing', () => {
    expect(cell_text(null)).toBe('');
    expect(cell_text('9007199254740993')).toBe('9007199254740993');
    expect(cell_text([1, { a: true }])).toBe('[1,{"a":true}]');
  });
});

describe('csv_of', () => {
  test('quotes what needs it, and tells an empty text from a null', () => {
    const columns = [column('a "name"', 'text'), column('b', 'float64')];
    const rows = [
      ['x,y', 1.5],
      ['', null],
      ['two\nlines', 'NaN'],
    ];
    expect(csv_of({ columns, rows })).toBe(
      '"a ""name""",b\r\n"x,y",1.5\r\n"",\r\n"two\nlines",NaN\r\n',
    );
  });
});

describe('chart_of', () => {
  test('draws numbers over the first time, in its order', () => {
    const columns = [column('at', 'timestamp'), column('mean', 'float64')];
    const rows = [
      ['2026-01-02T00:00:00Z', 2],
      ['2026-01-01T00:00:00Z', null],
    ];
    expect(chart_of({ columns, rows })).toEqual({
      x: { name: 'at', kind: 'time' },
      xs: [1767225600, 1767312000],
      lines: [{ name: 'mean', values: [null, 2] }],
    });
  });

  test('a time without a zone is read as UTC', () => {
    const columns = [column('at', 'naive_timestamp'), column('n', 'int64')];
    expect(chart_of({ columns, rows: [['2026-01-01T00:00:00', 1]] })?.xs).toEqual([1767225600]);
  });

  test('without a time the first number is across; alone it is drawn over the rows', () => {
    const two = [column('size', 'int32'), column('mean', 'decimal(10, 2)')];
    expect(chart_of({ columns: two, rows: [[8, '1.5']] })).toEqual({
      x: { name: 'size', kind: 'number' },
      xs: [8],
      lines: [{ name: 'mean', values: [1.5] }],
    });
    const one = [column('name', 'text'), column('mean', 'float64')];
    const rows = [
      ['a', 3],
      ['b', 'NaN'],
    ];
    expect(chart_of({ columns: one, rows })).toMatchObject({
      x: { name: 'row', kind: 'row' },
      xs: [1, 2],
      lines: [{ values: [3, null] }],
    });
  });

  test('keys are drawn only where there is nothing else', () => {
    const columns = [column('at', 'date'), column('result_no', 'int64'), column('n', 'int64')];
    const rows = [['2026-01-01', 7, 1]];
    expect(chart_of({ columns, rows })?.lines.map((line) => line.name)).toEqual(['n']);
    const keys = { columns: columns.slice(0, 2), rows: rows.map((row) => row.slice(0, 2)) };
    expect(chart_of(keys)?.lines.map((line) => line.name)).toEqual(['result_no']);
  });

  test('there is none without numbers, rows or a place for them', () => {
    expect(chart_of({ columns: [column('a', 'text')], rows: [['x']] })).toBeNull();
    expect(chart_of({ columns: [column('a', 'int8')], rows: [] })).toBeNull();
    const columns = [column('at', 'timestamp'), column('n', 'int8')];
    expect(chart_of({ columns, rows: [[null, 1]] })).toBeNull();
  });
});

describe('editing', () => {
  test('names are quoted unless they are plain', () => {
    expect(sql_name('results')).toBe('results');
    expect(sql_name('Run "1"')).toBe('"Run ""1"""');
  });

  test('a name takes the place of what is marked, set off by blanks', () => {
    const made = inserted('select from t', { from: 6, to: 6 }, 'a');
    expect(made).toEqual({ text: 'select a from t', cursor: 8 });
    expect(inserted('count()', { from: 6, to: 6 }, 'a').text).toBe('count(a)');
    expect(inserted('select x', { from: 7, to: 8 }, 'y')).toEqual({ text: 'select y', cursor: 8 });
  });

  test('an error leads to its line and column', () => {
    expect(place_in('select\n  nix', 'at line 2, column 3: no such column')).toBe(9);
    expect(place_in('select', 'at line 9, column 1: gone')).toBeNull();
    expect(place_in('select', 'the query took too long')).toBeNull();
  });
});

describe('history', () => {
  test('a query that ran again stands in front, once', () => {
    const first = { sql: 'a', at: 1, rows: 1 };
    const past = remember([{ sql: 'b', at: 2, rows: 0 }, first], { ...first, at: 3 });
    expect(past.map((one) => [one.sql, one.at])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  test('is bounded, and text that is none of ours is passed over', () => {
    let past = parse(null);
    for (let i = 0; i < 80; ++i) past = remember(past, { sql: String(i), at: i, rows: 0 });
    expect(past).toHaveLength(50);
    expect(parse('{')).toEqual([]);
    expect(parse('[{"sql": 1}, {"sql": "a", "at": 1, "rows": 2}]')).toHaveLength(1);
  });
});
