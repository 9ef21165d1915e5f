// Two axes and what lies between them: extents, places and round ticks of numbers, linear or
// logarithmic. Pure; in CSS pixels.
import { round_values } from './verdict_shape';
import type { Extent } from './trend_data';

/** A time is in milliseconds, its ticks are days of UTC. */
export type Scale = 'linear' | 'log' | 'time';

export interface Axis extends Extent {
  scale: Scale;
}

export interface Tick {
  value: number;
  text: string;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a linear axis begins: at nothing, or a little below the smallest value. */
export type Begin = 'zero' | 'near';

const k_day_ms = 86_400_000;
const k_day_steps = [1, 2, 7, 14, 30, 61, 91, 182, 365];
const k_room = 0.05;
const k_log_room = 0.1;
const k_log_ticks_min = 3;

/** An axis on which all values have room. A logarithmic one shows those above 0 alone. */
export function axis_of(values: Iterable<number>, scale: Scale, begin: Begin): Axis {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (scale === 'log' && value <= 0)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (min > max) return { scale, min: scale === 'log' ? 1 : 0, max: scale === 'log' ? 10 : 1 };
  if (scale === 'log') return { scale, min: min * (1 - k_log_room), max: max * (1 + k_room) };
  if (scale === 'time') return { scale, min, max: max > min ? max : min + k_day_ms };
  const low = begin === 'zero' ? 0 : Math.max(0, min - (max - min) * k_room);
  // Values may all be equal, or 0.
  const from = Math.min(low, min);
  const to = max + Math.abs(max) * k_room;
  return { scale, min: from, max: to > from ? to : from + 1 };
}

/** 0 at the axis's begin, 1 at its end; NaN for what a logarithmic axis cannot show. */
export function share({ scale, min, max }: Axis, value: number): number {
  if (scale !== 'log') return (value - min) / (max - min);
  return value > 0 ? Math.log(value / min) / Math.log(max / min) : Number.NaN;
}

/** 1, 2 and 5 times powers of ten. */
function log_values({ min, max }: Extent): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      if (value >= min && value <= max) found.push(value);
    }
  }
  return found;
}

/** At most `count`, without those between when there are more. */
function thinned(values: number[], count: number): number[] {
  const step = Math.ceil(values.length / Math.max(1, count));
  return values.filter((_, i) => i % step === 0);
}

function tick_text(value: number, step: number): string {
  const decimals = Math.min(9, Math.max(0, -Math.floor(Math.log10(step || 1) + 1e-9)));
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

function day_ticks({ min, max }: Extent, count: number): Tick[] {
  const days = (max - min) / k_day_ms;
  const fitting = k_day_steps.find((step) => days / step <= count) ?? days / count;
  const step = Math.ceil(fitting) * k_day_ms;
  const ticks: Tick[] = [];
  for (let value = Math.ceil(min / k_day_ms) * k_day_ms; value <= max; value += step) {
    ticks.push({ value, text: new Date(value).toISOString().slice(0, 10) });
  }
  return ticks;
}

/** Round numbers on the axis, about as many as asked for. */
export function ticks_of(axis: Axis, count: number): Tick[] {
  if (axis.scale === 'time') return day_ticks(axis, Math.max(1, count));
  const powers = axis.scale === 'log' ? log_values(axis) : [];
  if (powers.length >= k_log_ticks_min) {
    return thinned(powers, count).map((value) => ({
      value,
      text: value.toLocaleString('en-US', { maximumSignificantDigits: 1 }),
    }));
  }
  const values = round_values(axis, count);
  const step = values.length > 1 ? values[1]! - values[0]! : 1;
  return values.map((value) => ({ value, text: tick_text(value, step) }));
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** Places values on an area: x to the right, y upwards. */
export class Plane {
  constructor(
    readonly area: Area,
    readonly x_axis: Axis,
    readonly y_axis: Axis,
  ) {}

  x(value: number): number {
    return rounded(this.area.left + share(this.x_axis, value) * this.area.width);
  }

  y(value: number): number {
    return rounded(this.area.top + (1 - share(this.y_axis, value)) * this.area.height);
  }

  /** The path through places; what cannot be shown is a gap. */
  path(points: readonly (readonly [x: number, y: number])[]): string {
    let text = '';
    let pen_up = true;
    for (const [x, y] of points) {
      const [left, top] = [this.x(x), this.y(y)];
      const drawn = Number.isFinite(left) && Number.isFinite(top);
      if (drawn) text += `${pen_up ? 'M' : 'L'}${left} ${top}`;
      pen_up = !drawn;
    }
    return text;
  }
}
