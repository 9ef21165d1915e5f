// What a marked sample is called, and whether that is bad: the same on the chart, in the inspector
// and in the table.
import type { TrendData } from './trend_data';

export interface Mark {
  text: string;
  tone: 'worse' | 'better' | 'soft';
}

/** Where a step went: above the mean that held before it, or the value before it. */
export function step_rises(data: TrendData, index: number): boolean {
  const value = data.value[index]!;
  return value > (data.mean[index - 1] ?? data.value[index - 1] ?? value);
}

/** Null for a sample that nothing sets apart. Without a direction a step is neither good nor bad. */
export function mark_of(
  data: TrendData,
  index: number,
  less_is_better: boolean | null,
): Mark | null {
  if (data.outlier[index]) return { text: '◇ outlier', tone: 'soft' };
  if (!data.step[index]) return null;
  const rises = step_rises(data, index);
  const kind = data.samples[index]!.zscorestats?.begins_distribution_change
    ? 'new distribution'
    : 'step';
  return {
    text: rises ? `▲ ${kind} up` : `▼ ${kind} down`,
    tone: less_is_better === null ? 'soft' : rises === less_is_better ? 'worse' : 'better',
  };
}
