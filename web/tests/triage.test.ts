import { describe, expect, test } from 'vitest';
import type { LegacyComparison, Report, ReportRow, RunEntity } from '../src/api/types_ci';
import { recommended, skipped_text } from '../src/triage/baselines';
import { commits_of } from '../src/triage/commits';
import {
  count_decisions,
  count_statuses,
  narrow,
  next_place,
  parse_sort,
  regressions,
  sorted,
  with_status,
} from '../src/triage/filter';
import {
  error_text,
  row_of_pair,
  rows_of_report,
  status_of,
  type TriageRow,
} from '../src/triage/rows';
import { report_command, selector_of, selector_text } from '../src/triage/selector';
import type { RecentRun } from '../src/api/types';
import type { Verdict, VerdictDecision } from '../src/api/types_verdict';

const k_nothing = { q: '', hardware: '', run_id: '', status: '', verdict: '' };

function side(result_id: string, value: number | null) {
  return {
    result_id,
    run_id: 'run-1',
    result_timestamp: '2026-01-01T00:00:00Z',
    commit_sha: null,
    commit_timestamp: null,
    single_value_summary: value,
    single_value_summary_type: 'best',
  };
}

function report_row(given: Partial<ReportRow> = {}): ReportRow {
  return {
    verdict: null,
    status: 'stable',
    name: 'sort',
    tags: { name: 'sort', size: '10' },
    context: {},
    info: {},
    hardware: 'm1',
    history_fingerprint: 'f1',
    unit: 's',
    less_is_better: true,
    contender: side('c1', 2),
    baseline: side('b1', 1),
    analysis: {
      pairwise: {
        percent_change: -100,
        percent_threshold: 5,
        regression_indicated: true,
        improvement_indicated: false,
      },
      lookback_z_score: {
        z_score: -3,
        z_threshold: 5,
        regression_indicated: false,
        improvement_indicated: false,
      },
    },
    error: null,
    ...given,
  };
}

function row(given: Partial<TriageRow>): TriageRow {
  const name = given.name ?? 'x';
  return {
    verdict: null,
    key: name,
    status: 'stable',
    name,
    tags: {},
    context: null,
    hardware: '',
    run_id: '',
    fingerprint: null,
    unit: 's',
    less_is_better: true,
    baseline: null,
    contender: null,
    change: null,
    z: null,
    reason: '',
    haystack: name,
    ...given,
  };
}

describe('rows of a report', () => {
  test('a row keeps status, sides, change and z-score, and knows its run', () => {
    const report = {
      runs: [
        { run_id: 'run-1', comparisons: [report_row()] },
        { run_id: 'run-2', comparisons: [report_row({ baseline: null, analysis: null })] },
      ],
    } as unknown as Report;
    const [first, second] = rows_of_report(report);
    expect(first).toMatchObject({
      status: 'stable',
      run_id: 'run-1',
      change: -100,
      z: -3,
      baseline: { result_id: 'b1', value: 1 },
      contender: { result_id: 'c1', value: 2 },
    });
    expect(second).toMatchObject({ run_id: 'run-2', baseline: null, change: null, z: null });
    expect(first!.key).not.toBe(second!.key);
  });

  test('a reason is the server’s, else the first line of the error', () => {
    const rows = (given: Partial<ReportRow>) =>
      rows_of_report({
        runs: [{ run_id: 'r', comparisons: [report_row(given)] }],
      } as unknown as Report)[0]!.reason;
    expect(rows({ reason: 'no history' })).toBe('no history');
    expect(rows({ error: { stack_trace: 'boom\nat x' } })).toBe('boom');
    expect(error_text({ code: 7 })).toBe('{"code":7}');
    expect(error_text('  oh\nno')).toBe('oh');
    expect(error_text(null)).toBe('');
  });
});

