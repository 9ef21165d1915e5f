// What people are told of a commit, in words and looks. Pure.
import type { AdviceStatus } from '../api/types_advice';
import type { SeriesListItem } from '../api/types';
import type { IconName } from '../components/icons';

export interface AdviceLook {
  icon: IconName;
  tone: 'worse' | 'better' | 'warning' | 'neutral';
  label: string;
}

const k_looks: Record<AdviceStatus, AdviceLook> = {
  slower: { label: 'Slower', icon: 'worse', tone: 'worse' },
  failed: { label: 'Failed', icon: 'error', tone: 'worse' },
  unsure: { label: 'Unsure', icon: 'wait', tone: 'warning' },
  faster: { label: 'Faster', icon: 'better', tone: 'better' },
  steady: { label: 'Steady', icon: 'stable', tone: 'neutral' },
  unknown: { label: 'Not known', icon: 'few', tone: 'neutral' },
};

export function look_of_advice(status: AdviceStatus): AdviceLook {
  return k_looks[status] ?? k_looks.unknown;
}

function digits_of(size: number): number {
  return size >= 99.5 ? 0 : size >= 0.095 ? 1 : 2;
}

/** "+6.2 %", "−0.04 %". */
export function signed_percent(percent: number): string {
  const size = Math.abs(percent);
  const shown = size.toFixed(digits_of(size));
  const sign = Number(shown) === 0 ? '' : percent < 0 ? '\u2212' : '+';
  return `${sign}${shown}\u00a0%`;
}

/** "+5.1 % to +7.4 %"; empty: not known. */
export function interval_text(low: number | null, high: number | null): string {
  return low === null || high === null ? '' : `${signed_percent(low)} to ${signed_percent(high)}`;
}

/** "95 %" of 0.959: never surer than it is. */
export function sure_text(confidence: number): string {
  return `${Math.min(99, Math.floor(confidence * 100))}\u00a0%`;
}

/** "94 %" of 0.94. */
export function share_text(share: number): string {
  return `${Math.round(share * 100)}\u00a0%`;
}

/** A commit since which series are slower. */
export interface SuspectCommit {
  repository: string;
  sha: string;
  series: number;
  /** Of the largest change; always positive. */
  percent: number;
  /** Of the surest. */
  confidence: number;
}

/** Of the series that are slower by their verdict, the commits that it names: most series first. */
export function suspects_of(
  series: readonly Pick<SeriesListItem, 'repository' | 'verdict'>[],
): SuspectCommit[] {
  const commits = new Map<string, SuspectCommit>();
  for (const { repository, verdict } of series) {
    if (!repository || verdict?.decision !== 'slower' || !verdict.change?.commit_sha) continue;
    const { commit_sha: sha, percent, confidence } = verdict.change;
    const key = `${repository} ${sha}`;
    const known = commits.get(key);
    commits.set(key, {
      repository,
      sha,
      series: (known?.series ?? 0) + 1,
      percent: Math.max(known?.percent ?? 0, Math.abs(percent)),
      confidence: Math.max(known?.confidence ?? 0, confidence),
    });
  }
  return [...commits.values()].sort((a, b) => b.series - a.series);
}
