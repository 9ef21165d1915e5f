import { describe, expect, it } from 'vitest';
import { frontier_dots, share_words, with_threshold } from '../src/alerts/cost';
import type { CostPoint, CostReplay, Threshold } from '../src/api/types_advice_cost';
import { is_taught, k_teachings, toggled } from '../src/verdict/lessons';

const nothing = { count: 0, of: 0, share: null, low: null, high: null };

function point(value: number, misses: number, known: number, unknown: number): CostPoint {
  return {
    value,
    misses,
    alarms: 0,
    confirmed: 0,
    false_alarms: 0,
    unknown: 0,
    false_per_week: known,
    unknown_per_week: unknown,
    cost: 0,
    is_front: true,
    is_current: false,
    missed: nothing,
    false_share: nothing,
  };
}

const replay: CostReplay = {
  threshold: 'z',
  current: 5,
  proposed: null,
  refusal: null,
  reason: '',
  judged: 0,
  slowdowns: 0,
  known_false: 0,
  points: [point(2, 0, 1, 3), point(5, 2, 0, 1), point(9, 4, 0, 0)],
};

describe('shares', () => {
  it('are said with their interval, or as not known', () => {
    const share = { count: 3, of: 12, share: 0.25, low: 0.089, high: 0.532 };
    expect(share_words(share)).toBe('25 %, 9 % to 53 %');
    expect(share_words(nothing)).toBe('not known');
  });
});

describe('the frontier', () => {
  it('has misses up and what is not right to the right', () => {
    const dots = frontier_dots(replay, 100, 40).map(({ x, y }) => [x, y]);
    expect(dots).toEqual([
      [100, 40],
      [25, 20],
      [0, 0],
    ]);
  });
  it('stays in its box when nothing was told or missed', () => {
    const dots = frontier_dots({ ...replay, points: [point(5, 0, 0, 0)] }, 100, 40);
    expect(dots.map(({ x, y }) => [x, y])).toEqual([[0, 40]]);
  });
});

describe('setting a threshold', () => {
  const of_series: Threshold = {
    repository: 'r',
    history_fingerprint: 'f',
    threshold: 1,
    threshold_z: 1,
    notify_improvements: false,
  };
  const of_project = { ...of_series, history_fingerprint: null, notify_improvements: true };
  it('keeps the rest of the rule of the project', () => {
    const rule = with_threshold([of_series, of_project], 'r', 'z', 7);
    expect(rule).toEqual({ ...of_project, threshold_z: 7 });
  });
  it('leaves the other value to what is built in where there was no rule', () => {
    const rule = with_threshold([of_series], 'r', 'percent', 7);
    expect([rule.threshold, rule.threshold_z, rule.history_fingerprint]).toEqual([7, null, null]);
  });
});

describe('a confirmation', () => {
  const confirmed = k_teachings.find(({ lesson }) => lesson === 'confirmed');
  const noise = k_teachings.find(({ lesson }) => lesson === 'noise');
  it('takes back that it is noise, and the other way round', () => {
    if (!confirmed || !noise) throw new Error('both are there');
    expect(toggled({ noise: true }, confirmed)).toEqual({ confirmed: true, noise: null });
    expect(toggled({ confirmed: true }, noise)).toEqual({ noise: true, confirmed: null });
    expect(is_taught({ confirmed: true }, confirmed)).toBe(true);
  });
});
