// The picture of a verdict as shapes: what of its series lies where, in CSS pixels. Pure; one pass
// over points, segments and changes each.
import type { VerdictChange, VerdictPicture, VerdictPoint } from '../api/types_verdict';
import { format_date } from '../format/time';
import { format_number, scale_for } from '../format/units';
import { Occupancy } from './dots';
import type { Extent } from './trend_data';

export interface Size {
  width: number;
  height: number;
}

export interface ShownChange {
  change: VerdictChange;
  /** Its number in picture and list: the oldest of the whole history is 1. */
  number: number;
  x: number;
  /** The value of its first result. */
  y: number;
  /** False where another number already stands there. */
  labelled: boolean;
}

export interface VerdictShape {
  area: { left: number; top: number; width: number; height: number };
  bands: { x: number; y: number; width: number; height: number }[];
  levels: { x1: number; x2: number; y: number }[];
  /** Paths of dots, by machine: round ones, and square ones of every second machine. */
  dots: [round: string, square: string];
  /** Results that lie outside of what is shown, as carets at its edge. */
  outside: string;
  /** What slower, faster or wait speaks of: from there to the newest result. */
  spoken: { kind: 'slower' | 'faster' | 'wait'; x: number; width: number } | null;
  newest: { x: number; y: number } | null;
  changes: ShownChange[];
  drifts: { x1: number; y1: number; x2: number; y2: number }[];
  lessons: { x: number; y: number; lesson: string }[];
  values: { y: number; text: string }[];
  dates: { x: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
}

const k_left = 66;
const k_right = 12;
const k_top = 18;
const k_bottom = 22;
const k_margin = 0.08;
/** Outliers may take as much room above and below as the levels have in all. */
const k_outlier_room = 1;
const k_number_px = 15;
const k_value_ticks = 4;
const k_date_px = 130;

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The picture of its newest `count` results alone. */
export function newest_of(picture: VerdictPicture, count: number): VerdictPicture {
  return { ...picture, points: picture.points.slice(-count) };
}

/** Where what slower, faster or wait speaks of begins; null when nothing shown is spoken of. */
function spoken_from({ verdict, points }: VerdictPicture): number | null {
  if (!verdict?.change || !['slower', 'faster', 'wait'].includes(verdict.decision)) return null;
  const { result_id } = verdict.change;
  const at = points.findIndex((point) => point.result_id === result_id);
  return at < 0 ? null : at;
}

/** What the levels, their bands and what is spoken of span; all points where there is none. */
export function value_extent(picture: VerdictPicture): Extent {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of picture.points) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { min: 0, max: 1 };
  let [core_low, core_high] = [Infinity, -Infinity];
  const spoken = picture.points.slice(spoken_from(picture) ?? picture.points.length);
  for (const { value } of spoken) {
    core_low = Math.min(core_low, value);
    core_high = Math.max(core_high, value);
  }
  for (const segment of picture.segments) {
    core_low = Math.min(core_low, segment.low, segment.level);
    core_high = Math.max(core_high, segment.high, segment.level);
  }
  if (core_low <= core_high) {
    const room = (core_high - core_low) * k_outlier_room || Math.abs(core_high) * 0.05 || 1;
    low = Math.min(core_low, Math.max(low, core_low - room));
    high = Math.max(core_high, Math.min(high, core_high + room));
  }
  const margin = (high - low) * k_margin || Math.abs(high) * 0.05 || 1;
  return { min: low - margin, max: high + margin };
}

