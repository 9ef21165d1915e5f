// Lists that the API gives by offset, as pages with a cursor.
import type { Page } from '../state/resource.svelte';

/** The page at `offset` of a list of `total`; its cursor is the next offset. */
export function offset_page<T>(items: T[], offset: number, total: number): Page<T> {
  const next = offset + items.length;
  return { items, next: items.length > 0 && next < total ? String(next) : null };
}
