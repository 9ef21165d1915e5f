// The shapes of reports and comparisons of whole runs.
import type { Json, LookbackZScore, Pairwise, Tags } from './types';
import type { RunVerdict, Verdict } from './types_verdict';

export type BaselineName = 'parent' | 'fork_point' | 'latest_default';
/** `auto` is the server's choice: the parent on the default branch, else the fork point or the latest. */
export type BaselineChoice = BaselineName | 'auto';

export type RowStatus =
  | 'regressed'
  | 'improved'
  | 'stable'
  | 'insufficient'
  | 'errored'
  | 'missing_baseline'
  | 'not_comparable';

export interface ReportSide {
  result_id: string;
  run_id: string;
  result_timestamp: string;
  commit_sha: string | null;
  commit_timestamp: string | null;
  error?: Json;
  single_value_summary: number | null;
  single_value_summary_type: string;
}

export interface Analysis {
  pairwise: Pairwise | null;
  lookback_z_score: LookbackZScore | null;
}

export interface ReportRow {
  status: RowStatus;
  name: string;
  tags: Tags;
  context: Json;
  info: Json;
  /** The machine's name. */
  hardware: string;
  history_fingerprint: string;
  unit: string | null;
  less_is_better: boolean | null;
  contender: ReportSide;
  baseline: ReportSide | null;
  analysis: Analysis | null;
  error: Json;
  reason?: string;
  verdict: Verdict | null;
  /** Of a run off the default branch: as if its results came next there. */
  contender_verdict?: Verdict;
}

export interface ReportCommit {
  sha: string;
  repository: string;
  branch: string | null;
  message: string | null;
  author_name: string | null;
  timestamp: string | null;
}

export interface BaselineError {
  code: string;
  message: string;
}

export interface ReportRun {
  run_id: string;
  run_tags: Tags;
  run_reason: string | null;
  commit: ReportCommit | null;
  /** The kind that was searched for; null of an explicit pair. */
  baseline?: string | null;
  baseline_run_id: string | null;
  baseline_commit: ReportCommit | null;
  commits_skipped: string[];
  baseline_error: BaselineError | null;
  comparisons: ReportRow[];
}

export interface Report {
  repository: string | null;
  commit_sha: string | null;
  selected_run_ids: string[];
  missing_run_ids: string[];
  baseline: string | null;
  status: 'success' | 'failure' | 'action_required' | 'skipped';
  status_reason: string;
  threshold: number;
  threshold_z: number;
  summary: Record<string, number>;
  /** Of the rows' series. */
  verdict: RunVerdict | null;
  /** Of the rows that have one of their own. */
  contender_verdict?: RunVerdict;
  runs: ReportRun[];
}

/** One of the runs that a run may be compared with. */
export interface CandidateBaseline {
  baseline_run_id: string | null;
  commits_skipped: string[] | null;
  error: string | null;
}

/** A run as the legacy dialect has it. */
export interface RunEntity {
  id: string;
  tags: Tags;
  reason: string | null;
  timestamp: string;
  commit: {
    sha: string;
    repository: string;
    message: string | null;
    timestamp: string | null;
    branch: string | null;
    fork_point_sha: string | null;
    author_name: string | null;
  } | null;
  hardware: { name: string; id: string; type: string };
  candidate_baseline_runs: Record<BaselineName, CandidateBaseline>;
}

/** One side of a comparison in the legacy dialect. */
export interface LegacySide {
  benchmark_result_id: string;
  benchmark_name: string;
  single_value_summary: number | null;
  error: Json;
  run_id: string;
  tags: Tags;
}

export interface LegacyComparison {
  unit: string | null;
  less_is_better: boolean | null;
  history_fingerprint: string | null;
  baseline: LegacySide | null;
  contender: LegacySide | null;
  analysis: Analysis;
}

export interface Envelope<T> {
  data: T[];
  metadata: { next_page_cursor: string | null };
}

/** A benchmark that a run was expected to have. */
export interface MissingBenchmark {
  name: string;
  tags: Tags | null;
  history_fingerprint?: string | null;
  last_run_id?: string | null;
  seen_in_runs?: number;
  pinned?: boolean;
}

/** How many series have which status. */
export interface StatusCounts {
  series: number;
  regressed: number;
  improved: number;
  stable: number;
  insufficient: number;
}

export interface SeriesNote {
  history_fingerprint: string;
  name: string;
  tags: Tags;
  hardware: string;
  latest_result_id: string;
  unit: string | null;
  less_is_better: boolean | null;
  status: string;
  change_percent: number | null;
  z_score: number | null;
}

/** A benchmark's name with all its variants, in one repository. */
export interface Family {
  name: string;
  repository: string;
  counts: StatusCounts;
  hardware_count: number;
  context_count: number;
  latest_result_timestamp: string;
  worst: SeriesNote[];
  best: SeriesNote[];
}

/** A straight line through a series' newest points. */
export interface Trend {
  history_fingerprint: string;
  tags: Tags;
  hardware: string;
  repository: string;
  unit: string | null;
  less_is_better: boolean | null;
  /** From the line's start to its end, as a fraction; positive: the value grows. */
  relative_change: number;
  is_worse: boolean;
  points: number;
  outliers: number;
  latest_result_id: string;
  line: [first: number, last: number];
  samples: { timestamp: string; value: number }[];
  verdict: Verdict | null;
}

/** A parameter of a benchmark's cases. */
export interface TrendKey {
  key: string;
  value_count: number;
  series_count: number;
  latest_result_timestamp: string;
  is_dead: boolean;
}

export interface Trends {
  since: string;
  until: string;
  truncated: boolean;
  ranked: number;
  not_ranked: number;
  increasing: Trend[];
  decreasing: Trend[];
  keys: TrendKey[];
}

export interface TrendBenchmark {
  name: string;
  case_count: number;
  series_count: number;
  result_count: number;
  latest_result_timestamp: string;
  recent_results_per_case: number;
}

export interface TrendBenchmarks {
  since: string;
  until: string;
  truncated: boolean;
  results_counted: number;
  benchmarks: TrendBenchmark[];
  more: boolean;
}
