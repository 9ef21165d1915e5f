// How often jobs succeeded, by accelerator, over windows that end now. Pure.
import type { RunSuccess } from '../api/types_inference';

/** Windows in days; 0 is all that is there. */
export const k_windows = [3, 7, 30, 90, 0] as const;
export const k_window = 90;
const k_day_ms = 86_400_000;

export interface Success {
  hardware: string;
  n_success: number;
  total: number;
  /** Two decimals. */
  percent: number;
}

/**
 * Sums by accelerator, most reliable first. A day counts when its beginning in UTC is not older
 * than the window; accelerators without a job are left out.
 */
export function success_of(rows: readonly RunSuccess[], days: number, now: number): Success[] {
  const since = days === 0 ? -Infinity : now - days * k_day_ms;
  const sums = new Map<string, Success>();
  for (const { hardware, date, n_success, total } of rows) {
    if (Date.parse(date) < since) continue;
    const sum = sums.get(hardware) ?? { hardware, n_success: 0, total: 0, percent: 0 };
    sums.set(hardware, sum);
    sum.n_success += n_success;
    sum.total += total;
  }
  const found = [...sums.values()].filter(({ total }) => total > 0);
  for (const one of found) one.percent = Math.round((10_000 * one.n_success) / one.total) / 100;
  return found.sort((a, b) => b.percent - a.percent || (a.hardware < b.hardware ? -1 : 1));
}
