import { describe, expect, test } from 'vitest';
import type { HistorySample, ZScoreStats } from '../src/api/types';
import {
  build_trend,
  full_x,
  lower_bound,
  nearest,
  range_of_times,
  recent_x,
  segment_runs,
  times_of,
  visible,
  y_extent,
} from '../src/chart/trend_data';

const k_day = 86_400;

function stats(change: Partial<ZScoreStats> = {}): ZScoreStats {
  return {
    begins_distribution_change: false,
    is_step: false,
    is_outlier: false,
    segment_id: 0,
    rolling_mean_excluding_this_commit: 10,
    rolling_mean: 10,
    residual: 0,
    rolling_stddev: 0.5,
    ...change,
  };
}

function sample(
  day: number,
  value: number | null,
  change: Partial<HistorySample> = {},
): HistorySample {
  const time = new Date(day * k_day * 1000).toISOString();
  return {
    benchmark_result_id: `r${day}`,
    result_timestamp: time,
    mean: value,
    single_value_summary: value,
    single_value_summary_type: 'min',
    unit: 's',
    hardware_hash: 'h',
    commit_hash: `c${day}`,
    commit_repository: 'https://github.com/org/repo',
    commit_message: '',
    commit_timestamp: time,
    zscorestats: stats(),
    data: [],
    ...change,
  };
}

describe('build_trend', () => {
  test('results of one commit share an ordinal', () => {
    const data = build_trend([sample(1, 1), sample(1, 2), sample(3, 3)]);
    expect([...data.order]).toEqual([0, 0, 1]);
    expect([...data.time]).toEqual([k_day, k_day, 3 * k_day]);
  });

  test('the band is five deviations around the mean and absent where either is', () => {
    const data = build_trend([
      sample(1, 10, { zscorestats: stats({ rolling_stddev: null }) }),
      sample(2, 10),
      sample(3, 90, {
        zscorestats: stats({ is_outlier: true, rolling_mean_excluding_this_commit: null }),
      }),
      sample(4, 10, { zscorestats: null }),
    ]);
    expect(data.mean).toEqual([10, 10, null, null]);
    expect(data.high).toEqual([null, 12.5, null, null]);
    expect(data.low).toEqual([null, 7.5, null, null]);
    expect([...data.outlier]).toEqual([0, 0, 1, 0]);
  });

  test('samples of another unit than the newest have no value, and the units are told', () => {
    const data = build_trend([
      sample(1, 5, { unit: 'B', data: [5, 5] }),
      sample(2, 7, { data: [7, 8] }),
    ]);
    expect(data.units).toEqual(['s', 'B']);
    expect([...data.value]).toEqual([Number.NaN, 7]);
    expect([...data.repetition]).toEqual([7, 8]);
    expect([...data.first]).toEqual([0, 0, 2]);
  });

  test('null repetitions are left out', () => {
    const data = build_trend([sample(1, 1, { data: [1, null, 2] }), sample(2, 1, { data: null })]);
    expect([...data.repetition]).toEqual([1, 2]);
    expect([...data.first]).toEqual([0, 2, 2]);
  });

  test('an empty history is empty arrays', () => {
    const data = build_trend([]);
    expect(data.unit).toBeNull();
    expect(data.value).toHaveLength(0);
    expect(full_x(data.order)).toEqual({ min: 0, max: 1 });
  });

  test('a step is an automatic one or an annotated change', () => {
    const data = build_trend([
      sample(1, 1, { zscorestats: stats({ is_step: true }) }),
      sample(2, 1, { zscorestats: stats({ begins_distribution_change: true, segment_id: 1 }) }),
    ]);
    expect([...data.step]).toEqual([1, 1]);
    expect([...data.segment]).toEqual([0, 1]);
  });
});

describe('ranges', () => {
  const data = build_trend([1, 2, 50, 95, 100].map((day) => sample(day, day)));

  test('lower_bound agrees with a search from the left', () => {
    const xs = Float64Array.from([1, 2, 2, 2, 5, 9]);
    for (const x of [0, 1, 1.5, 2, 3, 5, 9, 10]) {
      const naive = [...xs].findIndex((one) => one >= x);
      expect(lower_bound(xs, x)).toBe(naive === -1 ? xs.length : naive);
    }
  });

  test('visible includes both ends, and all samples of an end commit', () => {
    expect(visible(Float64Array.from([0, 1, 1, 2, 2, 3]), 1, 2)).toEqual([1, 5]);
    expect(visible(Float64Array.from([0, 1]), 5, 6)).toEqual([2, 2]);
  });

  test('a range of days is anchored at the newest sample, on either axis', () => {
    for (const axis of ['time', 'order'] as const) {
      const range = recent_x(data, axis, 30);
      const xs = axis === 'time' ? data.time : data.order;
      expect(visible(xs, range.min, range.max)).toEqual([3, 5]);
    }
  });

  test('a zoom survives a change of the axis', () => {
    const times = times_of(data, 'order', { min: 1, max: 3 });
    expect(times).toEqual({ min: 2 * k_day, max: 95 * k_day });
    const range = range_of_times(data, 'time', times!);
    expect(visible(data.time, range.min, range.max)).toEqual([1, 4]);
  });

  test('a range that covers nothing has no times', () => {
    expect(times_of(data, 'order', { min: 1.2, max: 1.8 })).toBeNull();
  });

  test('one sample has a range of its own', () => {
    const { min, max } = full_x(Float64Array.from([7]));
    expect(min).toBeLessThan(7);
    expect(max).toBeGreaterThan(7);
  });
});

describe('y_extent', () => {
  test('holds every summary, and the band only as far as it does not squeeze them', () => {
    const data = build_trend([
      sample(1, 10, { zscorestats: stats({ rolling_stddev: 100 }) }),
      sample(2, 12),
    ]);
    const { min, max } = y_extent(data, 0, 2, false);
    expect(min).toBeLessThan(10);
    expect(max).toBeGreaterThan(12);
    expect(max).toBeLessThan(15);
  });

  test('never goes below zero for values that do not, and reaches zero when asked', () => {
    const data = build_trend([sample(1, 0.1), sample(2, 10)]);
    expect(y_extent(data, 0, 2, false).min).toBe(0);
    expect(y_extent(build_trend([sample(1, 10), sample(2, 11)]), 0, 2, true).min).toBe(0);
  });

  test('a flat line gets room, nothing gets the unit range', () => {
    const flat = build_trend([
      sample(1, 5, { zscorestats: null }),
      sample(2, 5, { zscorestats: null }),
    ]);
    const { min, max } = y_extent(flat, 0, 2, false);
    expect(max - min).toBeGreaterThan(0);
    expect(y_extent(flat, 0, 0, false)).toEqual({ min: 0, max: 1 });
  });
});

test('nearest skips samples without a value', () => {
  const data = build_trend([sample(1, 1), sample(2, null), sample(3, 3)]);
  expect(nearest(data, 0, 3, (i) => Math.abs(i - 1.2))).toBe(2);
  expect(nearest(data, 1, 2, () => 0)).toBeNull();
});

test('segment_runs cuts where the segment changes', () => {
  const with_segment = (id: number) => ({ zscorestats: stats({ segment_id: id }) });
  const data = build_trend([0, 0, 1, 1, 2].map((id, i) => sample(i, 1, with_segment(id))));
  expect(segment_runs(data, 0, 5)).toEqual([
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
  expect(segment_runs(data, 3, 5)).toEqual([
    [3, 4],
    [4, 5],
  ]);
  expect(segment_runs(data, 2, 2)).toEqual([]);
});
