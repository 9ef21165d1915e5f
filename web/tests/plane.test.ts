import { describe, expect, test } from 'vitest';
import { lines_shape, nearest_spot, step_from, type PlaneLine } from '../src/chart/lines_shape';
import { marker_path } from '../src/chart/markers';
import { axis_of, Plane, share, ticks_of } from '../src/chart/plane';

describe('axis_of', () => {
  test('a linear axis begins at nothing, or near the smallest value', () => {
    expect(axis_of([20, 100], 'linear', 'zero')).toEqual({ scale: 'linear', min: 0, max: 105 });
    expect(axis_of([20, 100], 'linear', 'near')).toEqual({ scale: 'linear', min: 16, max: 105 });
    expect(axis_of([1, 100], 'linear', 'near').min).toBe(0);
  });

  test('a logarithmic axis shows what is above 0', () => {
    const axis = axis_of([-1, 0, 2, 200], 'log', 'zero');
    expect(axis.min).toBeCloseTo(1.8);
    expect(axis.max).toBeCloseTo(210);
    expect(share(axis, axis.min)).toBe(0);
    expect(share(axis, axis.max)).toBe(1);
    expect(share(axis, 0)).toBeNaN();
  });

  test('one value, none, and values that are no numbers have an axis too', () => {
    for (const values of [[], [0], [5], [Number.NaN, Infinity]]) {
      for (const scale of ['linear', 'log'] as const) {
        const { min, max } = axis_of(values, scale, 'near');
        expect(max).toBeGreaterThan(min);
      }
    }
  });
});

describe('ticks_of', () => {
  test('round numbers within the axis, grouped by thousands', () => {
    const texts = ticks_of({ scale: 'linear', min: 0, max: 4200 }, 4).map(({ text }) => text);
    expect(texts).toEqual(['0', '2,000', '4,000']);
  });

  test('small steps keep their decimals', () => {
    const texts = ticks_of({ scale: 'linear', min: 0, max: 0.2 }, 4).map(({ text }) => text);
    expect(texts).toEqual(['0.00', '0.05', '0.10', '0.15', '0.20']);
  });

  test('a logarithmic axis has 1, 2 and 5, thinned to what fits', () => {
    const axis = { scale: 'log', min: 0.9, max: 1100 } as const;
    expect(ticks_of(axis, 20).map(({ text }) => text)).toEqual(
      '1 2 5 10 20 50 100 200 500 1,000'.split(' '),
    );
    expect(ticks_of(axis, 4).map(({ text }) => text)).toEqual(['1', '10', '100', '1,000']);
  });

  test('times have whole days, as many as fit', () => {
    const day = (text: string) => Date.parse(text);
    const axis = axis_of([day('2026-01-03'), day('2026-01-20')], 'time', 'near');
    expect(ticks_of(axis, 4).map(({ text }) => text)).toEqual([
      '2026-01-03',
      '2026-01-10',
      '2026-01-17',
    ]);
  });

  test('less than two such numbers: round numbers instead', () => {
    const texts = ticks_of({ scale: 'log', min: 21, max: 29 }, 4).map(({ text }) => text);
    expect(texts).toEqual(['22', '24', '26', '28']);
  });
});

const plane = () =>
  new Plane(
    { left: 10, top: 20, width: 100, height: 50 },
    { scale: 'linear', min: 0, max: 10 },
    { scale: 'log', min: 1, max: 100 },
  );

describe('Plane', () => {
  test('x runs to the right, y upwards', () => {
    expect([plane().x(0), plane().x(5), plane().x(10)]).toEqual([10, 60, 110]);
    expect([plane().y(1), plane().y(10), plane().y(100)]).toEqual([70, 45, 20]);
  });

  test('what a logarithmic axis cannot show is a gap of a path', () => {
    expect(
      plane().path([
        [0, 1],
        [5, 10],
        [6, 0],
        [10, 100],
      ]),
    ).toBe('M10 70L60 45M110 20');
  });
});

