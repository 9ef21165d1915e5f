// The address of the search <-> what the API is asked.
import type { Query } from '../api/client';

/** How far back a search looks: name in the address, words, milliseconds. */
export const windows = [
  ['1h', 'Last hour', 3_600_000],
  ['24h', 'Last day', 86_400_000],
  ['7d', 'Last week', 7 * 86_400_000],
  ['30d', 'Last 30 days', 30 * 86_400_000],
  ['365d', 'Last year', 365 * 86_400_000],
] as const;
export const default_window = '24h';

const k_taken_over = [
  'service',
  'operation',
  'status',
  'min_duration',
  'max_duration',
  'attribute',
  'run_id',
  'q',
];

/** A window ends in the next minute, so that the same search is the same question for a while. */
export function search_query(address: URLSearchParams, now: number): Query {
  const since = windows.find(([name]) => name === address.get('since')) ?? windows[1];
  const end = (Math.floor(now / 60_000) + 1) * 60_000;
  const query: Query = {
    start: new Date(end - since[2]).toISOString(),
    end: new Date(end).toISOString(),
  };
  for (const key of k_taken_over) query[key] = address.get(key);
  return query;
}
