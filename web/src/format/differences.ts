// What differs between two documents, leaf by leaf.
import type { Json } from '../api/types';

export interface Difference {
  path: string;
  before: string | undefined;
  after: string | undefined;
}

function leaves(value: Json | undefined, path: string, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, part] of Object.entries(value)) {
      leaves(part, path ? `${path}.${key}` : key, into);
    }
  } else if (value !== undefined) {
    into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
}

/** Leaves that are not equal, by path; arrays count as leaves. */
export function differences(before: Json | undefined, after: Json | undefined): Difference[] {
  const left = new Map<string, string>();
  const right = new Map<string, string>();
  leaves(before, '', left);
  leaves(after, '', right);
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .filter((path) => left.get(path) !== right.get(path))
    .map((path) => ({ path, before: left.get(path), after: right.get(path) }));
}
