// Two results that are picked for a comparison. They stand in the address: a choice half made is a
// link too.
import { location } from '../router/location.svelte';

export type PickRole = 'baseline' | 'contender';

class Picks {
  readonly baseline = $derived(location.query.get('pick_baseline'));
  readonly contender = $derived(location.query.get('pick_contender'));

  /** Picks it, or no longer when it is. */
  toggle(role: PickRole, id: string): void {
    this.set(role, this[role] === id ? null : id);
  }

  set(role: PickRole, id: string | null): void {
    location.change({ [`pick_${role}`]: id });
  }
}

export const picks = new Picks();
