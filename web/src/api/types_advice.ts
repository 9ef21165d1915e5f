// The shapes of what people are told of a commit.
import type { Tags } from './types';

/** slower before failed before unsure before faster; unknown: nothing could be judged. */
export type AdviceStatus = 'slower' | 'failed' | 'unsure' | 'faster' | 'steady' | 'unknown';
export type FindingKind = 'slower' | 'failed' | 'unsure' | 'faster';

export interface AdviceCommit {
  sha: string;
  subject: string;
  author: string;
}

export interface AdviceFinding {
  kind: FindingKind;
  name: string;
  tags: Tags;
  unit: string | null;
  /** Positive: the value grew, whatever is better; null: failed. */
  percent: number | null;
  /** The true change lies between these, 95 times in 100. */
  percent_low: number | null;
  percent_high: number | null;
  confidence: number | null;
  since: AdviceCommit | null;
  /** Unsure: so many more runs decide. */
  repeats: number | null;
  /** Place in groups. */
  group: number | null;
  sentence: string;
  result_id: string;
  baseline_result_id: string | null;
  series_url: string;
  compare_url: string | null;
}

export interface AdviceGroup {
  cause: 'same_change' | 'same_span';
  percent: number;
  /** Places in findings. */
  findings: number[];
  sentence: string;
}

/** Median self times of a trace. */
export interface AdviceSpan {
  finding: number;
  service: string;
  name: string;
  path: string[];
  before_ns: number;
  after_ns: number;
  shift_ns: number;
  shift_low_ns: number;
  shift_high_ns: number;
  /** Of the slowdown of the whole trace; null: that did not change for sure. */
  share: number | null;
  base_traces: string[];
  compare_traces: string[];
}

export interface AdviceCommand {
  command: string | null;
  source: 'recorded' | 'suggested' | 'none';
  sentence: string;
}

export interface Advice {
  repository: string;
  sha: string;
  base_sha: string | null;
  status: AdviceStatus;
  headline: string;
  counts: Record<'benchmarks' | FindingKind | 'steady' | 'unknown', number>;
  findings: AdviceFinding[];
  groups: AdviceGroup[];
  spans: AdviceSpan[];
  reproduce: AdviceCommand;
  /** `runs`: null is more than anybody would want. */
  repeats: { finding: number; runs: number | null; sentence: string }[];
  next: AdviceCommand | null;
  /** Failed ones. */
  builds: { id: string; status: string; sentence: string; url: string }[];
  unknown: { code: string; sentence: string }[];
  page_url: string;
  report_url: string;
}
