// Answers that no demo data give: a report of thousands of rows, a person who is signed in.

const k_statuses = ['stable', 'stable', 'stable', 'stable', 'insufficient', 'improved'];

function side(id, value) {
  return {
    result_id: id,
    run_id: 'big',
    result_timestamp: '2026-08-01T00:00:00Z',
    commit_sha: '0123456789abcdef0123456789abcdef01234567',
    commit_timestamp: '2026-08-01T00:00:00Z',
    error: null,
    single_value_summary: value,
    single_value_summary_type: 'best',
  };
}

function status_of(index) {
  if (index % 97 === 50) return 'regressed';
  if (index % 401 === 3) return 'errored';
  if (index % 503 === 7) return 'missing_baseline';
  return k_statuses[index % k_statuses.length];
}

function judged(name, score, threshold) {
  return {
    [name]: score,
    [threshold]: 5,
    regression_indicated: score < -5,
    improvement_indicated: score > 5,
  };
}

function row(index) {
  const status = status_of(index);
  const z = { regressed: -7 - (index % 13), improved: 6 + (index % 9) }[status] ?? 0.25;
  const compared = !['errored', 'missing_baseline'].includes(status);
  return {
    status,
    name: `suite${index % 40}.area${index % 7}.benchmark_${index}`,
    tags: { name: `benchmark_${index}`, size: String(1 << (index % 20)), codec: 'zstd' },
    context: { benchmark_language: 'C++', compiler: 'gcc 12' },
    info: { version: '1.0' },
    hardware: `machine-${index % 3}`,
    history_fingerprint: index.toString(16).padStart(32, '0'),
    unit: 's',
    less_is_better: true,
    contender: side(`contender-${index}`, status === 'errored' ? null : 1 + index / 5000),
    baseline: compared ? side(`baseline-${index}`, 1) : null,
    analysis: compared
      ? {
          pairwise: judged('percent_change', z * 2, 'percent_threshold'),
          lookback_z_score: judged('z_score', z, 'z_threshold'),
        }
      : null,
    error: status === 'errored' ? { stack_trace: 'boom' } : null,
    ...(compared ? {} : { reason: status === 'errored' ? 'the benchmark failed' : 'no baseline' }),
    links: {},
  };
}

/** A report of one run with that many rows. */
export function big_report(count) {
  const comparisons = Array.from({ length: count }, (_, index) => row(index));
  const of = (status) => comparisons.filter((one) => one.status === status).length;
  return {
    repository: 'https://github.com/example/big',
    commit_sha: '0123456789abcdef0123456789abcdef01234567',
    selected_run_ids: ['big'],
    missing_run_ids: [],
    baseline: 'parent',
    status: 'failure',
    status_reason: `${of('regressed')} regressions`,
    threshold: 5,
    threshold_z: 5,
    summary: {
      runs: 1,
      missing_runs: 0,
      contender_results: count,
      compared: count - of('errored') - of('missing_baseline'),
      analyzed: count - of('errored') - of('missing_baseline'),
      regressions: of('regressed'),
      improvements: of('improved'),
      benchmark_errors: of('errored'),
      missing_baseline: of('missing_baseline'),
      not_comparable: 0,
    },
    runs: [
      {
        run_id: 'big',
        run_tags: { name: 'nightly' },
        run_reason: 'nightly',
        commit: null,
        baseline: 'parent',
        baseline_run_id: 'before',
        baseline_commit: null,
        commits_skipped: [],
        baseline_error: null,
        comparisons,
      },
    ],
    report_url: '/ci/report?run_ids=big',
  };
}

/** The shown rows' count by status, as the filter's buttons should have it. */
export function count_rows(report, status) {
  const rows = report.runs.flatMap((run) => run.comparisons);
  return rows.filter((one) => !status || one.status === status).length;
}
