// What alerts cost, as src/advice/openapi_advice_cost.yaml describes it.

/** `low` to `high` holds the true share 95 times in 100; null where there is nothing to share. */
export interface CostShare {
  count: number;
  of: number;
  share: number | null;
  low: number | null;
  high: number | null;
}

export type CostAnswer = 'unknown' | 'confirmed' | 'false_alarm';

export type CostEvidenceKind =
  | 'confirmed_by_person'
  | 'expected_by_person'
  | 'reverted'
  | 'noise_by_person'
  | 'machine_changed'
  | 'undone_at_same_commit'
  | 'revert_taken_back'
  | 'still_slow_after_revert'
  | 'gone_again';

export interface CostEvidence {
  kind: CostEvidenceKind;
  says: CostAnswer;
  commit_sha: string | null;
  result_id: string | null;
  history_fingerprint: string | null;
}

export interface CostSeries {
  history_fingerprint: string;
  name: string;
  /** The first slow result. */
  result_id: string;
  /** As told; null of a miss. */
  percent: number | null;
  confidence: number | null;
}

export interface CostCase {
  commit_sha: string;
  subject: string;
  at: string;
  series_count: number;
  series: CostSeries[];
  evidence: CostEvidence[];
}

export interface CostAlert extends CostCase {
  answer: CostAnswer;
  rules: { event_id: string; rule_id: string; rule_name: string; at: string }[];
}

/** One threshold, as if it had been set all the time. */
export interface CostPoint {
  value: number;
  alarms: number;
  confirmed: number;
  false_alarms: number;
  unknown: number;
  misses: number;
  false_per_week: number;
  unknown_per_week: number;
  cost: number;
  is_front: boolean;
  is_current: boolean;
  missed: CostShare;
  false_share: CostShare;
}

export interface CostReplay {
  threshold: 'z' | 'percent';
  current: number;
  proposed: number | null;
  /** Why nothing is proposed. */
  refusal: string | null;
  reason: string;
  judged: number;
  slowdowns: number;
  known_false: number;
  points: CostPoint[];
}

export interface AlertCost {
  repository: string;
  from: string;
  to: string;
  weeks: number;
  miss_cost: number;
  verdicts_enabled: boolean;
  is_cut: boolean;
  alerts_told: number;
  confirmed: number;
  false_alarms: number;
  unknown: number;
  missed: number;
  gone: number;
  false_share: CostShare;
  false_share_at_most: CostShare;
  missed_share: CostShare;
  false_per_week: number;
  false_per_week_at_most: number;
  alerts: CostAlert[];
  misses: CostCase[];
  thresholds: CostReplay[];
}

/** A project's thresholds, or those of one of its series. */
export interface Threshold {
  repository: string;
  history_fingerprint: string | null;
  threshold: number | null;
  threshold_z: number | null;
  notify_improvements: boolean;
}
