// Every route of the API that the page uses, once. Paths that end in a slash are the legacy dialect's.
import { base64url } from '../events/names';
import { get, get_text, send, with_query, type Query } from './client';
import type {
  AlertDelivery,
  AlertEvent,
  AlertRule,
  AlertRuleBody,
  AuditEntry,
  BackgroundJob,
  Capabilities,
  DeliveryReport,
  IncompleteCommit,
  Me,
  NewToken,
  Receipt,
  RepairedCommit,
  Role,
  Token,
  User,
} from './types_account';
import type { AlertCost, Threshold } from './types_advice_cost';
import type {
  Envelope,
  Family,
  LegacyComparison,
  MissingBenchmark,
  Report,
  RunEntity,
  TrendBenchmarks,
  Trends,
} from './types_ci';
import type { Advice } from './types_advice';
import type {
  CommitVerdict,
  VerdictPicture,
  VerdictProject,
  VerdictProjects,
} from './types_verdict';
import type {
  Availability,
  Calculator,
  Evaluation,
  Frontier,
  InferenceRegistry,
  IngestReport,
  RunSuccess,
  Submissions,
  SweepTrend,
} from './types_inference';
import type {
  Activity,
  BuildDetail,
  BuildEvent,
  BuildSummary,
  JobSummary,
  PartitionDetail,
  PartitionSummary,
} from './types_events';
import type {
  CriticalPath,
  Exemplar,
  Frame,
  SpanDetail,
  TraceDiff,
  TraceResults,
  TraceSearch,
  TraceSetDiff,
  TraceSummary,
  WaterfallPart,
} from './types_traces';
import type { LakeTable, QueryAnswer, QueryState } from './types_query';
import type { ReadMismatch, ReadReplay, Reads } from './types_reads';
import type {
  Json,
  CompareResult,
  Facts,
  History,
  RecentRuns,
  ResultDetail,
  ResultList,
  SearchHit,
  SeriesList,
  ServerStatus,
} from './types';

const at = encodeURIComponent;
const k_in_base64url = { encoding: 'base64url' };

export interface SeriesQuery extends Query {
  q?: string;
  hardware?: string;
  repository?: string;
  fingerprint?: string;
  status?: string;
  sort?: string;
  cursor?: string;
  page_size?: number;
}

export interface ResultQuery extends Query {
  run_id?: string;
  batch_id?: string;
  run_reason?: string;
  earliest_timestamp?: string;
  latest_timestamp?: string;
  cursor?: string;
  page_size?: number;
}

export interface ReportQuery extends Query {
  repository?: string;
  commit_sha?: string;
  run_ids?: string;
  baseline_run_ids?: string;
  baseline?: string;
  threshold?: string;
  threshold_z?: string;
}

export interface Thresholds extends Query {
  threshold?: string;
  threshold_z?: string;
}

export interface ReceiptQuery extends Query {
  submission_key?: string;
  run_id?: string;
  /** RFC 3339: none that are older. */
  since?: string;
  cursor?: string;
  page_size?: number;
}

export interface AdviceQuery extends Query {
  repository: string;
  sha: string;
  /** Empty: as the server chooses. */
  base?: string;
}

export interface FamilyQuery extends Query {
  repository?: string;
  name?: string;
  q?: string;
  sort?: string;
  notes?: number;
  cursor?: string;
  page_size?: number;
}

/** Where numbers of sweeps come from; each answers JSON, or the same as CSV. */
export const sweep_paths = {
  frontier: '/api/v1/inference/frontier',
  calculator: '/api/v1/inference/calculator',
  trend: '/api/v1/inference/trend',
  skipped: '/api/v1/inference/skipped',
};

const k_run_pairs = 1000;
const k_advice_path = '/api/v1/advice/comment';

