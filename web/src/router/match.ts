// Which view a path belongs to. A pattern is a path whose `{name}` segments match any one segment.

export type Params = Record<string, string>;

export interface Route<View> {
  pattern: string;
  view: View;
}

/** A view that is fetched when it is first shown: what few people open is not loaded by all. */
export interface Fetched<View> {
  fetch: () => Promise<{ default: View }>;
}

export interface Match<View> {
  route: Route<View>;
  params: Params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** The parameters when `path` fits `pattern`, else null. A trailing slash makes no difference. */
export function match_pattern(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) return null;
  const params: Params = {};
  for (const [i, want] of wanted.entries()) {
    const value = decode(given[i]!);
    if (want.startsWith('{') && want.endsWith('}')) params[want.slice(1, -1)] = value;
    else if (want !== value) return null;
  }
  return params;
}

/** The first route that fits. */
export function match_route<View>(
  routes: readonly Route<View>[],
  path: string,
): Match<View> | null {
  for (const route of routes) {
    const params = match_pattern(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

/** `/series/{fingerprint}` with its parameters filled in and escaped. */
export function fill(pattern: string, params: Params): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

/** The query with keys changed; null or '' drops a key. Keys are sorted: one view, one address. */
export function change_query(
  search: string,
  changes: Record<string, string | number | null | undefined>,
): string {
  const params = new URLSearchParams(search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') params.delete(key);
    else params.set(key, String(value));
  }
  params.sort();
  const text = params.toString();
  return text ? `?${text}` : '';
}
