// Addresses of the views, so that no component writes a path by hand.
import { with_query, type Query } from '../api/client';
import { fill } from './match';
import { pair_text } from './pair';

export const links = {
  home: '/',
  series_list: (query: Record<string, string | null | undefined> = {}) =>
    with_query('/series', query),
  series: (fingerprint: string) => fill('/series/{fingerprint}', { fingerprint }),
  result: (id: string) => fill('/results/{id}', { id }),
  run: (run_id: string, query: Query = {}) => with_query(fill('/runs/{run_id}', { run_id }), query),
  batch: (batch_id: string) => fill('/batches/{batch_id}', { batch_id }),
  compare: (baseline?: string | null, contender?: string | null) =>
    with_query('/compare', { baseline, contender }),
  compare_runs: (baseline: string, contender: string, query: Query = {}) =>
    with_query(fill('/compare/runs/{pair}', { pair: pair_text({ baseline, contender }) }), query),
  report: (query: Query = {}) => with_query('/ci/report', query),
  /** What is told of a commit, and the commit itself. */
  comment: (repository: string, sha: string) => with_query('/comment', { repository, sha }),
  commit: (repository: string, sha: string) => with_query('/commit', { repository, sha }),
  families: (query: Query = {}) => with_query('/families', query),
  family: (name: string) => fill('/families/{name}', { name }),
  /** Its front page is that of fronts. */
  inference: (part = '', query: Query = {}) =>
    with_query(part ? fill('/inference/{part}', { part }) : '/inference', query),
  /** Its front page is what goes on. */
  events: (part = '', query: Query = {}) =>
    with_query(part ? fill('/events/{part}', { part }) : '/events', query),
  build: (id: string) => fill('/builds/{id}', { id }),
  partition: (ref: string) => with_query('/partition', { ref }),
  traces: (query: Query = {}) => with_query('/traces', query),
  trace: (id: string, query: Query = {}) => with_query(fill('/traces/{id}', { id }), query),
  /** Without runs: where they are chosen. */
  compare_trace_runs: (base = '', compare = '', operation = '') =>
    with_query('/traces/runs', { base, compare, operation }),
  compare_traces: (baseline: string, contender: string) =>
    fill('/traces/compare/{pair}', { pair: pair_text({ baseline, contender }) }),
  alert_cost: (query: Query = {}) => with_query('/alert-cost', query),
  account: (target?: string) => with_query('/account', { target }),
  admin: (query: Query = {}) => with_query('/admin', query),
  /** The issuer's sign-in; the server answers it, not the page. */
  issuer: (target: string) => with_query('/api/auth/login', { target }),
};
