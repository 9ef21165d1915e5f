// The shapes of verdicts, as src/results/openapi_verdicts.yaml describes them.
import type { Tags } from './types';

/** At the newest result. Slower and faster: worse and better, whatever the unit measures. */
export type VerdictDecision = 'unknown' | 'steady' | 'slower' | 'faster' | 'wait';

export interface VerdictChange {
  /** The first result of the new level. */
  result_id: string;
  commit_sha: string;
  commit_timestamp: string;
  /** Levels, in the unit of the series. */
  before: number;
  after: number;
  /** Positive: the value grew, whatever is better. */
  percent: number;
  is_worse: boolean;
  is_recovery: boolean;
  /** A step from one unit to another: the benchmark changed sooner than the code. */
  of_unit?: boolean;
  confidence: number;
}

export interface VerdictDrift {
  first_result_id: string;
  last_result_id: string;
  percent: number;
  is_worse: boolean;
}

export interface Verdict {
  detector: string;
  version: number;
  decision: VerdictDecision;
  /** Probability of what the decision says; null: unknown. */
  confidence: number | null;
  /** Of wait: so many further results decide; null: more than ten, or nothing waits. */
  repeats: number | null;
  change: VerdictChange | null;
  drift: VerdictDrift | null;
  judged_result_id: string | null;
  results: number;
  noise_percent: number | null;
  sentence: string;
}

/** What an annotation teaches. */
export type Lesson = 'expected' | 'machine_changed' | 'noise';

export interface VerdictPoint {
  result_id: string;
  result_timestamp: string;
  commit_sha: string;
  commit_timestamp: string;
  commit_message: string;
  value: number;
  /** Place in `environments`. */
  env: number;
  lesson: Lesson | null;
}

export interface VerdictSegment {
  first_result_id: string;
  last_result_id: string;
  env: number;
  results: number;
  level: number;
  /** Nine tenths of the results lie between low and high. */
  low: number;
  high: number;
}

/** What was said when a result was the newest. */
export interface SaidVerdict {
  at_result_id: string;
  since_result_id: string;
  is_worse: boolean;
  percent: number;
  confidence: number;
}

export interface VerdictPicture {
  history_fingerprint: string;
  repository: string;
  unit: string | null;
  less_is_better: boolean | null;
  verdict: Verdict | null;
  /** A new one is on its way. */
  is_stale: boolean;
  judged_at: string | null;
  points: VerdictPoint[];
  more_points: boolean;
  segments: VerdictSegment[];
  changes: VerdictChange[];
  drifts: VerdictDrift[];
  said: SaidVerdict[];
  environments: string[];
}

/** A series that changed at a commit. */
export interface CommitVerdictRow {
  history_fingerprint: string;
  name: string;
  tags: Tags;
  hardware: string;
  unit: string | null;
  detector: string;
  version: number;
  change: VerdictChange;
}

export interface CommitVerdict {
  repository: string;
  commit_sha: string;
  detector: string;
  version: number;
  /** The project has verdicts. */
  enabled: boolean;
  /** Measured at this commit. */
  series: number;
  slower: number;
  faster: number;
  /** Changes that are not believed. */
  doubtful: number;
  false_share: number;
  common_cause: boolean;
  common_percent: number | null;
  /** Most probable first; at most 1,000. */
  changed: CommitVerdictRow[];
  sentence: string;
}

/** Series of a run or a report by decision. */
export interface RunVerdict {
  slower: number;
  faster: number;
  wait: number;
  steady: number;
  unknown: number;
  worst: {
    history_fingerprint: string;
    name: string;
    percent: number;
    commit_sha: string;
    sentence: string;
  } | null;
}

export interface VerdictProject {
  repository: string;
  enabled: boolean;
  updated_at: string;
  updated_by: string;
}

export interface VerdictProjects {
  detector: string;
  version: number;
  /** Of projects that are not listed. */
  enabled_by_default: boolean;
  /** Series that wait for a verdict. */
  waiting: number;
  projects: VerdictProject[];
}