describe('a pair of two runs', () => {
  const legacy = (id: string, error: unknown = null) => ({
    benchmark_result_id: id,
    benchmark_name: 'sort',
    single_value_summary: 1,
    error,
    run_id: 'r',
    tags: { name: 'sort' },
  });
  const judged = (regression: boolean, improvement = false) => ({
    regression_indicated: regression,
    improvement_indicated: improvement,
  });
  const pair = (given: object) =>
    ({
      unit: 's',
      less_is_better: true,
      history_fingerprint: 'f',
      baseline: legacy('b'),
      contender: legacy('c'),
      analysis: {
        pairwise: { percent_change: -20, percent_threshold: 5, ...judged(true) },
        lookback_z_score: { z_score: 1, z_threshold: 5, ...judged(false) },
      },
      ...given,
    }) as LegacyComparison;

  test('is judged by z-score or by percent, as asked', () => {
    expect(status_of(pair({}), 'z')).toBe('stable');
    expect(status_of(pair({}), 'percent')).toBe('regressed');
    const without = pair({ analysis: { pairwise: null, lookback_z_score: null } });
    expect(status_of(without, 'z')).toBe('insufficient');
    expect(status_of(without, 'percent')).toBe('insufficient');
  });

  test('without a side, or with a failed one, says which', () => {
    expect(status_of(pair({ contender: null }), 'z')).toBe('missing_contender');
    expect(status_of(pair({ baseline: null }), 'z')).toBe('missing_baseline');
    expect(status_of(pair({ contender: legacy('c', { a: 1 }) }), 'z')).toBe('errored');
    expect(status_of(pair({ baseline: legacy('b', { a: 1 }) }), 'z')).toBe('not_comparable');
    expect(row_of_pair(pair({ contender: null }), 'z', 0)).toMatchObject({
      name: 'sort',
      contender: null,
      baseline: { result_id: 'b' },
    });
  });
});

describe('the filter', () => {
  const rows = [
    row({ name: 'a', status: 'stable', hardware: 'm1', haystack: 'a\nsize=1\nm1', run_id: 'r1' }),
    row({ name: 'b', status: 'regressed', hardware: 'm2', haystack: 'b\nsize=2\nm2', z: -9 }),
    row({ name: 'c', status: 'regressed', hardware: 'm2', haystack: 'c\nsize=1\nm2', z: -20 }),
    row({ name: 'd', status: 'improved', z: 6 }),
    row({ name: 'e', status: 'improved', z: 60 }),
  ];
  const names = (some: readonly TriageRow[]) => some.map(({ name }) => name).join('');

  test('words must all occur, in any case', () => {
    expect(names(narrow(rows, { ...k_nothing, q: ' SIZE=1  m2' }))).toBe('c');
    expect(names(narrow(rows, { ...k_nothing, hardware: 'm2' }))).toBe('bc');
    expect(names(narrow(rows, { ...k_nothing, run_id: 'r1' }))).toBe('a');
    expect(narrow(rows, k_nothing)).toBe(rows);
  });

  test('statuses are counted in the order of urgency, and filtered', () => {
    expect([...count_statuses(rows)]).toEqual([
      ['regressed', 2],
      ['improved', 2],
      ['stable', 1],
    ]);
    expect(names(with_status(rows, 'regressed'))).toBe('bc');
    expect(with_status(rows, '')).toBe(rows);
  });

  test('the worst come first; improvements begin with the biggest', () => {
    expect(names(sorted(rows, 'urgency'))).toBe('cbeda');
    expect(names(sorted(rows.toReversed(), 'name'))).toBe('abcde');
    const changed = [row({ name: 'x', change: null }), row({ name: 'y', change: 4 })];
    expect(names(sorted(changed, 'change'))).toBe('yx');
    expect(names(sorted(changed, 'better'))).toBe('yx');
    expect(parse_sort('toString')).toBe('urgency');
    expect(parse_sort('name')).toBe('name');
  });

  test('the next regression goes round the end, in both directions', () => {
    const places = regressions(rows);
    expect(places).toEqual([1, 2]);
    expect(next_place(places, -1, 1)).toBe(1);
    expect(next_place(places, 1, 1)).toBe(2);
    expect(next_place(places, 2, 1)).toBe(1);
    expect(next_place(places, -1, -1)).toBe(2);
    expect(next_place(places, 1, -1)).toBe(2);
    expect(next_place(places, 4, -1)).toBe(2);
    expect(next_place([], 0, 1)).toBeNull();
  });
});

