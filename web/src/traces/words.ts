// Words for what traces say.
import { format_value } from '../format/units';

/** "350.0 µs", "12.50 ms", "3 min 20 s". */
export function duration_words(nanoseconds: number): string {
  const seconds = Math.abs(nanoseconds) / 1e9;
  if (seconds < 120) return format_value(nanoseconds / 1e9, 's').text;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const sign = nanoseconds < 0 ? '-' : '';
  return hours > 0
    ? `${sign}${hours}\u00a0h ${minutes}\u00a0min`
    : `${sign}${minutes}\u00a0min ${whole % 60}\u00a0s`;
}

/** The root's name, or what stands for it. */
export function title_of(trace: { root_name: string | null; trace_id: string }): string {
  return trace.root_name || 'Root not received';
}

/** Names of the roots, most traces first; those without a root have none. */
export function roots_of(traces: readonly { root_name: string | null }[]): string[] {
  const counts = new Map<string, number>();
  for (const { root_name } of traces) {
    if (root_name) counts.set(root_name, (counts.get(root_name) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
}

/** The beginning of an id: random, so it tells traces apart. */
export function short_trace(id: string): string {
  return id.slice(0, 8);
}

const k_roles: Record<string, string> = {
  slowest: 'Slowest',
  median: 'Median',
  fastest: 'Fastest',
  outlier: 'Outlier',
  manual: 'Chosen by hand',
};

/** What a trace is of its result. */
export function role_words(role: string): string {
  return k_roles[role] ?? role;
}

/** "+30.00 ms", "-2", "0". */
export function shift_words(value: number, words: (value: number) => string): string {
  return (value > 0 ? '+' : '') + words(value);
}

/** Where the time went, never whether that is good. */
const k_directions: Record<string, string> = {
  increased: 'It takes longer',
  decreased: 'It takes less time',
  unchanged: 'No more than noise',
  undecided: 'Too few traces to tell',
};

export function direction_words(direction: string): string {
  return k_directions[direction] ?? direction;
}

/** Ways of finding a trace, as people read them. */
const k_paths: Record<string, string> = {
  hint: 'in the time given',
  bounds: 'where it is known to be',
  recent: 'among the newest',
  windows: 'looking further and further back',
  full: 'looking at everything',
};

export function path_words(path: string | null): string {
  return path === null ? '' : (k_paths[path] ?? path);
}

const k_hues = 8;

/** One of eight colours for a service: the same name has the same one everywhere. */
export function hue_of(service: string): number {
  let hash = 2166136261;
  for (let i = 0; i < service.length; i++) {
    hash = Math.imul(hash ^ service.charCodeAt(i), 16777619);
  }
  return (hash >>> 0) % k_hues;
}

/** `1.2ms`, `300us`, `2s`, as searches take it; null: it is none. */
export function is_duration(text: string): boolean {
  return /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text.trim());
}

/**
 * Colours of the services of one trace: each its own, but where another one of them has that, the
 * next that is free; there are eight.
 */
export function hues_of(services: readonly string[]): Map<string, number> {
  const hues = new Map<string, number>();
  const taken = new Set<number>();
  for (const service of services) {
    if (taken.size === k_hues) taken.clear();
    let hue = hue_of(service);
    while (taken.has(hue)) hue = (hue + 1) % k_hues;
    taken.add(hue);
    hues.set(service, hue);
  }
  return hues;
}

/** A value as a line of text. */
export function value_text(type: string, value: unknown): string {
  if (type === 'empty') return '';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}
