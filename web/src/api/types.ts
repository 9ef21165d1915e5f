// The shapes of the read API, as docs/api describes them. Times are RFC 3339 in UTC.
import type { RunVerdict, Verdict } from './types_verdict';

export type Tags = Record<string, string>;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Status = 'regressed' | 'improved' | 'stable' | 'insufficient';

export interface Hardware {
  id: string;
  type: string;
  name: string;
  hash: string;
}

export interface Commit {
  id: string;
  sha: string;
  repository: string;
  message: string | null;
  timestamp: string | null;
}

export interface CommitSummary {
  hash: string;
  repository: string;
  message: string | null;
  author_name: string | null;
  author_login: string | null;
  author_avatar: string | null;
  timestamp: string | null;
}

export interface Aggregates {
  mean: number | null;
  min: number | null;
  max: number | null;
  median: number | null;
  stdev: number | null;
  q1: number | null;
  q3: number | null;
  iqr: number | null;
}

export interface ResultDetail {
  id: string;
  run_id: string;
  run_tags: Tags;
  run_reason: string | null;
  batch_id: string | null;
  timestamp: string;
  commit_repo_url: string | null;
  history_fingerprint: string;
  tags: Tags;
  context: Json;
  info: Json;
  hardware: Hardware;
  commit: Commit | null;
  unit: string | null;
  less_is_better: boolean | null;
  time_unit: string | null;
  iterations: number | null;
  data: (number | null)[] | null;
  times: (number | null)[] | null;
  stats: Aggregates | null;
  error: Json;
  optional_benchmark_info: Json;
  validation: Json;
  change_annotations: Record<string, Json> | null;
  single_value_summary: number | null;
  single_value_summary_type: string;
}

export interface ResultListItem {
  id: string;
  run_id: string;
  run_reason: string | null;
  run_tags: Tags;
  batch_id: string | null;
  timestamp: string;
  unit: string | null;
  single_value_summary: number | null;
  single_value_summary_type: string;
  history_fingerprint: string;
  case_name: string;
  case_tags: Tags;
  commit: CommitSummary | null;
  has_error: boolean;
}

export interface ResultList {
  results: ResultListItem[];
  next_page_cursor: string | null;
}

export interface ZScoreStats {
  begins_distribution_change: boolean;
  is_step: boolean;
  is_outlier: boolean;
  segment_id: number;
  rolling_mean_excluding_this_commit: number | null;
  rolling_mean: number | null;
  residual: number | null;
  rolling_stddev: number | null;
}

export interface HistorySample {
  benchmark_result_id: string;
  result_timestamp: string;
  mean: number | null;
  single_value_summary: number | null;
  single_value_summary_type: string;
  unit: string | null;
  hardware_hash: string;
  commit_hash: string;
  commit_repository: string;
  commit_message: string | null;
  commit_timestamp: string;
  zscorestats: ZScoreStats | null;
  data?: (number | null)[] | null;
  run_tags?: Tags;
  info?: Json;
  change_annotations?: Record<string, Json> | null;
}

export interface History {
  history_fingerprint: string;
  samples: HistorySample[];
  verdict: Verdict | null;
}

export interface CompareSide {
  benchmark_result_id: string;
  single_value_summary: number | null;
  run_id: string;
}

export interface Pairwise {
  percent_change: number;
  percent_threshold: number;
  regression_indicated: boolean;
  improvement_indicated: boolean;
}

export interface LookbackZScore {
  z_score: number;
  z_threshold: number;
  regression_indicated: boolean;
  improvement_indicated: boolean;
}

export interface CompareResult {
  unit: string | null;
  less_is_better: boolean | null;
  baseline: CompareSide;
  contender: CompareSide;
  analysis: { pairwise: Pairwise | null; lookback_z_score: LookbackZScore | null };
  /** Of the contender's series. */
  verdict: Verdict | null;
}

export interface SeriesListItem {
  history_fingerprint: string;
  name: string;
  tags: Tags;
  context: Json;
  /** The hardware's name. */
  hardware: string;
  repository: string | null;
  unit: string | null;
  less_is_better: boolean | null;
  status: Status;
  latest_result_id: string;
  latest_single_value_summary: number | null;
  latest_single_value_summary_type: string;
  latest_commit_sha: string | null;
  latest_commit_timestamp: string | null;
  latest_result_timestamp: string;
  point_count: number;
  sparkline: (number | null)[];
  /** The latest value against the mean of the commits before it; negative is worse. */
  change_percent?: number | null;
  /** The same in standard deviations. */
  z_score?: number | null;
  verdict: Verdict | null;
}

export interface SeriesList {
  series: SeriesListItem[];
  next_page_cursor: string | null;
}

export interface RunAttention {
  status: string;
  status_reason: string;
  report_url: string;
  summary: Record<string, number>;
}

export interface RecentRun {
  run_id: string;
  run_reason: string | null;
  run_tags: Tags;
  batch_count: number;
  latest_batch_id: string | null;
  result_count: number;
  error_count: number;
  series_count: number;
  latest_result_id: string;
  repository: string | null;
  commit_sha: string | null;
  first_result_at: string;
  last_result_at: string;
  commit: CommitSummary | null;
  attention?: RunAttention | null;
  /** Of the series whose newest judged result it holds. */
  verdict: RunVerdict | null;
}

export interface RecentRuns {
  runs: RecentRun[];
  repositories: { repository: string }[];
}

export type SearchKind = 'series' | 'run' | 'result' | 'commit';

export interface SearchHit {
  kind: SearchKind;
  title: string;
  detail: string;
  href: string;
}

export interface Facts {
  version: string;
  series: number;
  results: number;
  runs: number;
  commits: number;
  repositories: string[];
}

/** Since the start of the server; null before the first. */
export interface Quantiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
}

export interface ServerStatus {
  version: string;
  started_at: string;
  uptime_s: number;
  store: {
    kind: string;
    bytes: number | null;
    schema: number;
    answers: boolean;
    /** A fact without a title is for programs. */
    facts: { name: string; title: string; value: number }[];
  };
  writes: {
    waiting: number;
    acknowledged: number;
    commits: number;
    wal_bytes: number;
    commit_seconds: Quantiles;
    group_size: Quantiles;
  };
  http: { connections: number; waiting: number; requests: Record<string, number> };
  certificate_expires_at: string | null;
  limits_reached: { limit: string; times: number }[];
  troubles: { time: string; level: 'warning' | 'error'; event: string }[];
}
