// The palette's chart colours as canvas understands them.

const k_names = [
  'chart-point',
  'chart-repetition',
  'chart-mean',
  'chart-band',
  'chart-outlier',
  'chart-step',
  'chart-step-better',
  'chart-baseline',
  'chart-contender',
  'chart-segment',
  'chart-grid',
  'chart-axis',
  'surface',
] as const;

export type ColourName = (typeof k_names)[number];
export type Colours = Record<ColourName, string>;

/** A step's, by whether it is for the worse; without a direction it is neither. */
export function colour_of_step(rises: boolean, less_is_better: boolean | null): ColourName {
  if (less_is_better === null) return 'chart-axis';
  return rises === less_is_better ? 'chart-step' : 'chart-step-better';
}

/** Resolves light-dark() and friends: the browser computes them on a throw-away element. */
export function read_colours(host: Element): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  host.append(probe);
  const colours = {} as Colours;
  for (const name of k_names) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}
