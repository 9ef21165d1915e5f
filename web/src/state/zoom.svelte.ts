// The time that charts of histories show, in seconds; it stands in the address.
import type { Extent } from '../chart/trend_data';
import { location } from '../router/location.svelte';

const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

class Zoom {
  /** Null: everything. */
  readonly times = $derived.by((): Extent | null => {
    const [from, to] = ['from', 'to'].map(
      (key) => Date.parse(location.query.get(key) ?? '') / 1000,
    );
    return Number.isFinite(from) && Number.isFinite(to) ? { min: from!, max: to! } : null;
  });

  show(times: Extent | null): void {
    location.change({ from: times && iso(times.min), to: times && iso(times.max) });
  }
}

export const zoom = new Zoom();
