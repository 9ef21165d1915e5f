import { describe, expect, test } from 'vitest';
import { links } from '../src/router/links';
import { change_query, fill, match_pattern, match_route } from '../src/router/match';

describe('match_pattern', () => {
  test('a fixed path fits itself, with or without a trailing slash', () => {
    expect(match_pattern('/series', '/series')).toEqual({});
    expect(match_pattern('/series', '/series/')).toEqual({});
    expect(match_pattern('/', '/')).toEqual({});
    expect(match_pattern('/series', '/runs')).toBeNull();
  });

  test('a parameter takes exactly one segment', () => {
    expect(match_pattern('/runs/{run_id}', '/runs/abc')).toEqual({ run_id: 'abc' });
    expect(match_pattern('/runs/{run_id}', '/runs')).toBeNull();
    expect(match_pattern('/runs/{run_id}', '/runs/a/b')).toBeNull();
  });

  test('parameters are unescaped; a broken escape is taken as it is', () => {
    expect(match_pattern('/runs/{run_id}', '/runs/a%2Fb%20c')).toEqual({ run_id: 'a/b c' });
    expect(match_pattern('/runs/{run_id}', '/runs/%E0%A4%A')).toEqual({ run_id: '%E0%A4%A' });
  });
});

test('the first route that fits wins', () => {
  const routes = [
    { pattern: '/results/new', view: 'new' },
    { pattern: '/results/{id}', view: 'one' },
  ];
  expect(match_route(routes, '/results/new')?.route.view).toBe('new');
  expect(match_route(routes, '/results/7')).toMatchObject({
    route: { view: 'one' },
    params: { id: '7' },
  });
  expect(match_route(routes, '/elsewhere')).toBeNull();
});

test('what fill writes, match_pattern reads back', () => {
  for (const run_id of ['a/b', 'ü ?&#', '100%', '..', 'plain']) {
    expect(match_pattern('/runs/{run_id}', fill('/runs/{run_id}', { run_id }))).toEqual({ run_id });
  }
});

test('change_query drops empty values and keeps keys sorted', () => {
  expect(change_query('?status=stable&q=a', { q: '', sort: 'name' })).toBe(
    '?sort=name&status=stable',
  );
  expect(change_query('', { q: null })).toBe('');
  expect(change_query('?b=1', { a: 'x y' })).toBe('?a=x+y&b=1');
});

test('links carry only what is known', () => {
  expect(links.compare('a', null)).toBe('/compare?baseline=a');
  expect(links.series_list({ q: 'x&y', status: '' })).toBe('/series?q=x%26y');
  expect(links.result('a/b')).toBe('/results/a%2Fb');
});
