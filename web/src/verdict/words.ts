// A verdict in the words and looks of a badge. Pure.
import type { IconName } from '../components/icons';
import type {
  RunVerdict,
  Verdict,
  VerdictChange,
  VerdictDecision,
  VerdictPicture,
} from '../api/types_verdict';
import { format_count, plural } from '../format/units';

export interface VerdictLook {
  icon: IconName;
  tone: 'worse' | 'better' | 'warning' | 'neutral';
  label: string;
}

const k_looks: Record<VerdictDecision, VerdictLook> = {
  slower: { label: 'Slower', icon: 'worse', tone: 'worse' },
  faster: { label: 'Faster', icon: 'better', tone: 'better' },
  wait: { label: 'Wait', icon: 'wait', tone: 'warning' },
  steady: { label: 'Steady', icon: 'stable', tone: 'neutral' },
  unknown: { label: 'Unknown', icon: 'few', tone: 'neutral' },
};

/** A probability: "83 %"; nothing is ever said to be certain. */
export function format_probability(value: number): string {
  if (value > 0.99) return '> 99\u00a0%';
  if (value < 0.01) return '< 1\u00a0%';
  return `${Math.round(value * 100)}\u00a0%`;
}

/** What stands behind a decision's word: how sure, or how much more it takes. */
function detail_of(verdict: Verdict): string {
  if (verdict.decision === 'wait') {
    return verdict.repeats === null ? '> 10 more' : `${format_count(verdict.repeats)} more`;
  }
  return verdict.confidence === null ? '' : format_probability(verdict.confidence);
}

/** A decision's word alone; `none`: without a verdict. */
export function decision_label(decision: VerdictDecision | 'none'): string {
  return decision === 'none' ? 'No verdict' : k_looks[decision].label;
}

export function look_of(verdict: Verdict): VerdictLook & { detail: string } {
  const look = k_looks[verdict.decision] ?? k_looks.unknown;
  const detail = detail_of(verdict);
  return verdict.decision === 'wait'
    ? { ...look, label: `${look.label}:`, detail }
    : { ...look, detail };
}

/** Of a run's or report's series: what is news, else that nothing is. */
export function look_of_run(verdict: RunVerdict): VerdictLook {
  const { slower, faster, wait, steady, unknown } = verdict;
  const parts = [
    [slower, 'slower'],
    [faster, 'faster'],
    [wait, 'wait'],
  ] as const;
  const label = parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${format_count(count)} ${word}`)
    .join(', ');
  if (slower > 0) return { ...k_looks.slower, label };
  if (faster > 0) return { ...k_looks.faster, label };
  if (wait > 0) return { ...k_looks.wait, label };
  const quiet = steady > 0 ? k_looks.steady : k_looks.unknown;
  return { ...quiet, label: `${format_count(steady || unknown)} ${quiet.label.toLowerCase()}` };
}

/** The same in a sentence, with its worst series. */
export function sentence_of_run(verdict: RunVerdict): string {
  const { slower, faster, wait, steady, unknown, worst } = verdict;
  const series = plural(slower + faster + wait + steady + unknown, 'series', 'series');
  const counts = `${slower} slower, ${faster} faster, ${wait} wait for more results, ${steady} steady, ${unknown} unknown`;
  return `Of ${series}: ${counts}.${worst ? ` Worst: ${worst.name}: ${worst.sentence}` : ''}`;
}

/** "12 % slower": the size of a change and whether it is for the worse. */
export function change_text(change: { percent: number; is_worse: boolean }): string {
  const size = Math.abs(change.percent);
  const digits = size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2;
  return `${size.toFixed(digits)}\u00a0% ${change.is_worse ? 'slower' : 'faster'}`;
}

export function tone_of(change: Pick<VerdictChange, 'is_worse'>): 'worse' | 'better' {
  return change.is_worse ? 'worse' : 'better';
}

/** What the marked part of a picture is. */
export const k_spoken = {
  slower: 'what is slower',
  faster: 'what is faster',
  wait: 'what more results decide',
} as const;

/** A picture for those who do not see it; the sentence and the changes stand beside it as text. */
export function picture_text(picture: VerdictPicture): string {
  const { points, segments, changes, verdict } = picture;
  const levels = plural(segments.length, 'level');
  const found = plural(changes.length, 'change');
  const text = `${plural(points.length, 'result')} on ${levels}, ${found} in the whole history`;
  return verdict ? `${text}. ${verdict.sentence}` : text;
}

/** One line of the list of changes: with its number in the picture, or what is only spoken of. */
export interface ListedChange {
  number: number | null;
  change: VerdictChange;
  /** After so many more results it was said; null: not known. */
  told_after: number | null;
  message: string;
}

/** The newest first. What the verdict speaks of is not always among what is known of the history. */
export function listed_changes(picture: VerdictPicture): ListedChange[] {
  const place = new Map(picture.points.map((point, i) => [point.result_id, i]));
  const told = new Map(picture.said.map((one) => [one.since_result_id, one.at_result_id]));
  const line = (change: VerdictChange, number: number | null): ListedChange => {
    const at = place.get(change.result_id);
    const told_at = place.get(told.get(change.result_id) ?? '');
    const known = at !== undefined && told_at !== undefined;
    return {
      number,
      change,
      told_after: known ? Math.max(0, told_at - at) : null,
      message: at === undefined ? '' : picture.points[at]!.commit_message,
    };
  };
  const lines = picture.changes.map((change, i) => line(change, i + 1));
  const spoken = picture.verdict?.change;
  const is_known = picture.changes.some((one) => one.result_id === spoken?.result_id);
  if (spoken && !is_known) lines.push(line(spoken, null));
  return lines.reverse();
}

/** When it was said: "at once", "2 results later". */
export function told_text(told_after: number | null): string {
  if (told_after === null) return '';
  return told_after === 0 ? 'at once' : `${plural(told_after, 'result')} later`;
}
