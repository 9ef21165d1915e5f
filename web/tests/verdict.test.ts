import { expect, test } from 'vitest';
import type { RunVerdict, Verdict, VerdictChange, VerdictPicture } from '../src/api/types_verdict';
import type { Report, ReportRow } from '../src/api/types_ci';
import { newest_of, round_values, value_extent, verdict_shape } from '../src/chart/verdict_shape';
import { verdicts_of, with_verdicts, type TriageRow } from '../src/triage/rows';
import { is_taught, k_teachings, toggled } from '../src/verdict/lessons';
import { any_enabled, projects_of } from '../src/verdict/projects';
import {
  change_text,
  format_probability,
  listed_changes,
  look_of,
  look_of_run,
  picture_text,
  sentence_of_run,
  told_text,
} from '../src/verdict/words';

const k_size = { width: 678, height: 240 };

function change(result_id: string, given: Partial<VerdictChange> = {}): VerdictChange {
  return {
    result_id,
    commit_sha: `sha-${result_id}`,
    commit_timestamp: '2026-08-01T00:00:00Z',
    before: 10,
    after: 12,
    percent: 20,
    is_worse: true,
    is_recovery: false,
    confidence: 0.9,
    ...given,
  };
}

function verdict(given: Partial<Verdict> = {}): Verdict {
  return {
    detector: 'evidence',
    version: 1,
    decision: 'steady',
    confidence: 0.87,
    repeats: null,
    change: null,
    drift: null,
    judged_result_id: 'r19',
    results: 20,
    noise_percent: 1.5,
    sentence: 'No change at the newest result.',
    ...given,
  };
}

/** Twenty results, the last five of them a fifth slower. */
function picture(given: Partial<VerdictPicture> = {}): VerdictPicture {
  const points = Array.from({ length: 20 }, (_, i) => ({
    result_id: `r${i}`,
    result_timestamp: '2026-08-01T00:00:00Z',
    commit_sha: `sha-r${i}`,
    commit_timestamp: `2026-08-${String(i + 1).padStart(2, '0')}T00:00:00Z`,
    commit_message: `commit ${i}\n\nbody`,
    value: i < 15 ? 10 : 12,
    env: 0,
    lesson: null,
  }));
  const segment = { env: 0, results: 15, level: 10, low: 9.8, high: 10.2 };
  return {
    history_fingerprint: 'f',
    repository: 'https://github.com/example/one',
    unit: 's',
    less_is_better: true,
    verdict: verdict({ decision: 'slower', change: change('r15'), confidence: 0.98 }),
    is_stale: false,
    judged_at: '2026-08-21T00:00:00Z',
    points,
    more_points: false,
    segments: [
      { ...segment, first_result_id: 'r0', last_result_id: 'r14' },
      {
        ...segment,
        first_result_id: 'r15',
        last_result_id: 'r19',
        level: 12,
        low: 11.8,
        high: 12.2,
      },
    ],
    changes: [change('r15')],
    drifts: [],
    said: [
      { at_result_id: 'r17', since_result_id: 'r15', is_worse: true, percent: 20, confidence: 0.9 },
    ],
    environments: ['m1'],
    ...given,
  };
}

test('a badge says how sure a verdict is; wait says how many more it takes', () => {
  const told = (given: Partial<Verdict>) => {
    const { label, detail } = look_of(verdict(given));
    return `${label} ${detail}`.trim().replaceAll('\u00a0', ' ');
  };
  expect(told({ decision: 'slower', confidence: 0.98 })).toBe('Slower 98 %');
  expect(told({ decision: 'faster', confidence: 0.999 })).toBe('Faster > 99 %');
  expect(told({ decision: 'steady', confidence: 0.87 })).toBe('Steady 87 %');
  expect(told({ decision: 'wait', confidence: 0.4, repeats: 3 })).toBe('Wait: 3 more');
  expect(told({ decision: 'wait', confidence: 0.4, repeats: null })).toBe('Wait: > 10 more');
  expect(told({ decision: 'unknown', confidence: null })).toBe('Unknown');
});

test('no two decisions share both word and icon', () => {
  const looks = (['slower', 'faster', 'steady', 'wait', 'unknown'] as const).map((decision) =>
    look_of(verdict({ decision })),
  );
  expect(new Set(looks.map(({ label }) => label)).size).toBe(5);
  expect(new Set(looks.map(({ icon }) => icon)).size).toBe(5);
});

test('nothing is certain: probabilities stop short of 0 and 100 %', () => {
  const texts = [1, 0.994, 0.5, 0.004].map((one) => format_probability(one).replace('\u00a0', ' '));
  expect(texts).toEqual(['> 99 %', '> 99 %', '50 %', '< 1 %']);
});

