import { describe, expect, test } from 'vitest';
import { dot_radius, Occupancy } from '../src/chart/dots';
import { spark_path } from '../src/chart/spark';

describe('Occupancy', () => {
  const area = { left: 10, top: 20, width: 100, height: 50 };

  test('a cell is taken once', () => {
    const taken = new Occupancy(area, 4);
    expect(taken.take(11, 21)).toBe(true);
    expect(taken.take(13, 23)).toBe(false);
    expect(taken.take(15, 21)).toBe(true);
  });

  test('places outside, and no places at all, are never free', () => {
    const taken = new Occupancy(area, 4);
    expect(taken.take(0, 21)).toBe(false);
    expect(taken.take(11, 500)).toBe(false);
    expect(taken.take(Number.NaN, 21)).toBe(false);
    expect(taken.take(Infinity, 21)).toBe(false);
  });

  test('a million points cost at most the cells of the area', () => {
    const taken = new Occupancy(area, 2);
    let drawn = 0;
    for (let i = 0; i < 1_000_000; i++) {
      if (taken.take(10 + ((i * 7919) % 1000) / 10, 20 + ((i * 104_729) % 500) / 10)) drawn += 1;
    }
    expect(drawn).toBeLessThanOrEqual(51 * 26);
  });
});

test('dots shrink as points grow in number', () => {
  expect(dot_radius(10)).toBeGreaterThan(dot_radius(1000));
  expect(dot_radius(1000)).toBeGreaterThan(dot_radius(100_000));
});

describe('spark_path', () => {
  test('high values are at the top, the last point is marked', () => {
    const spark = spark_path([1, 3, 2], 108, 28);
    expect(spark?.line).toBe('M4 24L54 4L104 14');
    expect(spark?.last).toEqual({ x: 104, y: 14 });
  });

  test('a missing value leaves a gap', () => {
    expect(spark_path([1, null, 2, 3], 108, 28)?.line.match(/M/g)).toHaveLength(2);
  });

  test('a flat line runs through the middle, nothing is nothing', () => {
    expect(spark_path([5, 5], 108, 28)?.line).toBe('M4 14L104 14');
    expect(spark_path([5], 108, 28)?.last.y).toBe(14);
    expect(spark_path([null], 108, 28)).toBeNull();
    expect(spark_path([], 108, 28)).toBeNull();
  });
});