export const api = {
  facts: (signal?: AbortSignal) => get<Facts>('/api/v1/facts', {}, signal),

  search: (q: string, signal?: AbortSignal) =>
    get<{ results: SearchHit[] }>('/api/v1/search', { q, limit: 8 }, signal),

  series: (query: SeriesQuery, signal?: AbortSignal) =>
    get<SeriesList>('/api/series', query, signal),

  history: (fingerprint: string, signal?: AbortSignal) =>
    get<History>('/api/history', { fingerprint }, signal),

  result: (id: string, signal?: AbortSignal) =>
    get<ResultDetail>(`/api/benchmark-results/${at(id)}`, {}, signal),

  results: (query: ResultQuery, signal?: AbortSignal) =>
    get<ResultList>('/api/benchmark-results', query, signal),

  recent_runs: (
    query: { page_size?: number; repository?: string; include_attention?: boolean },
    signal?: AbortSignal,
  ) => get<RecentRuns>('/api/runs/recent', query, signal),

  /** Two results of one series. */
  compare: (
    baseline_result_id: string,
    contender_result_id: string,
    thresholds: Thresholds = {},
    signal?: AbortSignal,
  ) =>
    get<CompareResult>(
      '/api/compare/benchmark-results',
      { baseline_result_id, contender_result_id, ...thresholds },
      signal,
    ),

  /** Any two results of one unit; numbers have four digits. */
  compare_any: (
    baseline: string,
    contender: string,
    thresholds: Thresholds = {},
    signal?: AbortSignal,
  ) =>
    get<LegacyComparison>(
      `/api/compare/benchmark-results/${at(baseline)}...${at(contender)}/`,
      thresholds,
      signal,
    ),

  compare_runs: (
    baseline: string,
    contender: string,
    query: Thresholds & { cursor?: string },
    signal?: AbortSignal,
  ) =>
    get<Envelope<LegacyComparison>>(
      `/api/compare/runs/${at(baseline)}...${at(contender)}/`,
      { ...query, page_size: k_run_pairs },
      signal,
    ),

  run: (id: string, signal?: AbortSignal) => get<RunEntity>(`/api/runs/${at(id)}/`, {}, signal),

  report: (query: ReportQuery, signal?: AbortSignal) =>
    get<Report>('/api/ci/report', query, signal),

  inventory: (run_id: string, signal?: AbortSignal) =>
    get<{ missing: MissingBenchmark[] }>('/api/v1/inventory', { run_id }, signal),

  families: (query: FamilyQuery, signal?: AbortSignal) =>
    get<{ families: Family[]; next_page_cursor: string | null }>('/api/v1/families', query, signal),
  trends: (query: { name: string; days: number; until: string }, signal?: AbortSignal) =>
    get<Trends>('/api/v1/trends', query, signal),
  trend_benchmarks: (
    query: { sort: string; q: string; repository: string; page_size: number },
    signal?: AbortSignal,
  ) => get<TrendBenchmarks>('/api/v1/trends/benchmarks', query, signal),

  verdict: (fingerprint: string, signal?: AbortSignal, query: { points?: number } = {}) =>
    get<VerdictPicture>(`/api/v1/series/${at(fingerprint)}/verdict`, query, signal),
  commit_verdict: (query: { repository: string; sha: string }, signal?: AbortSignal) =>
    get<CommitVerdict>('/api/v1/commits/verdict', query, signal),
  verdict_projects: (signal?: AbortSignal) =>
    get<VerdictProjects>('/api/v1/verdicts/projects', {}, signal),
  switch_verdicts: (wanted: { repository: string; enabled: boolean }) =>
    send<VerdictProject>('PUT', '/api/v1/verdicts/projects', wanted),

  advice: (query: AdviceQuery, signal?: AbortSignal) => get<Advice>(k_advice_path, query, signal),
  advice_markdown: (query: AdviceQuery, signal?: AbortSignal) =>
    get_text(k_advice_path, query, 'text/markdown', signal),

  annotate: (id: string, change_annotations: Record<string, Json>) =>
    send<ResultDetail>('PUT', `/api/benchmark-results/${at(id)}`, { change_annotations }),
  delete_result: (id: string) => send('DELETE', `/api/benchmark-results/${at(id)}`),

  tables: (signal?: AbortSignal) => get<{ tables: LakeTable[] }>('/api/v1/tables', {}, signal),
  /** `id` is made by who asks, so that query_state() can be asked meanwhile. */
  query: (query: { id: string; sql: string; rows_max: number }, signal?: AbortSignal) =>
    send<QueryAnswer>('POST', '/api/v1/query', query, signal),
  query_state: (id: string) => get<QueryState>(`/api/v1/queries/${at(id)}`),

  inference_registry: (signal?: AbortSignal) =>
    get<InferenceRegistry>('/api/v1/inference/registry', {}, signal),
  availability: (signal?: AbortSignal) => get<Availability[]>('/api/v1/availability', {}, signal),
  frontier: (query: Query, signal?: AbortSignal) =>
    get<Frontier>(sweep_paths.frontier, query, signal),
  calculator: (query: Query, signal?: AbortSignal) =>
    get<Calculator>(sweep_paths.calculator, query, signal),
  sweep_trend: (query: Query, signal?: AbortSignal) =>
    get<SweepTrend>(sweep_paths.trend, query, signal),
  evaluations: (signal?: AbortSignal) => get<Evaluation[]>('/api/v1/evaluations', {}, signal),
  reliability: (signal?: AbortSignal) => get<RunSuccess[]>('/api/v1/reliability', {}, signal),
  submissions: (signal?: AbortSignal) => get<Submissions>('/api/v1/submissions', {}, signal),
  skipped: (query: { limit: number }, signal?: AbortSignal) =>
    get<{ reports: IngestReport[] }>(sweep_paths.skipped, query, signal),
  server_log: (id: string, signal?: AbortSignal) =>
    get<{ serverLog: string }>('/api/v1/server-log', { id }, signal),

  status: (signal?: AbortSignal) => get<ServerStatus>('/api/v1/status', {}, signal),

  capabilities: (signal?: AbortSignal) => get<Capabilities>('/api/auth/capabilities', {}, signal),
  me: (signal?: AbortSignal) => get<Me>('/api/users/me', {}, signal),
  sign_in: (email: string, password: string) =>
    send<unknown>('POST', '/api/auth/password', { email, password }),
  sign_out: () => send('POST', '/api/auth/logout'),

  tokens: (signal?: AbortSignal) => get<{ tokens: Token[] }>('/api/tokens', {}, signal),
  create_token: (token: { name: string; role?: Role; repository?: string }) =>
    send<NewToken>('POST', '/api/tokens', token),
  revoke_token: (id: string) => send('DELETE', `/api/tokens/${at(id)}`),

  rules: (signal?: AbortSignal) =>
    get<{ rules: AlertRule[] }>('/api/alert-rules', { page_size: 1000 }, signal),
  create_rule: (rule: AlertRuleBody) => send<AlertRule>('POST', '/api/alert-rules', rule),
  change_rule: (id: string, rule: AlertRuleBody) =>
    send<AlertRule>('PUT', `/api/alert-rules/${at(id)}`, rule),
  delete_rule: (id: string) => send('DELETE', `/api/alert-rules/${at(id)}`),
  rule_events: (id: string, signal?: AbortSignal) =>
    get<{ events: AlertEvent[] }>(`/api/alert-rules/${at(id)}/events`, { limit: 50 }, signal),

  alert_cost: (
    query: { repository: string; days: string; miss_cost: string },
    signal?: AbortSignal,
  ) => get<AlertCost>('/api/v1/advice/alert-cost', query, signal),
  thresholds: (repository: string, signal?: AbortSignal) =>
    get<{ thresholds: Threshold[] }>('/api/v1/thresholds', { repository }, signal),
  /** Replaces. */
  set_threshold: (rule: Threshold) => send<Threshold>('PUT', '/api/v1/thresholds', rule),

  hardware: (id: string) => get<{ name: string }>(`/api/hardware/${at(id)}/`),
  deliveries: (
    query: { status?: string; cursor?: string; page_size?: number },
    signal?: AbortSignal,
  ) =>
    get<{ deliveries: AlertDelivery[]; next_page_cursor: string | null }>(
      '/api/v1/alerts/deliveries',
      query,
      signal,
    ),
  /** Sends what waits, also what waits for another attempt, and what failed where that is asked for. */
  deliver: (also: { failed?: boolean; id?: string } = {}) =>
    send<DeliveryReport>('POST', with_query('/api/v1/alerts/deliver', also)),
  receipts: (query: ReceiptQuery, signal?: AbortSignal) =>
    get<{ receipts: Receipt[]; next_page_cursor: string | null }>(
      '/api/v1/receipts',
      query,
      signal,
    ),
  background_jobs: (signal?: AbortSignal) =>
    get<{ jobs: BackgroundJob[] }>('/api/v1/background-jobs', {}, signal),

  reads: (signal?: AbortSignal) => get<Reads>('/api/v1/reads', {}, signal),
  read_mismatches: (signal?: AbortSignal) =>
    get<{ mismatches: ReadMismatch[] }>('/api/v1/reads/mismatches', { count: 100 }, signal),
  replay_mismatch: (id: string) =>
    send<ReadReplay>('POST', `/api/v1/reads/mismatches/${at(id)}/replay`),
  explain_mismatch: (id: string, explanation: string) =>
    send<ReadMismatch>('PUT', `/api/v1/reads/mismatches/${at(id)}/explanation`, { explanation }),

  users: (signal?: AbortSignal) => get<{ users: User[] }>('/api/v1/users', {}, signal),
  change_user: (id: string, change: { role: Role }) =>
    send<User>('PATCH', `/api/v1/users/${at(id)}`, change),
  remove_user: (id: string) => send('DELETE', `/api/v1/users/${at(id)}`),
  audit: (query: { cursor?: string; page_size?: number }, signal?: AbortSignal) =>
    get<{ entries: AuditEntry[]; next_page_cursor: string | null }>('/api/v1/audit', query, signal),
  incomplete_commits: (
    query: { cursor?: string; page_size?: number; repository?: string },
    signal?: AbortSignal,
  ) =>
    get<{
      sources: string[] | string;
      commits: IncompleteCommit[];
      next_page_cursor: string | null;
    }>('/api/v1/commits/incomplete', query, signal),
  repair_commits: (request: { repository?: string; backfill?: boolean; limit?: number }) =>
    send<{ commits: RepairedCommit[]; next_page_cursor: string | null }>(
      'POST',
      '/api/v1/commits/repair',
      request,
    ),

  activity: (signal?: AbortSignal) => get<Activity>('/api/v1/activity', {}, signal),
  builds: (query: { limit: number; offset: number; status?: string }, signal?: AbortSignal) =>
    get<{ builds: BuildSummary[]; total: number }>('/api/v1/builds', query, signal),
  build: (id: string, query: { limit: number; since?: string }, signal?: AbortSignal) =>
    get<BuildDetail>(`/api/v1/builds/${at(id)}`, query, signal),
  partitions: (query: { limit: number; offset: number; status?: string }, signal?: AbortSignal) =>
    get<{ partitions: PartitionSummary[]; total: number }>('/api/v1/partitions', query, signal),
  partition_status: (ref: string, signal?: AbortSignal) =>
    get<PartitionDetail>(`/api/v1/partitions/${base64url(ref)}/status`, k_in_base64url, signal),
  partition_events: (ref: string, query: { limit: number }, signal?: AbortSignal) =>
    get<{ events: BuildEvent[]; has_more: boolean }>(
      `/api/v1/partitions/${base64url(ref)}/events`,
      { ...query, ...k_in_base64url },
      signal,
    ),
  build_jobs: (query: { limit: number; offset: number; search?: string }, signal?: AbortSignal) =>
    get<{ jobs: JobSummary[]; total: number }>('/api/v1/jobs', query, signal),
  event_log: (signal?: AbortSignal) =>
    get<{ backend: string; uri: string; events: number; newest: number }>(
      '/api/v1/events/status',
      {},
      signal,
    ),

  traces: (query: Query, signal?: AbortSignal) => get<TraceSearch>('/api/v1/traces', query, signal),
  trace_services: (signal?: AbortSignal) =>
    get<{ services: string[] }>('/api/v1/traces/services', {}, signal),
  trace_operations: (service: string, signal?: AbortSignal) =>
    get<{ operations: { name: string; kind: string }[] }>(
      '/api/v1/traces/operations',
      { service },
      signal,
    ),
  waterfall: (id: string, query: { first: number; rows: number }, signal?: AbortSignal) =>
    get<WaterfallPart>(`/api/v1/traces/${at(id)}/waterfall`, query, signal),
  flame: (id: string, signal?: AbortSignal) =>
    get<{ summary: TraceSummary; frames: Frame[] }>(`/api/v1/traces/${at(id)}/flame`, {}, signal),
  critical_path: (id: string, signal?: AbortSignal) =>
    get<CriticalPath>(`/api/v1/traces/${at(id)}/critical-path`, {}, signal),
  span: (trace: string, span: string, signal?: AbortSignal) =>
    get<{ span: SpanDetail }>(`/api/v1/traces/${at(trace)}/spans/${at(span)}`, {}, signal),
  trace_diff: (base: string, compare: string, signal?: AbortSignal) =>
    send<TraceDiff>(
      'POST',
      '/api/v1/traces/diff',
      {
        base: { trace_id: base },
        compare: { trace_id: compare },
        format: 'trace-summary-v0-native',
      },
      signal,
    ),
  result_traces: (id: string, signal?: AbortSignal) =>
    get<{ exemplars: Exemplar[] }>(`/api/v1/results/${at(id)}/traces`, {}, signal),
  trace_results: (id: string, query: { page_size: number }, signal?: AbortSignal) =>
    get<TraceResults>(`/api/v1/traces/${at(id)}/results`, query, signal),
  trace_set_diff: (query: Query, signal?: AbortSignal) =>
    get<TraceSetDiff>('/api/v1/traces/diff-sets', query, signal),
  /** A trace as a file of another format. */
  trace_file: (id: string, format: string) => with_query(`/api/v1/traces/${at(id)}`, { format }),

  openapi: (signal?: AbortSignal) => get<Record<string, unknown>>('/openapi.json', {}, signal),
};
