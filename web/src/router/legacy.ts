// Conbench's addresses that have no view of their own here, and where they lead. Links to them are in
// comments, chats and reports that nobody rewrites.
import { fill, match_pattern, type Params } from './match';

interface Move {
  pattern: string;
  /** The address now. */
  to: (params: Params, search: string) => string;
}

const family_of = (name = '') => fill('/families/{name}', { name });

export const legacy_moves: readonly Move[] = [
  { pattern: '/index', to: () => '/' },
  { pattern: '/login', to: (_, search) => `/account${search}` },
  { pattern: '/register', to: () => '/account' },
  { pattern: '/logout', to: () => '/account' },
  { pattern: '/users', to: () => '/admin' },
  { pattern: '/users/create', to: () => '/admin' },
  { pattern: '/users/{id}', to: () => '/admin' },
  { pattern: '/hardware', to: () => '/series' },
  { pattern: '/hardware/{id}', to: () => '/series' },
  { pattern: '/c-benchmarks', to: () => '/families' },
  { pattern: '/c-benchmarks/{name}', to: ({ name }) => family_of(name) },
  { pattern: '/c-benchmarks/{name}/trends', to: ({ name }) => family_of(name) },
  {
    pattern: '/c-benchmarks/{name}/{case}',
    to: ({ name }) => `/series?q=${encodeURIComponent(name ?? '')}`,
  },
  { pattern: '/compare/batches/{pair}', to: () => '/compare' },
  { pattern: '/batch/{id}', to: ({ id }) => fill('/batches/{id}', { id: id ?? '' }) },
];

/** Where a path of Conbench leads now; null when it is none of these. */
export function moved_to(path: string, search: string): string | null {
  for (const { pattern, to } of legacy_moves) {
    const params = match_pattern(pattern, path);
    if (params) return to(params, search);
  }
  return null;
}
