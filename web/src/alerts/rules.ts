// What the page makes of an alert rule: how it stands, and the whole body that a change sends back. Pure.
import type { AlertRule, AlertRuleBody } from '../api/types_account';
import { baseline_label } from '../triage/baselines';

/** Badges (components/StatusBadge.svelte). */
export type RuleStanding = 'switched_off' | 'muted' | 'open' | 'quiet';

export function is_muted(rule: AlertRule, now: number): boolean {
  return rule.muted_until ? Date.parse(rule.muted_until) > now : false;
}

export function standing_of(rule: AlertRule, now: number): RuleStanding {
  if (!rule.enabled) return 'switched_off';
  if (is_muted(rule, now)) return 'muted';
  return rule.state === 'open' ? 'open' : 'quiet';
}

/** What it looks at, and from where on it tells. */
export function rule_in_words(rule: AlertRule): string {
  const what =
    rule.kind === 'verdict'
      ? `verdicts of at least ${Math.round(rule.confidence * 1000) / 10} %`
      : `against ${baseline_label(rule.baseline).toLowerCase()} · ${rule.threshold_z} σ`;
  return rule.run_reason ? `${what} · ${rule.run_reason}` : what;
}

/** A probability as people write it: 90, 90 %, 0.9. Nothing for what is none from a half to one. */
export function confidence_of(text: string): number | undefined {
  const given = Number(text.replace('%', '').trim());
  const probability = given > 1 ? given / 100 : given;
  return probability >= 0.5 && probability <= 1 ? probability : undefined;
}

const k_of_the_body: (keyof AlertRuleBody)[] = [
  'name',
  'repository',
  'baseline',
  'threshold',
  'threshold_z',
  'run_reason',
  'enabled',
  'kind',
  'confidence',
  'notify_improvements',
  'muted_until',
  'muted_benchmarks',
];

/** A PUT replaces the whole rule: all that a writer decides is sent back, with the changes. */
export function changed_rule(rule: AlertRule, changes: Partial<AlertRuleBody>): AlertRuleBody {
  const given = { ...rule, ...changes };
  const kept = k_of_the_body.flatMap((key) =>
    given[key] === undefined || given[key] === null ? [] : [[key, given[key]] as const],
  );
  return Object.fromEntries(kept) as unknown as AlertRuleBody;
}

/** One name a line; each once, without empty lines. */
export function names_of(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()))].filter(Boolean);
}

/** The value of a datetime-local field, which the page reads as UTC; empty without a time. */
export function field_of_time(time: string | null | undefined): string {
  const at = time ? new Date(time) : null;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString().slice(0, 16) : '';
}

export function time_of_field(text: string): string | null {
  const at = new Date(`${text}Z`);
  return text && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}
