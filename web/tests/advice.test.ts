import { describe, expect, it } from 'vitest';
import type { SeriesListItem } from '../src/api/types';
import {
  interval_text,
  look_of_advice,
  signed_percent,
  suspects_of,
  sure_text,
} from '../src/advice/words';
import { is_build_id } from '../src/events/names';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('percents of a comment', () => {
  it('have a sign and as many digits as say something', () => {
    expect(plain(signed_percent(6.24))).toBe('+6.2 %');
    expect(plain(signed_percent(-0.04))).toBe('−0.04 %');
    expect(plain(signed_percent(250.4))).toBe('+250 %');
    expect(plain(signed_percent(0))).toBe('0.00 %');
  });
  it('have an interval only where it is known', () => {
    expect(plain(interval_text(5.1, 7.4))).toBe('+5.1 % to +7.4 %');
    expect(interval_text(null, 7.4)).toBe('');
  });
});

describe('how sure a comment is', () => {
  it('is never more than it is', () => {
    expect(plain(sure_text(0.959))).toBe('95 %');
    expect(plain(sure_text(1))).toBe('99 %');
  });
});

describe('the look of a comment', () => {
  it('is never empty, whatever the server says', () => {
    expect(look_of_advice('slower').tone).toBe('worse');
    expect(look_of_advice('strange' as never).label).toBe('Not known');
  });
});

describe('commits to look at', () => {
  const row = (
    repository: string | null,
    decision: string,
    commit_sha: string | null,
    percent = 5,
    confidence = 0.9,
  ) =>
    ({
      repository,
      verdict: { decision, change: commit_sha && { commit_sha, percent, confidence } },
    }) as unknown as SeriesListItem;
  it('are those that slower series name, most series first', () => {
    const found = suspects_of([
      row('r', 'slower', 'b'),
      row('r', 'slower', 'a'),
      row('r', 'steady', 'c'),
      row('r', 'slower', 'a', -8, 0.8),
      row('q', 'slower', 'a'),
      row(null, 'slower', 'a'),
      row('r', 'slower', null),
    ]);
    expect(found).toEqual([
      { repository: 'r', sha: 'a', series: 2, percent: 8, confidence: 0.9 },
      { repository: 'r', sha: 'b', series: 1, percent: 5, confidence: 0.9 },
      { repository: 'q', sha: 'a', series: 1, percent: 5, confidence: 0.9 },
    ]);
    expect(suspects_of([{ repository: 'r', verdict: null }])).toEqual([]);
  });
});

describe('ids of builds', () => {
  it('are UUIDs', () => {
    expect(is_build_id('0190a3c4-0000-7000-8000-0000000000b1')).toBe(true);
    expect(is_build_id('0190a3c40000700080000000000000b1')).toBe(false);
    expect(is_build_id('run-1')).toBe(false);
  });
});
