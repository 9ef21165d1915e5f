import { expect, test } from 'vitest';
import { colour_of_step } from '../src/chart/colours';
import { mark_of } from '../src/chart/marks';
import { build_trend } from '../src/chart/trend_data';
import type { HistorySample } from '../src/api/types';

function sample(value: number, stats: Record<string, unknown>): HistorySample {
  return {
    unit: 's',
    single_value_summary: value,
    commit_hash: `c${value}`,
    commit_timestamp: '2026-01-01T00:00:00Z',
    zscorestats: {
      segment_id: 0,
      is_outlier: false,
      is_step: false,
      begins_distribution_change: false,
      rolling_mean_excluding_this_commit: 10,
      rolling_stddev: 1,
      ...stats,
    },
  } as unknown as HistorySample;
}

const data = build_trend([
  sample(10, {}),
  sample(30, { is_step: true }),
  sample(5, { is_step: true }),
  sample(99, { is_outlier: true }),
  sample(11, { begins_distribution_change: true }),
]);

test('a step points where the value went; its tone says whether that is bad', () => {
  expect(mark_of(data, 1, true)).toEqual({ text: '▲ step up', tone: 'worse' });
  expect(mark_of(data, 1, false)).toEqual({ text: '▲ step up', tone: 'better' });
  expect(mark_of(data, 2, true)).toEqual({ text: '▼ step down', tone: 'better' });
});

test('outliers and declared changes have their own words; most samples have none', () => {
  expect(mark_of(data, 0, true)).toBeNull();
  expect(mark_of(data, 3, true)).toEqual({ text: '◇ outlier', tone: 'soft' });
  expect(mark_of(data, 4, true)?.text).toBe('▲ new distribution up');
});

test('without a direction a step is neither good nor bad', () => {
  expect(mark_of(data, 1, null)).toEqual({ text: '▲ step up', tone: 'soft' });
  expect(colour_of_step(true, null)).toBe('chart-axis');
  expect(colour_of_step(true, true)).toBe('chart-step');
  expect(colour_of_step(false, true)).toBe('chart-step-better');
});