test('a run is told by its news, the worst first; else by what is quiet', () => {
  const none = { slower: 0, faster: 0, wait: 0, steady: 0, unknown: 0, worst: null };
  const look = (given: Partial<RunVerdict>) => look_of_run({ ...none, ...given });
  expect(look({ slower: 2, wait: 1, steady: 9 })).toMatchObject({
    label: '2 slower, 1 wait',
    tone: 'worse',
  });
  expect(look({ faster: 1 }).tone).toBe('better');
  expect(look({ steady: 1200 }).label).toBe('1,200 steady');
  expect(look({ unknown: 3 }).label).toBe('3 unknown');
  const worst = {
    history_fingerprint: 'f',
    name: 'sort',
    percent: 9,
    commit_sha: 'a',
    sentence: 'S.',
  };
  expect(sentence_of_run({ ...none, slower: 1, worst })).toContain('Of 1 series: 1 slower');
  expect(sentence_of_run({ ...none, slower: 1, worst })).toContain('Worst: sort: S.');
});

test('the size of a change is said with whether it is worse, not with where the number went', () => {
  const text = (percent: number, is_worse: boolean) =>
    change_text({ percent, is_worse }).replace('\u00a0', ' ');
  expect(text(-12.4, true)).toBe('12 % slower');
  expect(text(3.21, false)).toBe('3.2 % faster');
  expect(text(0.124, true)).toBe('0.12 % slower');
});

test('levels, bands and the spoken part lie where the results are', () => {
  const shape = verdict_shape(picture(), k_size);
  const { left, width, top, height } = shape.area;
  const boundary = left + width * 0.75;
  expect(shape.levels).toHaveLength(2);
  expect(shape.levels[0]!.x1).toBeCloseTo(left, 0);
  expect(shape.levels[0]!.x2).toBeCloseTo(boundary, 0);
  expect(shape.levels[1]!.x1).toBeCloseTo(boundary, 0);
  expect(shape.levels[1]!.y, 'slower is higher').toBeLessThan(shape.levels[0]!.y);
  expect(shape.bands[0]!.y).toBeLessThan(shape.levels[0]!.y);
  expect(shape.bands[0]!.y + shape.bands[0]!.height).toBeGreaterThan(shape.levels[0]!.y);
  expect(shape.spoken).toMatchObject({ kind: 'slower' });
  expect(shape.spoken!.x).toBeCloseTo(boundary, 0);
  expect(shape.spoken!.x + shape.spoken!.width).toBeCloseTo(left + width, 0);
  for (const tick of shape.values) {
    expect(tick.y).toBeGreaterThanOrEqual(top);
    expect(tick.y).toBeLessThanOrEqual(top + height);
  }
  expect(shape.dots[0].match(/M/g)).toHaveLength(20);
  expect(shape.changes).toMatchObject([{ number: 1, labelled: true }]);
});

test('a steady series has no spoken part, though a change of it is known', () => {
  const steady = picture({ verdict: verdict({ change: change('r15') }) });
  expect(verdict_shape(steady, k_size).spoken).toBeNull();
});

test('what begins before the shown results is cut, what ends before them is left out', () => {
  const cut = picture();
  cut.points = cut.points.slice(10);
  expect(verdict_shape(cut, k_size).levels[0]!.x1).toBeCloseTo(66, 0);
  cut.points = cut.points.slice(5);
  expect(verdict_shape(cut, k_size).levels).toHaveLength(1);
});

test('what is spoken of is in view, however far it is from the levels', () => {
  const far = picture({ segments: picture().segments.slice(0, 1) });
  far.points[16]!.value = 30;
  expect(value_extent(far).max).toBeGreaterThan(30);
  expect(verdict_shape(far, k_size).outside).toBe('');
});

test('an outlier squeezes the levels by no more than their own height, and is marked at the edge', () => {
  const wild = picture();
  wild.points[3]!.value = 1000;
  const { min, max } = value_extent(wild);
  expect(max).toBeLessThan(16);
  expect(min).toBeGreaterThan(7);
  const shape = verdict_shape(wild, k_size);
  expect(shape.outside.match(/M/g)).toHaveLength(1);
  expect(shape.dots[0].match(/M/g)).toHaveLength(19);
});

test('the second machine has dots of another shape', () => {
  const two = picture({ environments: ['m1', 'm2'] });
  two.points[4]!.env = 1;
  expect(verdict_shape(two, k_size).dots[1].match(/M/g)).toHaveLength(1);
});

test('a drift runs through its results by its percent', () => {
  const drifting = picture({
    drifts: [{ first_result_id: 'r0', last_result_id: 'r14', percent: 4, is_worse: true }],
  });
  const shape = verdict_shape(drifting, k_size);
  expect(shape.drifts).toHaveLength(1);
  expect(shape.drifts[0]!.y2).toBeLessThan(shape.drifts[0]!.y1);
});

