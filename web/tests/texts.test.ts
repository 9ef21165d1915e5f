import { describe, expect, test } from 'vitest';
import { differences } from '../src/format/differences';
import {
  commit_href,
  context_text,
  first_line,
  short_repository,
  break_steps,
  split_name,
  tag_texts,
} from '../src/format/names';
import { format_age, format_date, format_duration, format_time } from '../src/format/time';

describe('times', () => {
  const now = Date.parse('2026-03-10T12:00:00Z');

  test('are shown in UTC, to the minute', () => {
    expect(format_time('2026-03-01T23:30:00+02:00')).toBe('2026-03-01 21:30');
    expect(format_date('2026-03-01T23:30:00Z')).toBe('2026-03-01');
    expect(format_time('no time')).toBe('–');
    expect(format_time(null)).toBe('–');
  });

  test.each([
    ['2026-03-10T11:59:30Z', 'just now'],
    ['2026-03-10T11:58:00Z', '2 minutes ago'],
    ['2026-03-10T11:00:00Z', '1 hour ago'],
    ['2026-03-08T11:00:00Z', '2 days ago'],
    ['2025-12-01T00:00:00Z', '3 months ago'],
    ['2024-01-01T00:00:00Z', '2 years ago'],
    ['2027-01-01T00:00:00Z', 'in the future'],
  ])('the age of %s is %s', (time, age) => {
    expect(format_age(time, now)).toBe(age);
  });
});

describe('names', () => {
  test('the last part is what people look for', () => {
    expect(split_name('suite.Class.time_it')).toEqual({ path: 'suite.Class', leaf: 'time_it' });
    expect(split_name('BM_Sort/1024')).toEqual({ path: 'BM_Sort', leaf: '1024' });
    expect(break_steps('time_it.py')).toEqual(['time_', 'it.', 'py']);
    expect(split_name('ns::case')).toEqual({ path: 'ns', leaf: 'case' });
    expect(split_name('plain')).toEqual({ path: '', leaf: 'plain' });
    expect(split_name('ends.')).toEqual({ path: '', leaf: 'ends.' });
  });

  test('tags are sorted and leave out the name', () => {
    expect(tag_texts({ z: '1', name: 'n', a: '2' })).toEqual(['a=2', 'z=1']);
    expect(tag_texts(null)).toEqual([]);
  });

  test('a context is told by its values', () => {
    expect(context_text({ b: 1, a: 'x', c: { d: null } })).toBe('x · 1 · {"d":null}');
    expect(context_text([])).toBe('');
  });

  test('a commit is a link only where the repository has a web address', () => {
    expect(commit_href('https://github.com/org/repo', 'abc')).toBe(
      'https://github.com/org/repo/commit/abc',
    );
    expect(commit_href('file:///srv/repo', 'abc')).toBeNull();
    expect(commit_href('https://github.com/org/repo', null)).toBeNull();
    expect(short_repository('https://github.com/org/repo')).toBe('org/repo');
    expect(first_line(' subject \n\nbody')).toBe('subject');
  });
});

test('differences lists only what differs, with the path of each leaf', () => {
  const before = { os: 'linux', cpu: { name: 'a', cores: 4 }, flags: ['x'] };
  const after = { os: 'linux', cpu: { name: 'b', cores: 4 }, flags: ['x', 'y'], extra: null };
  expect(differences(before, after)).toEqual([
    { path: 'cpu.name', before: 'a', after: 'b' },
    { path: 'extra', before: undefined, after: 'null' },
    { path: 'flags', before: '["x"]', after: '["x","y"]' },
  ]);
  expect(differences(before, structuredClone(before))).toEqual([]);
});

test.each([
  [0, 'a moment'],
  [1, '1 second'],
  [59.9, '59 seconds'],
  [3_600, '1 hour'],
  [200_000, '2 days'],
])('a duration of %s s is %s', (seconds, text) => {
  expect(format_duration(seconds)).toBe(text);
});
