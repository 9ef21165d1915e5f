// The colours of services within a view; without a view's own, those of their names.
import { getContext, setContext } from 'svelte';
import { hue_of, hues_of } from './words';

const k_key = Symbol('hues');
type HueOf = (service: string) => number;

/** Below this component, the services of one trace have colours of their own. */
export function give_hues(services: () => readonly string[]): HueOf {
  return setContext(k_key, remembered(services));
}

function remembered(services: () => readonly string[]): HueOf {
  let of: readonly string[] = [];
  let hues = new Map<string, number>();
  return (service) => {
    const now = services();
    if (now !== of) {
      of = now;
      hues = hues_of(now);
    }
    return hues.get(service) ?? hue_of(service);
  };
}

export function the_hues(): HueOf {
  return getContext<HueOf | undefined>(k_key) ?? hue_of;
}