test('numbers that would lie on each other are left out, the list has them all', () => {
  const crowded = picture({ changes: ['r3', 'r4', 'r5', 'r15'].map((id) => change(id)) });
  const shape = verdict_shape(crowded, { width: 240, height: 200 });
  expect(shape.changes.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(shape.changes.map(({ labelled }) => labelled)).toEqual([true, false, true, true]);
  expect(listed_changes(crowded).map(({ number }) => number)).toEqual([4, 3, 2, 1]);
});

test('a picture without results or levels is drawn all the same', () => {
  const empty = picture({ points: [], segments: [], changes: [], verdict: null });
  expect(verdict_shape(empty, k_size)).toMatchObject({ bands: [], spoken: null, newest: null });
  const one = picture({ segments: [], changes: [], verdict: null });
  one.points = one.points.slice(0, 1);
  const shape = verdict_shape(one, k_size);
  expect(Object.values(shape.newest!).every(Number.isFinite)).toBe(true);
  expect(shape.dates).toHaveLength(1);
  const zero = verdict_shape({ ...one, points: [{ ...one.points[0]!, value: 0 }] }, k_size);
  expect(Number.isFinite(zero.newest!.y)).toBe(true);
});

test('ticks are round numbers within the range', () => {
  expect(round_values({ min: 9.3, max: 12.7 }, 4)).toEqual([10, 11, 12]);
  expect(round_values({ min: 1, max: 1 }, 4)).toEqual([]);
});

test('the list has the newest change first, and what is only spoken of', () => {
  const lines = listed_changes(picture());
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ number: 1, told_after: 2, message: 'commit 15\n\nbody' });
  expect(told_text(2)).toBe('2 results later');
  expect(told_text(0)).toBe('at once');
  const waiting = picture({ verdict: verdict({ decision: 'wait', change: change('r19') }) });
  expect(listed_changes(waiting).map(({ number, change }) => [number, change.result_id])).toEqual([
    [null, 'r19'],
    [1, 'r15'],
  ]);
});

test('changes keep their numbers when only the newest results are shown', () => {
  const older = picture({ changes: [change('gone'), change('r15')] });
  expect(listed_changes(older).map(({ number }) => number)).toEqual([2, 1]);
  const newest = newest_of(older, 10);
  expect(newest.points).toHaveLength(10);
  expect(verdict_shape(newest, k_size).changes).toMatchObject([{ number: 2 }]);
});

test('the picture in words has the sentence', () => {
  expect(picture_text(picture())).toBe(
    '20 results on 2 levels, 1 change in the whole history. No change at the newest result.',
  );
});

test('teaching takes back what contradicts it, and leaves what does not', () => {
  const [expected, machine, noise] = k_teachings;
  expect(toggled(null, machine!)).toEqual({ machine_changed: true });
  const both = { begins_distribution_change: true, machine_changed: true, other: 'kept' };
  expect(toggled(both, noise!)).toEqual({
    noise: true,
    begins_distribution_change: null,
    machine_changed: null,
  });
  expect(toggled({ machine_changed: true }, expected!)).toEqual({
    begins_distribution_change: true,
  });
  expect(toggled({ noise: true }, noise!)).toEqual({ noise: null });
  expect(is_taught({ noise: 'yes' }, noise!)).toBe(false);
});

test('every project can be switched; one that nobody switched is as the default', () => {
  const known = {
    detector: 'evidence',
    version: 1,
    enabled_by_default: false,
    waiting: 0,
    projects: [
      { repository: 'b', enabled: true, updated_at: '2026-08-01T00:00:00Z', updated_by: 'me' },
    ],
  };
  expect(projects_of(known, ['c', 'b', 'a', ''])).toMatchObject([
    { repository: 'a', enabled: false, updated_by: '' },
    { repository: 'b', enabled: true, updated_by: 'me' },
    { repository: 'c', enabled: false },
  ]);
  expect(any_enabled(known)).toBe(true);
  expect(any_enabled({ ...known, projects: [] })).toBe(false);
});

test('rows of a comparison of runs get the verdicts of the report, by series', () => {
  const row = (fingerprint: string | null) =>
    ({ key: '0', fingerprint, verdict: null }) as TriageRow;
  const judged = { history_fingerprint: 'f', verdict: verdict() } as ReportRow;
  const unjudged = { history_fingerprint: 'g', verdict: null } as ReportRow;
  const verdicts = verdicts_of({
    runs: [{ comparisons: [judged, unjudged] }],
  } as unknown as Report);
  const rows = [row('f'), row('g'), row(null)];
  expect(with_verdicts(rows, verdicts).map((one) => one.verdict?.decision)).toEqual([
    'steady',
    undefined,
    undefined,
  ]);
  expect(with_verdicts(rows, new Map())).toBe(rows);
});
