// A sparkline's path: values left to right, missing ones leave a gap.

export interface Spark {
  line: string;
  last: { x: number; y: number };
}

const k_edge = 4;

/** Null when fewer than one value is there. A flat line runs through the middle. */
export function spark_path(values: (number | null)[], width: number, height: number): Spark | null {
  const present = values.filter((value): value is number => value !== null);
  if (present.length === 0) return null;
  const min = Math.min(...present);
  const span = Math.max(...present) - min;
  const step = values.length > 1 ? (width - 2 * k_edge) / (values.length - 1) : 0;
  const y_of = (value: number) =>
    span === 0 ? height / 2 : height - k_edge - ((value - min) / span) * (height - 2 * k_edge);
  let line = '';
  let pen_down = false;
  let last = { x: k_edge, y: height / 2 };
  for (const [i, value] of values.entries()) {
    if (value === null) {
      pen_down = false;
      continue;
    }
    last = { x: round(k_edge + i * step), y: round(y_of(value)) };
    line += `${pen_down ? 'L' : 'M'}${last.x} ${last.y}`;
    pen_down = true;
  }
  return { line, last };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface FittedSpark {
  dots: { x: number; y: number }[];
  /** A line's path over the whole width. */
  line: string;
}

/** Values at their times, and the line that was fitted through them (its first and last value). */
export function fitted_path(
  samples: readonly { timestamp: string; value: number }[],
  [first, last]: readonly [number, number],
  width: number,
  height: number,
): FittedSpark {
  const times = samples.map(({ timestamp }) => Date.parse(timestamp));
  const values = [...samples.map(({ value }) => value), first, last];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [begin, end] = [times[0] ?? 0, times.at(-1) ?? 0];
  const x = (time: number) =>
    round(k_edge + (end > begin ? (time - begin) / (end - begin) : 0) * (width - 2 * k_edge));
  const y = (value: number) =>
    high > low
      ? round(height - k_edge - ((value - low) / (high - low)) * (height - 2 * k_edge))
      : height / 2;
  return {
    dots: samples.map(({ value }, i) => ({ x: x(times[i]!), y: y(value) })),
    line: `M${k_edge} ${y(first)}L${width - k_edge} ${y(last)}`,
  };
}
