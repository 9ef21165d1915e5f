// How much was measured, week by week. Pure.
import type { InferenceRegistry, Submissions } from '../api/types_inference';

export interface WeekVolume {
  /** Its Monday. */
  week: string;
  by_vendor: Record<string, number>;
  points: number;
}

const k_day_ms = 86_400_000;

/** The Monday of a day's week, in UTC. */
export function monday_of(date: string): string {
  const day = new Date(date);
  const since_monday = (day.getUTCDay() + 6) % 7;
  return new Date(day.getTime() - since_monday * k_day_ms).toISOString().slice(0, 10);
}

/** Points of each week that has any, oldest first. */
export function weeks_of(volume: Submissions['volume'], registry: InferenceRegistry): WeekVolume[] {
  const weeks = new Map<string, WeekVolume>();
  for (const { date, hardware, datapoints } of volume) {
    const week = monday_of(date);
    const one = weeks.get(week) ?? { week, by_vendor: {}, points: 0 };
    weeks.set(week, one);
    const vendor = registry.hardware.find(({ key }) => key === hardware)?.vendor ?? 'other';
    one.by_vendor[vendor] = (one.by_vendor[vendor] ?? 0) + datapoints;
    one.points += datapoints;
  }
  return [...weeks.values()].sort((a, b) => (a.week < b.week ? -1 : 1));
}