test('marks are closed paths around their place', () => {
  for (const marker of ['circle', 'square', 'triangle', 'diamond'] as const) {
    expect(marker_path(marker, 5, 5, 2)).toMatch(/^M.*z$/);
  }
  expect(marker_path('square', 5, 5, 2)).toBe('M3 3L7 3L7 7L3 7z');
});

const line = (key: string, points: [number, number][]): PlaneLine => ({
  key,
  marker: 'square',
  points: points.map(([x, y], i) => ({ x, y, strong: i % 2 === 0 })),
  curve: points,
});

const look = {
  width: 180,
  height: 138,
  x_scale: 'linear',
  y_scale: 'linear',
  x_begin: 'zero',
  y_begin: 'zero',
} as const;

describe('lines_shape', () => {
  test('points lie where the axes say, strong ones apart from pale ones', () => {
    const shape = lines_shape([line('a', [[0, 0], [100, 100]])], look); // prettier-ignore
    expect(shape.area).toEqual({ left: 66, top: 12, width: 100, height: 100 });
    expect(shape.spots.map(({ left, top }) => [left, top])).toEqual([
      [66, 112],
      [161.24, 16.76],
    ]);
    expect(shape.lines[0]!.curve).toBe('M66 112L161.24 16.76');
    expect(shape.lines[0]!.strong).toBe('M62 108L70 108L70 116L62 116z');
    expect(shape.lines[0]!.pale).toContain('M158.04');
  });

  test('what a logarithmic axis cannot show is counted', () => {
    const shape = lines_shape([line('a', [[1, 0], [2, 10], [3, 20]])], { ...look, y_scale: 'log' }); // prettier-ignore
    expect(shape.left_out).toBe(1);
    expect(shape.spots.map(({ point }) => point)).toEqual([1, 2]);
  });

  test('a tail goes on from the curve, and has room', () => {
    const with_tail = { ...line('a', [[0, 0], [50, 50]]), tail: [[50, 50], [100, 50]] as const }; // prettier-ignore
    const shape = lines_shape([with_tail], look);
    expect(shape.lines[0]!.tail).toBe('M113.62 16.76L161.24 16.76');
    expect(shape.spots).toHaveLength(2);
  });

  test('nothing is an empty plane', () => {
    const shape = lines_shape([], look);
    expect(shape.spots).toEqual([]);
    expect(shape.rows.length).toBeGreaterThan(0);
  });
});

describe('spots', () => {
  const { spots } = lines_shape(
    [line('a', [[30, 0], [10, 0], [20, 0]]), line('b', [[21, 50], [90, 50]])], // prettier-ignore
    look,
  );
  const at = (spot: { line: number; point: number } | null) => [spot?.line, spot?.point];

  test('the nearest one within reach is found', () => {
    const { left, top } = spots[1]!;
    expect(at(nearest_spot(spots, left + 3, top - 3, 12))).toEqual([0, 1]);
    expect(nearest_spot(spots, left, top - 60, 12)).toBeNull();
  });

  test('arrows walk a line from left to right and stop at its ends', () => {
    const first = step_from(spots, null, 'right');
    expect(at(first)).toEqual([0, 1]);
    const second = step_from(spots, first, 'right');
    expect(at(second)).toEqual([0, 2]);
    expect(at(step_from(spots, second, 'last'))).toEqual([0, 0]);
    expect(at(step_from(spots, first, 'left'))).toEqual([0, 1]);
  });

  test('up and down lead to the nearest point of the next line, round and round', () => {
    const from = spots.find((spot) => spot.line === 0 && spot.point === 2)!;
    const other = step_from(spots, from, 'down');
    expect(at(other)).toEqual([1, 0]);
    expect(at(step_from(spots, other, 'down'))).toEqual([0, 2]);
    expect(at(step_from(spots, from, 'up'))).toEqual([1, 0]);
    expect(step_from([], null, 'up')).toBeNull();
  });
});
