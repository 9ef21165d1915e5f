import { expect, test } from 'vitest';
import { fitted_path, spark_path } from '../src/chart/spark';

test('a spark leaves a gap where a value is missing', () => {
  expect(spark_path([1, null, 2], 108, 28)?.line.match(/M/g)).toHaveLength(2);
  expect(spark_path([null], 108, 28)).toBeNull();
});

test('a fitted line runs over the whole width, its points stand at their times', () => {
  const samples = [
    { timestamp: '2026-01-01T00:00:00Z', value: 10 },
    { timestamp: '2026-01-02T00:00:00Z', value: 30 },
    { timestamp: '2026-01-05T00:00:00Z', value: 20 },
  ];
  const shape = fitted_path(samples, [10, 30], 108, 28);
  expect(shape.line).toBe('M4 24L104 4');
  expect(shape.dots).toEqual([
    { x: 4, y: 24 },
    { x: 29, y: 4 },
    { x: 104, y: 14 },
  ]);
});

test('a flat trend and one point make a line in the middle', () => {
  const one = [{ timestamp: '2026-01-01T00:00:00Z', value: 5 }];
  expect(fitted_path(one, [5, 5], 108, 28)).toEqual({
    line: 'M4 14L104 14',
    dots: [{ x: 4, y: 14 }],
  });
});
