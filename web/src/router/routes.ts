// Path -> view, and what the navigation shows. A later domain adds its lines here.
import type { Component } from 'svelte';
import type { IconName } from '../components/icons';
import { legacy_moves } from './legacy';
import type { Fetched, Route } from './match';
import Batch from '../views/Batch.svelte';
import Compare from '../views/Compare.svelte';
import CompareRuns from '../views/CompareRuns.svelte';
import Home from '../views/Home.svelte';
import Moved from '../views/Moved.svelte';
import Report from '../views/Report.svelte';
import Result from '../views/Result.svelte';
import Results from '../views/Results.svelte';
import Run from '../views/Run.svelte';
import Runs from '../views/Runs.svelte';
import SeriesList from '../views/SeriesList.svelte';
import Trend from '../views/Trend.svelte';

/** Views are given `params`; those whose pattern has none do not declare it. */
export type View = Component<any>;

const account = { fetch: () => import('../views/Account.svelte') };
const admin = { fetch: () => import('../views/Admin.svelte') };
const alert_cost = { fetch: () => import('../views/AlertCost.svelte') };
const comment = { fetch: () => import('../views/Comment.svelte') };
const commit = { fetch: () => import('../views/Commit.svelte') };
const build = { fetch: () => import('../views/Build.svelte') };
const docs = { fetch: () => import('../views/Docs.svelte') };
const events = { fetch: () => import('../views/Events.svelte') };
const families = { fetch: () => import('../views/Families.svelte') };
const family = { fetch: () => import('../views/Family.svelte') };
const inference = { fetch: () => import('../views/Inference.svelte') };
const partition = { fetch: () => import('../views/Partition.svelte') };
const sql = { fetch: () => import('../views/Sql.svelte') };
const trace = { fetch: () => import('../views/Trace.svelte') };
const trace_runs = { fetch: () => import('../views/TraceRuns.svelte') };
const trace_compare = { fetch: () => import('../views/TraceCompare.svelte') };
const traces = { fetch: () => import('../views/Traces.svelte') };
const status = { fetch: () => import('../views/Status.svelte') };

export const routes: readonly Route<View | Fetched<View>>[] = [
  { pattern: '/', view: Home },
  { pattern: '/series', view: SeriesList },
  { pattern: '/series/{fingerprint}', view: Trend },
  { pattern: '/results', view: Results },
  { pattern: '/results/{id}', view: Result },
  { pattern: '/runs', view: Runs },
  { pattern: '/runs/{run_id}', view: Run },
  { pattern: '/batches/{batch_id}', view: Batch },
  { pattern: '/compare', view: Compare },
  { pattern: '/compare/runs/{pair}', view: CompareRuns },
  { pattern: '/families', view: families },
  { pattern: '/families/{name}', view: family },
  { pattern: '/ci/report', view: Report },
  { pattern: '/comment', view: comment },
  { pattern: '/commit', view: commit },
  { pattern: '/inference', view: inference },
  { pattern: '/inference/{part}', view: inference },
  { pattern: '/events', view: events },
  { pattern: '/events/{part}', view: events },
  { pattern: '/builds/{id}', view: build },
  { pattern: '/partition', view: partition },
  { pattern: '/traces', view: traces },
  { pattern: '/traces/compare/{pair}', view: trace_compare },
  { pattern: '/traces/runs', view: trace_runs },
  { pattern: '/traces/{id}', view: trace },
  { pattern: '/alert-cost', view: alert_cost },
  { pattern: '/account', view: account },
  { pattern: '/admin', view: admin },
  { pattern: '/docs', view: docs },
  { pattern: '/sql', view: sql },
  { pattern: '/status', view: status },
  // Conbench's addresses that are views of ours; its others lead on (router/legacy.ts).
  { pattern: '/benchmark-results', view: Results },
  { pattern: '/benchmark-results/{id}', view: Result },
  { pattern: '/benchmarks/{id}', view: Result },
  { pattern: '/compare/benchmark-results/{pair}', view: Compare },
  { pattern: '/compare/benchmarks/{pair}', view: Compare },
  ...legacy_moves.map(({ pattern }) => ({ pattern, view: Moved })),
];

export interface NavigationEntry {
  href: string;
  label: string;
  icon: IconName;
  /** Paths below these belong to the entry too. */
  covers: string[];
}

export const navigation: readonly NavigationEntry[] = [
  { href: '/', label: 'Home', icon: 'home', covers: [] },
  { href: '/series', label: 'Series', icon: 'series', covers: ['/series', '/families'] },
  { href: '/runs', label: 'Runs', icon: 'runs', covers: ['/runs', '/batches'] },
  {
    href: '/results',
    label: 'Results',
    icon: 'results',
    covers: ['/results', '/benchmark-results', '/benchmarks'],
  },
  { href: '/ci/report', label: 'CI', icon: 'report', covers: [] },
  { href: '/compare', label: 'Compare', icon: 'compare', covers: ['/compare'] },
  { href: '/inference', label: 'Inference', icon: 'inference', covers: ['/inference'] },
  {
    href: '/events',
    label: 'Builds',
    icon: 'builds',
    covers: ['/events', '/builds', '/partition'],
  },
  { href: '/traces', label: 'Traces', icon: 'traces', covers: ['/traces'] },
  { href: '/sql', label: 'SQL', icon: 'sql', covers: [] },
  { href: '/docs', label: 'API', icon: 'docs', covers: ['/docs'] },
];

export function is_current(entry: NavigationEntry, path: string): boolean {
  if (path === entry.href) return true;
  return entry.covers.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}
