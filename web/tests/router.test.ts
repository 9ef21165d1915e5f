import { describe, expect, test } from 'vitest';
import { links } from '../src/router/links';
import { legacy_moves, moved_to } from '../src/router/legacy';
import { change_query, fill, match_pattern, match_route } from '../src/router/match';
import { pair_text, parse_pair } from '../src/router/pair';
import { safe_target } from '../src/router/targets';

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

test('a pair is split at the first three dots; an empty side is none', () => {
  expect(parse_pair('a...b')).toEqual({ baseline: 'a', contender: 'b' });
  expect(parse_pair('a...b...c')).toEqual({ baseline: 'a', contender: 'b...c' });
  for (const bad of ['', 'a', 'a..b', '...b', 'a...']) expect(parse_pair(bad)).toBeNull();
  const pair = { baseline: 'x/1', contender: 'y 2' };
  const path = links.compare_runs(pair.baseline, pair.contender);
  expect(parse_pair(match_pattern('/compare/runs/{pair}', path)!.pair!)).toEqual(pair);
  expect(pair_text(pair)).toBe('x/1...y 2');
});

test('Conbench’s addresses lead to what shows the same', () => {
  for (const [from, to] of [
    ['/index/', '/'],
    ['/c-benchmarks/tpch%20q1/', '/families/tpch%20q1'],
    ['/c-benchmarks/tpch/trends', '/families/tpch'],
    ['/c-benchmarks/', '/families'],
    ['/c-benchmarks/tpch/0a1b', '/series?q=tpch'],
    ['/users/7/', '/admin'],
    ['/elsewhere', null],
  ] as const) {
    expect(moved_to(from, '')).toBe(to);
  }
  expect(moved_to('/login/', '?target=/runs')).toBe('/account?target=/runs');
  for (const { pattern } of legacy_moves) {
    const to = moved_to(pattern, '')!;
    expect(moved_to(to.split('?')[0]!, '')).toBeNull();
  }
});

test('a sign-in leads back to this page only', () => {
  expect(safe_target('/runs?status=failure')).toBe('/runs?status=failure');
  for (const bad of [
    '//evil.example',
    '/\\evil',
    'https://evil',
    'runs',
    '',
    null,
    '/a\nb',
    '/\t/x',
  ]) {
    expect(safe_target(bad)).toBe('/account');
  }
});
