import { describe, expect, it } from 'vitest';
import type { Frame, WaterfallRow } from '../src/api/types_traces';
import { flame_of, weights_of } from '../src/traces/flame';
import { Folds, Rows, place_in, ticks_of } from '../src/traces/waterfall';
import {
  direction_words,
  duration_words,
  hue_of,
  hues_of,
  is_duration,
  roots_of,
  shift_words,
} from '../src/traces/words';

const row = (span_id: string) => ({ span_id }) as WaterfallRow;

describe('roots of traces', () => {
  it('are named once, most traces first', () => {
    const of = (root_name: string | null) => ({ root_name });
    expect(roots_of([of('b'), of('a'), of(null), of('a'), of('c')])).toEqual(['a', 'b', 'c']);
  });
});

describe('rows of a waterfall', () => {
  it('come in parts of any order', () => {
    const rows = new Rows(5, 2).add(4, [row('e')]).add(0, [row('a'), row('b')]);
    expect(rows.at(1)?.span_id).toBe('b');
    expect(rows.at(2)).toBeNull();
    expect(rows.at(4)?.span_id).toBe('e');
    expect(rows.missing(0, 5)).toEqual([2]);
    expect(rows.missing(4, 100)).toEqual([]);
    expect([...rows].map(([at]) => at)).toEqual([0, 1, 4]);
  });
});

describe('folds', () => {
  // 0 ( 1 ( 2 3 ) 4 ) 5
  const inner = new Folds().toggle(1, 2);

  it('hide what is below and leave the rest in its order', () => {
    expect(inner.shown(6)).toBe(4);
    expect([0, 1, 2, 3].map((place) => inner.row_at(place))).toEqual([0, 1, 4, 5]);
    expect([0, 1, 2, 3, 4, 5].map((at) => inner.place_of(at))).toEqual([0, 1, 1, 1, 2, 3]);
  });

  it('count once when one lies within another', () => {
    const outer = inner.toggle(0, 4);
    expect(outer.shown(6)).toBe(2);
    expect(outer.row_at(1)).toBe(5);
    expect(outer.has(1)).toBe(false);
  });

  it('open for a row that is looked for', () => {
    expect(inner.reveal(3).shown(6)).toBe(6);
    expect(inner.reveal(4).shown(6)).toBe(4);
    expect(inner.reveal(1).has(1)).toBe(true);
  });

  it('are undone by the same click', () => {
    expect(inner.toggle(1, 2).shown(6)).toBe(6);
  });

  it('find every place again, whatever is folded', () => {
    const folds = new Folds().toggle(10, 5).toggle(30, 0).toggle(40, 100);
    for (let place = 0; place < folds.shown(200); place++) {
      expect(folds.place_of(folds.row_at(place))).toBe(place);
    }
  });
});

describe('time', () => {
  it('stands in percent of what is shown', () => {
    const range = { from: 100, to: 200 };
    expect(place_in(range, 150, 175)).toEqual({ left: 50, width: 25 });
    expect(place_in(range, 0, 1000)).toEqual({ left: 0, width: 100 });
    expect(place_in(range, 150, 150)).toEqual({ left: 50, width: 0 });
    expect(place_in(range, 0, 99)).toBeNull();
    expect(place_in(range, 201, 300)).toBeNull();
  });

  it('has round ticks', () => {
    expect(ticks_of({ from: 0, to: 1000 }, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(ticks_of({ from: 130, to: 190 }, 4)).toEqual([140, 160, 180]);
    expect(ticks_of({ from: 7, to: 7 }, 4)).toEqual([7]);
  });

  it('is read by people', () => {
    expect(duration_words(350_000)).toBe('350.0\u00a0µs');
    expect(duration_words(200e9)).toBe('3\u00a0min 20\u00a0s');
    expect(duration_words(7500e9)).toBe('2\u00a0h 5\u00a0min');
    expect(is_duration('1.5ms')).toBe(true);
    expect(is_duration('1h30m')).toBe(true);
    expect(is_duration('5')).toBe(false);
    expect(is_duration('')).toBe(false);
  });
});

describe('a flame graph', () => {
  const frame = (parent: number | null, self_ns: number): Frame => ({
    parent,
    service: 's',
    name: `n${self_ns}`,
    spans: 1,
    errors: 0,
    total_ns: 0,
    self_ns,
    critical_ns: 0,
  });
  const frames = [frame(null, 10), frame(0, 20), frame(0, 60), frame(1, 10)];

  it('weighs a frame with all above it', () => {
    expect(weights_of(frames, 'self_ns')).toEqual([100, 30, 60, 10]);
  });

  it('puts the heaviest first, side by side within their parent', () => {
    const { placed, depth, total } = flame_of(frames, 'self_ns', null, 0);
    expect(total).toBe(100);
    expect(depth).toBe(3);
    const by_index = new Map(placed.map((one) => [one.index, one]));
    expect(by_index.get(2)).toMatchObject({ left: 0, width: 0.6, depth: 1 });
    expect(by_index.get(1)).toMatchObject({ left: 0.6, width: 0.3, depth: 1 });
    expect(by_index.get(3)!.left).toBeCloseTo(0.6);
  });

  it('grows from a chosen frame, whose parents stay below it', () => {
    const { placed } = flame_of(frames, 'self_ns', 1, 0);
    expect(placed.map((one) => [one.index, one.width])).toEqual([
      [0, 1],
      [1, 1],
      [3, expect.closeTo(1 / 3)],
    ]);
  });

  it('leaves out what is too narrow to be seen', () => {
    expect(
      flame_of(frames, 'self_ns', null, 0.2)
        .placed.map(({ index }) => index)
        .sort(),
    ).toEqual([0, 1, 2]);
    expect(flame_of([], 'self_ns', null, 0).placed).toEqual([]);
  });
});

it('a service keeps its colour', () => {
  expect(hue_of('checkout')).toBe(hue_of('checkout'));
  const hues = new Set(Array.from({ length: 100 }, (_, i) => hue_of(`service-${i}`)));
  expect(hues.size).toBe(8);
});

it('services of one trace have colours of their own while there are enough', () => {
  const services = Array.from({ length: 8 }, (_, i) => `service-${i}`);
  expect(new Set(hues_of(services).values()).size).toBe(8);
  expect(hues_of(['alone']).get('alone')).toBe(hue_of('alone'));
  expect(hues_of([...services, 'one-more']).size).toBe(9);
});

describe('a comparison of runs', () => {
  it('gives a shift its sign', () => {
    expect(shift_words(30e6, duration_words)).toMatch(/^\+30\.00.ms$/);
    expect(shift_words(-2, String)).toBe('-2');
    expect(shift_words(0, String)).toBe('0');
  });
  it('says where the time went', () => {
    expect(direction_words('increased')).toBe('It takes longer');
    expect(direction_words('sideways')).toBe('sideways');
  });
});
