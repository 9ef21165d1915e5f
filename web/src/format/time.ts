// Times are shown in UTC, so that two people who look at one page see the same text.

/** "2026-08-01 12:03", UTC. */
export function format_time(text: string | null | undefined): string {
  const time = text ? new Date(text) : null;
  if (!time || Number.isNaN(time.getTime())) return '\u2013';
  return time.toISOString().slice(0, 16).replace('T', ' ');
}

export function format_date(text: string | null | undefined): string {
  return format_time(text).slice(0, 10);
}

const k_steps: [seconds: number, name: string][] = [
  [31_536_000, 'year'],
  [2_592_000, 'month'],
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/** "3 days ago": whole units of the largest that fits. */
export function format_age(text: string | null | undefined, now: number): string {
  const then = text ? new Date(text).getTime() : Number.NaN;
  if (Number.isNaN(then)) return '';
  const seconds = (now - then) / 1000;
  for (const [size, name] of k_steps) {
    const amount = Math.floor(seconds / size);
    if (amount >= 1) return `${amount} ${name}${amount === 1 ? '' : 's'} ago`;
  }
  return seconds < -60 ? 'in the future' : 'just now';
}

/** "3 days", "1 hour": whole units of the largest that fits. */
export function format_duration(seconds: number): string {
  for (const [size, name] of [...k_steps, [1, 'second'] as const]) {
    const amount = Math.floor(seconds / size);
    if (amount >= 1) return `${amount} ${name}${amount === 1 ? '' : 's'}`;
  }
  return 'a moment';
}
