// The shapes of identity, tokens, alerts and administration.
import type { Json } from './types';

export type Role = 'anonymous' | 'reader' | 'writer' | 'admin';

export interface Capabilities {
  signed_in: boolean;
  auth_disabled: boolean;
  can_write_results: boolean;
  role?: Role;
  /** True when an issuer is configured: /api/auth/login leads there. */
  oidc?: boolean;
}

export interface Me {
  id: string;
  email: string;
  name: string;
  role?: Role;
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  role?: Role;
  repository?: string | null;
  created_at: string;
  last_used_at?: string;
  revoked_at?: string;
}

export interface NewToken extends Token {
  /** Told once. */
  token: string;
}

/** What a rule looks at: the report of the newest run, or the verdicts of the series. */
export type AlertRuleKind = 'report' | 'verdict';

export interface AlertRuleBody {
  name: string;
  repository: string;
  baseline?: string;
  threshold?: number;
  threshold_z?: number;
  run_reason?: string;
  enabled?: boolean;
  kind?: AlertRuleKind;
  /** Of kind verdict: a change less probable is not told. */
  confidence?: number;
  notify_improvements?: boolean;
  /** Until then nobody is told. */
  muted_until?: string | null;
  /** Benchmarks whose regressions do not count. */
  muted_benchmarks?: string[];
}

export interface AlertRule {
  id: string;
  user_id?: string;
  name: string;
  repository: string;
  baseline: string;
  threshold: number;
  threshold_z: number;
  run_reason?: string | null;
  enabled: boolean;
  state: 'inactive' | 'open';
  created_at: string;
  updated_at: string;
  last_evaluated_at?: string | null;
  kind: AlertRuleKind;
  confidence: number;
  notify_improvements?: boolean;
  muted_until?: string | null;
  muted_benchmarks?: string[];
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** A message of an event to one channel. */
export interface AlertDelivery {
  id: string;
  event_id: string;
  rule_id: string;
  channel: string;
  target: string;
  status: DeliveryStatus;
  attempts: number;
  created_at: string;
  last_attempt_at: string | null;
  next_attempt_at: string | null;
  delivered_at: string | null;
  last_error: string | null;
}

/** What came of sending the messages that wait. */
export interface DeliveryReport {
  delivered: number;
  retried: number;
  failed: number;
  error?: string;
}

/** What became of a submission. */
export interface Receipt {
  seq: number;
  at: string;
  outcome: 'stored' | 'replayed' | 'refused';
  submitter_id: string;
  submitter_name: string;
  run_id: string | null;
  result_id: string | null;
  submission_key: string | null;
  code: string | null;
  summary: string | null;
}

export interface BackgroundJob {
  name: string;
  running: boolean;
  /** Whoever was at it died, and nobody has taken it over. */
  abandoned?: boolean;
  owner: string;
  lease_until: string | null;
  started_at: string | null;
  ended_at: string | null;
  outcome: 'ok' | 'failed' | null;
  /** How the last run ended; while one is under way perhaps how far it is. */
  detail: string;
  runs: number;
  failures: number;
}

export interface AlertEvent {
  id: string;
  rule_id: string;
  kind: string;
  status: string;
  status_reason: string;
  repository: string;
  run_id?: string | null;
  commit_sha?: string | null;
  report_url: string;
  created_at: string;
}

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
}

export interface AuditEntry {
  seq?: number;
  id?: string | number;
  at: string;
  actor_id: string;
  actor_name: string;
  action: string;
  object: string;
  detail?: Json;
}

export interface IncompleteCommit {
  id: string;
  sha: string;
  repository: string;
  state: string;
  reason: string;
  attempts: number;
  next_try_at?: string;
}

export interface RepairedCommit {
  id: string;
  sha: string;
  repository: string;
  outcome: string;
  reason?: string;
}