test('the recommended baseline: parent on the default branch, else fork point, else latest', () => {
  const run = (fork_point_sha: string | null, of_parent: string | null, of_fork: string | null) =>
    ({
      commit: { sha: 'a', fork_point_sha },
      candidate_baseline_runs: {
        parent: { baseline_run_id: of_parent },
        fork_point: { baseline_run_id: of_fork },
      },
    }) as unknown as RunEntity;
  expect(recommended(run('a', 'run', null))).toBe('parent');
  expect(recommended(run('a', null, null))).toBe('latest_default');
  expect(recommended(run('b', 'run', 'run'))).toBe('fork_point');
  expect(recommended(run('b', 'run', null))).toBe('latest_default');
  expect(recommended({ ...run('a', 'run', null), commit: null })).toBe('latest_default');
  expect(skipped_text(null)).toBe('');
  expect(skipped_text(['x'])).toBe('1 commit without a run lies between');
});

function verdict_of(decision: VerdictDecision, percent = 0): Verdict {
  const change = percent ? { percent, is_worse: percent > 0 } : null;
  return { decision, change, sentence: '' } as unknown as Verdict;
}

describe('rows by verdict', () => {
  const rows = [
    row({ name: 'steady', verdict: verdict_of('steady', 50) }),
    row({ name: 'without' }),
    row({ name: 'slow', verdict: verdict_of('slower', 3) }),
    row({ name: 'slowest', verdict: verdict_of('slower', 30) }),
    row({ name: 'perhaps', verdict: verdict_of('wait', 5) }),
  ];

  test('are sorted by what they decide, and then by the size of the change', () => {
    const names = sorted(rows, 'verdict').map((row) => row.name);
    expect(names).toEqual(['slowest', 'slow', 'perhaps', 'steady', 'without']);
    expect(parse_sort('verdict')).toBe('verdict');
  });

  test('are filtered by it, and by having none', () => {
    const named = (verdict: string) =>
      narrow(rows, { ...k_nothing, verdict }).map((row) => row.name);
    expect(named('slower')).toEqual(['slow', 'slowest']);
    expect(named('none')).toEqual(['without']);
    expect(narrow(rows, k_nothing)).toBe(rows);
  });

  test('are counted worst first; where nobody has one there is nothing to choose', () => {
    expect([...count_decisions(rows)]).toEqual([
      ['slower', 2],
      ['wait', 1],
      ['steady', 1],
      ['none', 1],
    ]);
    expect(count_decisions([row({})]).size).toBe(0);
  });

  test('of a branch are its own verdicts, not those of the default branch', () => {
    const report = {
      runs: [
        {
          run_id: 'r',
          comparisons: [
            report_row({
              verdict: verdict_of('steady'),
              contender_verdict: verdict_of('slower', 9),
            }),
            report_row({ verdict: verdict_of('faster', 2) }),
          ],
        },
      ],
    } as unknown as Report;
    const found = rows_of_report(report).map((row) => row.verdict?.decision);
    expect(found).toEqual(['slower', 'faster']);
  });
});

test('runs of one commit are one line, with the worst verdict', () => {
  const run = (run_id: string, status: string, commit_sha: string | null) =>
    ({
      run_id,
      repository: 'https://github.com/a/b',
      commit_sha,
      commit: { message: 'Fix\n\nmore' },
      last_result_at: 't',
      attention: { status },
    }) as unknown as RecentRun;
  const found = commits_of([
    run('1', 'success', 'x'),
    run('2', 'failure', 'x'),
    run('3', 'success', 'y'),
    run('4', 'failure', null),
  ]);
  expect(found.map(({ sha, runs, attention }) => [sha, runs, attention?.status])).toEqual([
    ['x', 2, 'failure'],
    ['y', 1, 'success'],
  ]);
  expect(found[0]!.subject).toBe('Fix');
});

test('a report’s selector is its address without the filters, and a command', () => {
  const query = new URLSearchParams("status=regressed&run_ids=a'b&baseline=parent&q=x");
  expect(selector_text(query)).toBe('run_ids=a%27b&baseline=parent');
  expect(selector_of(query)).toEqual({ run_ids: "a'b", baseline: 'parent' });
  expect(report_command(selector_of(query))).toBe(
    "benchlake ci-report --run-ids 'a'\\''b' --baseline parent",
  );
});
