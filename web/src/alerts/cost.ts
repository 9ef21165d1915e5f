// What alerts cost, in words; and where the frontier of a threshold is drawn. Pure.
import type {
  CostAnswer,
  CostEvidenceKind,
  CostPoint,
  CostReplay,
  CostShare,
  Threshold,
} from '../api/types_advice_cost';

export const k_answers: Record<CostAnswer, string> = {
  confirmed: 'Right',
  false_alarm: 'False alarm',
  unknown: 'Unknown',
};

export const k_evidence: Record<CostEvidenceKind, string> = {
  confirmed_by_person: 'somebody confirmed it',
  expected_by_person: 'somebody said that a new level begins here',
  reverted: 'the commit was reverted',
  noise_by_person: 'somebody called it noise',
  machine_changed: 'somebody said that the machine changed',
  undone_at_same_commit: 'the same commit measured again is as before',
  revert_taken_back: 'reverted, and the revert was reverted',
  still_slow_after_revert: 'reverted, and still slow',
  gone_again: 'as before at the next commits, though nobody reverted it',
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `25 %, 9 % to 53 %`; what is not known is said. */
export function share_words({ share, low, high }: CostShare): string {
  if (share === null || low === null || high === null) return 'not known';
  return `${percent(share)}, ${percent(low)} to ${percent(high)}`;
}

export const not_right = (point: CostPoint): number =>
  point.false_per_week + point.unknown_per_week;

export interface FrontierDot {
  point: CostPoint;
  x: number;
  y: number;
}

/** Dots in a box of that size: alarms a week that are false or unknown to the right, misses up. */
export function frontier_dots(replay: CostReplay, width: number, height: number): FrontierDot[] {
  const widest = Math.max(...replay.points.map(not_right), 1e-9);
  const highest = Math.max(...replay.points.map(({ misses }) => misses), 1);
  return replay.points.map((point) => ({
    point,
    x: (not_right(point) / widest) * width,
    y: height - (point.misses / highest) * height,
  }));
}

/** The project's rule with one of its two values set anew; the rest stays as it is. */
export function with_threshold(
  rules: readonly Threshold[],
  repository: string,
  name: CostReplay['threshold'],
  value: number,
): Threshold {
  const present = rules.find(({ history_fingerprint }) => history_fingerprint === null);
  return {
    repository,
    history_fingerprint: null,
    threshold: name === 'percent' ? value : (present?.threshold ?? null),
    threshold_z: name === 'z' ? value : (present?.threshold_z ?? null),
    notify_improvements: present?.notify_improvements ?? false,
  };
}
