import { expect, test } from 'vitest';
import {
  changed_rule,
  confidence_of,
  field_of_time,
  is_muted,
  names_of,
  rule_in_words,
  standing_of,
  time_of_field,
} from '../src/alerts/rules';
import type { AlertRule } from '../src/api/types_account';

const rule: AlertRule = {
  id: 'r1',
  user_id: 'u1',
  name: 'main is slow',
  repository: 'https://github.com/org/repo',
  baseline: 'parent',
  threshold: 5,
  threshold_z: 7,
  enabled: true,
  state: 'open',
  kind: 'report',
  confidence: 0.85,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  notify_improvements: true,
  muted_until: '2026-03-01T00:00:00Z',
  muted_benchmarks: ['sort'],
};
const before = Date.parse('2026-02-01T00:00:00Z');
const after = Date.parse('2026-04-01T00:00:00Z');

test('a change sends all that a writer decides, and nothing that only the server says', () => {
  expect(changed_rule(rule, { enabled: false })).toEqual({
    name: 'main is slow',
    repository: 'https://github.com/org/repo',
    baseline: 'parent',
    threshold: 5,
    threshold_z: 7,
    enabled: false,
    kind: 'report',
    confidence: 0.85,
    notify_improvements: true,
    muted_until: '2026-03-01T00:00:00Z',
    muted_benchmarks: ['sort'],
  });
});

test('what is taken back is left out: a PUT gives it its default', () => {
  const body = changed_rule(rule, { muted_until: null, muted_benchmarks: [] });
  expect('muted_until' in body).toBe(false);
  expect(body.muted_benchmarks).toEqual([]);
});

test('a rule is switched off, muted, open or quiet, in this order', () => {
  expect(standing_of({ ...rule, enabled: false }, before)).toBe('switched_off');
  expect(standing_of(rule, before)).toBe('muted');
  expect(standing_of(rule, after)).toBe('open');
  expect(standing_of({ ...rule, state: 'inactive' }, after)).toBe('quiet');
  expect(is_muted({ ...rule, muted_until: null }, before)).toBe(false);
});

test('muted benchmarks are one a line, each once', () => {
  expect(names_of(' sort \n\ncopy\nsort\n')).toEqual(['sort', 'copy']);
  expect(names_of('')).toEqual([]);
});

test('a field of time is read as UTC, there and back', () => {
  expect(field_of_time('2026-03-01T12:30:00Z')).toBe('2026-03-01T12:30');
  expect(time_of_field('2026-03-01T12:30')).toBe('2026-03-01T12:30:00.000Z');
  for (const nothing of [null, undefined, 'soon']) expect(field_of_time(nothing)).toBe('');
  expect(time_of_field('')).toBeNull();
});

test('a rule says what it looks at', () => {
  expect(rule_in_words(rule)).toContain('7 σ');
  expect(
    rule_in_words({ ...rule, kind: 'verdict', confidence: 0.925, run_reason: 'nightly' }),
  ).toBe('verdicts of at least 92.5 % · nightly');
});

test('a probability is read as people write it', () => {
  expect(confidence_of('90')).toBe(0.9);
  expect(confidence_of(' 99.5 % ')).toBe(0.995);
  expect(confidence_of('0.9')).toBe(0.9);
  expect(confidence_of('1')).toBe(1);
  for (const none of ['', 'sure', '0.4', '40', '101', '-90']) {
    expect(confidence_of(none), none).toBeUndefined();
  }
});
