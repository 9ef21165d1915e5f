// The queries that this browser ran, newest first. Pure but for load() and save().

export interface PastQuery {
  sql: string;
  /** When it ended, as milliseconds since 1970. */
  at: number;
  rows: number;
}

const k_key = 'benchlake.queries';
const k_kept_max = 50;

/** A query that ran again moves to the front. */
export function remember(past: readonly PastQuery[], query: PastQuery): PastQuery[] {
  return [query, ...past.filter((one) => one.sql !== query.sql)].slice(0, k_kept_max);
}

function is_query(value: unknown): value is PastQuery {
  const one = value as Partial<PastQuery> | null;
  return typeof one?.sql === 'string' && typeof one.at === 'number' && typeof one.rows === 'number';
}

/** What the text says; nothing where it is none of ours. */
export function parse(text: string | null): PastQuery[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(is_query).slice(0, k_kept_max) : [];
  } catch {
    return [];
  }
}

export function load(): PastQuery[] {
  try {
    return parse(localStorage.getItem(k_key));
  } catch {
    return []; // storage is off
  }
}

export function save(past: readonly PastQuery[]): void {
  try {
    localStorage.setItem(k_key, JSON.stringify(past));
  } catch {
    // storage is off or full: the history lives as long as the page
  }
}