/** Round numbers within the extent, about as many as asked for. */
export function round_values({ min, max }: Extent, count: number): number[] {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  if (!Number.isFinite(step) || step <= 0) return [];
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

function median(values: number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[ordered.length >> 1] ?? Number.NaN;
}

class Shaper {
  readonly #picture: VerdictPicture;
  readonly #area: VerdictShape['area'];
  readonly #extent: Extent;
  readonly #place = new Map<string, number>();

  constructor(picture: VerdictPicture, { width, height }: Size) {
    this.#picture = picture;
    this.#area = {
      left: k_left,
      top: k_top,
      width: Math.max(1, width - k_left - k_right),
      height: Math.max(1, height - k_top - k_bottom),
    };
    this.#extent = value_extent(picture);
    for (const [i, point] of picture.points.entries()) this.#place.set(point.result_id, i);
  }

  shape(): VerdictShape {
    return {
      area: this.#area,
      ...this.#segments(),
      ...this.#dots(),
      spoken: this.#spoken(),
      newest: this.#newest(),
      changes: this.#changes(),
      drifts: this.#drifts(),
      lessons: this.#lessons(),
      values: this.#values(),
      dates: this.#dates(),
    };
  }

  #x(index: number): number {
    const { left, width } = this.#area;
    const count = this.#picture.points.length;
    return round(left + ((index + 0.5) / Math.max(1, count)) * width);
  }

  #y(value: number): number {
    const { top, height } = this.#area;
    const { min, max } = this.#extent;
    return round(top + (1 - (value - min) / (max - min)) * height);
  }

  /** Where a stretch lies; null when none of it is shown. What begins before is cut. */
  #stretch(first: string, last: string): [number, number] | null {
    const to = this.#place.get(last);
    if (to === undefined) return null;
    return [this.#place.get(first) ?? 0, to];
  }

  #segments(): Pick<VerdictShape, 'bands' | 'levels'> {
    const bands: VerdictShape['bands'] = [];
    const levels: VerdictShape['levels'] = [];
    const half = this.#area.width / Math.max(1, this.#picture.points.length) / 2;
    for (const segment of this.#picture.segments) {
      const stretch = this.#stretch(segment.first_result_id, segment.last_result_id);
      if (!stretch) continue;
      const [x1, x2] = [round(this.#x(stretch[0]) - half), round(this.#x(stretch[1]) + half)];
      const [top, bottom] = [this.#y(segment.high), this.#y(segment.low)];
      const height = round(Math.max(1, bottom - top));
      bands.push({ x: x1, y: top, width: round(x2 - x1), height });
      levels.push({ x1, x2, y: this.#y(segment.level) });
    }
    return { bands, levels };
  }

  #dots(): Pick<VerdictShape, 'dots' | 'outside'> {
    const dots: [string, string] = ['', ''];
    let outside = '';
    const taken = new Occupancy(this.#area, 1);
    const { top, height } = this.#area;
    for (const [i, point] of this.#picture.points.entries()) {
      const [x, y] = [this.#x(i), this.#y(point.value)];
      if (y < top) outside += `M${x - 4} ${top + 5}l4-5l4 5`;
      else if (y > top + height) outside += `M${x - 4} ${top + height - 5}l4 5l4-5`;
      else if (taken.take(x, y)) dots[point.env % 2 === 0 ? 0 : 1] += `M${x} ${y}h0`;
    }
    return { dots, outside };
  }

  #spoken(): VerdictShape['spoken'] {
    const from = spoken_from(this.#picture);
    if (from === null) return null;
    const kind = this.#picture.verdict!.decision as 'slower' | 'faster' | 'wait';
    const half = this.#area.width / Math.max(1, this.#picture.points.length) / 2;
    const x = round(this.#x(from) - half);
    return { kind, x, width: round(this.#area.left + this.#area.width - x) };
  }

  #newest(): VerdictShape['newest'] {
    const at = this.#picture.points.length - 1;
    const point = this.#picture.points[at];
    return point ? { x: this.#x(at), y: this.#inside(this.#y(point.value)) } : null;
  }

  #inside(y: number): number {
    return Math.min(this.#area.top + this.#area.height, Math.max(this.#area.top, y));
  }

  #changes(): ShownChange[] {
    const { changes, points } = this.#picture;
    let next_free = -Infinity;
    const shown: ShownChange[] = [];
    for (const [i, change] of changes.entries()) {
      const at = this.#place.get(change.result_id);
      if (at === undefined) continue;
      const x = this.#x(at);
      const labelled = x >= next_free;
      if (labelled) next_free = x + k_number_px;
      shown.push({
        change,
        number: i + 1,
        x,
        y: this.#inside(this.#y(points[at]!.value)),
        labelled,
      });
    }
    return shown;
  }

  #drifts(): VerdictShape['drifts'] {
    return this.#picture.drifts.flatMap((drift) => {
      const stretch = this.#stretch(drift.first_result_id, drift.last_result_id);
      if (!stretch) return [];
      const [from, to] = stretch;
      const values = this.#picture.points.slice(from, to + 1).map(({ value }) => value);
      const middle = median(values);
      const begin = middle / (1 + drift.percent / 200);
      const end = begin * (1 + drift.percent / 100);
      if (!Number.isFinite(begin) || !Number.isFinite(end)) return [];
      return [{ x1: this.#x(from), y1: this.#y(begin), x2: this.#x(to), y2: this.#y(end) }];
    });
  }

  #lessons(): VerdictShape['lessons'] {
    return this.#picture.points.flatMap((point: VerdictPoint, i) =>
      point.lesson
        ? [{ x: this.#x(i), y: this.#inside(this.#y(point.value)), lesson: point.lesson }]
        : [],
    );
  }

  #values(): VerdictShape['values'] {
    const ticks = round_values(this.#extent, k_value_ticks);
    const scale = scale_for(this.#picture.unit, Math.max(...ticks.map(Math.abs), 0));
    const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) * scale.factor : 1;
    const decimals = Math.max(0, -Math.floor(Math.log10(step || 1) + 1e-9));
    return ticks.map((tick) => {
      const scaled = tick * scale.factor;
      const text = decimals > 6 ? format_number(scaled) : scaled.toFixed(decimals);
      return { y: this.#y(tick), text: `${text} ${scale.label}`.trim() };
    });
  }

  #dates(): VerdictShape['dates'] {
    const { points } = this.#picture;
    if (points.length === 0) return [];
    const fitting = Math.max(2, Math.floor(this.#area.width / k_date_px));
    const count = Math.min(points.length, fitting);
    const last = points.length - 1;
    return Array.from({ length: count }, (_, i) => {
      const at = count === 1 ? 0 : Math.round((i * last) / (count - 1));
      const anchor = i === 0 ? 'start' : i === count - 1 ? 'end' : 'middle';
      return { x: this.#x(at), text: format_date(points[at]!.commit_timestamp), anchor };
    });
  }
}

export function verdict_shape(picture: VerdictPicture, size: Size): VerdictShape {
  return new Shaper(picture, size).shape();
}
