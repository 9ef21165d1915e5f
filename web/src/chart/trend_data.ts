// A history as the arrays that the chart draws from: typed, flat, never reactive.
import type { HistorySample } from '../api/types';

export type XAxis = 'order' | 'time';

export interface TrendData {
  samples: HistorySample[];
  /** The unit of the newest sample; samples of another unit have no value here. */
  unit: string | null;
  /** Every unit that occurs, the newest sample's first. More than one is a fault in the data. */
  units: string[];
  /** Commit time in seconds since 1970. */
  time: Float64Array;
  /** Ordinal of the sample's commit: several results of one commit share it. */
  order: Float64Array;
  /** Single value summaries; NaN where there is none. */
  value: Float64Array;
  /** Rolling mean of the commits before; null where undefined. */
  mean: (number | null)[];
  high: (number | null)[];
  low: (number | null)[];
  segment: Int32Array;
  outlier: Uint8Array;
  step: Uint8Array;
  /** Sample i's repetitions are repetition[first[i]] up to, not including, first[i + 1]. */
  repetition: Float64Array;
  first: Uint32Array;
}

const k_band_sigmas = 5;

function distinct_units(samples: HistorySample[]): string[] {
  const units = new Set<string>();
  for (let i = samples.length - 1; i >= 0; i--) {
    const unit = samples[i]!.unit;
    if (unit !== null) units.add(unit);
  }
  return [...units];
}

function collect_repetitions(samples: HistorySample[], unit: string | null) {
  let count = 0;
  for (const sample of samples) count += sample.data?.length ?? 0;
  const repetition = new Float64Array(count);
  const first = new Uint32Array(samples.length + 1);
  let at = 0;
  for (const [i, sample] of samples.entries()) {
    first[i] = at;
    if (sample.unit !== unit) continue;
    for (const value of sample.data ?? []) if (value !== null) repetition[at++] = value;
  }
  first[samples.length] = at;
  return { repetition: repetition.subarray(0, at), first };
}

/** Arranges samples, which are ascending by commit time. Linear in samples and repetitions. */
export function build_trend(samples: HistorySample[]): TrendData {
  const count = samples.length;
  const units = distinct_units(samples);
  const unit = units[0] ?? null;
  const data: TrendData = {
    samples,
    unit,
    units,
    time: new Float64Array(count),
    order: new Float64Array(count),
    value: new Float64Array(count).fill(Number.NaN),
    mean: new Array<number | null>(count).fill(null),
    high: new Array<number | null>(count).fill(null),
    low: new Array<number | null>(count).fill(null),
    segment: new Int32Array(count),
    outlier: new Uint8Array(count),
    step: new Uint8Array(count),
    ...collect_repetitions(samples, unit),
  };
  let ordinal = -1;
  let previous_commit = '';
  for (const [i, sample] of samples.entries()) {
    if (sample.commit_hash !== previous_commit) ordinal += 1;
    previous_commit = sample.commit_hash;
    data.order[i] = ordinal;
    data.time[i] = new Date(sample.commit_timestamp).getTime() / 1000;
    if (sample.unit !== unit) continue;
    data.value[i] = sample.single_value_summary ?? Number.NaN;
    const stats = sample.zscorestats;
    if (!stats) continue;
    data.segment[i] = stats.segment_id;
    data.outlier[i] = stats.is_outlier ? 1 : 0;
    data.step[i] = stats.is_step || stats.begins_distribution_change ? 1 : 0;
    const mean = stats.rolling_mean_excluding_this_commit;
    data.mean[i] = mean;
    if (mean !== null && stats.rolling_stddev !== null) {
      data.high[i] = mean + k_band_sigmas * stats.rolling_stddev;
      data.low[i] = mean - k_band_sigmas * stats.rolling_stddev;
    }
  }
  return data;
}

export function xs_of(data: TrendData, axis: XAxis): Float64Array {
  return axis === 'time' ? data.time : data.order;
}

/** Index of the first entry of ascending `xs` that is not below `x`. */
export function lower_bound(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Samples [from, to) whose x lies within [min, max]. */
export function visible(xs: Float64Array, min: number, max: number): [from: number, to: number] {
  let to = lower_bound(xs, max);
  while (to < xs.length && xs[to] === max) to += 1;
  return [lower_bound(xs, min), to];
}

export interface Extent {
  min: number;
  max: number;
}

const k_margin = 0.06;
const k_band_room = 0.6;

/**
 * The y range for samples [from, to): all summaries; the band as far as it does not squeeze them;
 * repetitions do not count, a single slow one would flatten the line.
 */
export function y_extent(data: TrendData, from: number, to: number, from_zero: boolean): Extent {
  let min = Infinity;
  let max = -Infinity;
  let band_min = Infinity;
  let band_max = -Infinity;
  for (let i = from; i < to; i++) {
    const value = data.value[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
    const high = data.high[i] ?? null;
    const low = data.low[i] ?? null;
    if (high !== null && high > band_max) band_max = high;
    if (low !== null && low < band_min) band_min = low;
  }
  if (min > max) return { min: 0, max: 1 };
  const span = max - min || Math.abs(max) * 0.1 || 1;
  const room = span * k_band_room;
  const low = Math.max(Math.min(min, band_min), min - room) - span * k_margin;
  const high = Math.min(Math.max(max, band_max), max + room) + span * k_margin;
  if (from_zero) return { min: Math.min(0, low), max: Math.max(0, high) };
  return { min: min >= 0 ? Math.max(0, low) : low, max: high };
}

const k_x_margin = 0.015;

/** The x range of samples [from, to), with air that no other sample lies in; never empty. */
export function window_x(xs: Float64Array, from: number, to: number): Extent {
  if (from >= to) return { min: 0, max: 1 };
  const min = xs[from]!;
  const max = xs[to - 1]!;
  const air = (max - min) * k_x_margin || 1;
  const before = from > 0 ? (min - xs[from - 1]!) / 2 : air;
  const after = to < xs.length ? (xs[to]! - max) / 2 : air;
  return { min: min - Math.min(air, before), max: max + Math.min(air, after) };
}

export function full_x(xs: Float64Array): Extent {
  return window_x(xs, 0, xs.length);
}

/** The x range from `days` before the newest sample up to the newest one. */
export function recent_x(data: TrendData, axis: XAxis, days: number): Extent {
  const newest = data.time[data.time.length - 1] ?? 0;
  const from = lower_bound(data.time, newest - days * 86_400);
  return window_x(xs_of(data, axis), from, data.time.length);
}

/** Commit times that an x range covers, whatever the axis; null when it covers none. */
export function times_of(data: TrendData, axis: XAxis, range: Extent): Extent | null {
  const [from, to] = visible(xs_of(data, axis), range.min, range.max);
  return from < to ? { min: data.time[from]!, max: data.time[to - 1]! } : null;
}

/** The x range for the commit times [min, max]. */
export function range_of_times(data: TrendData, axis: XAxis, times: Extent): Extent {
  const [from, to] = visible(data.time, times.min, times.max);
  const xs = xs_of(data, axis);
  return from < to ? window_x(xs, from, to) : full_x(xs);
}

/** The sample nearest to a place on the screen, of those in [from, to). */
export function nearest(
  data: TrendData,
  from: number,
  to: number,
  distance: (i: number) => number,
): number | null {
  let best: number | null = null;
  let best_distance = Infinity;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(data.value[i]!)) continue;
    const away = distance(i);
    if (away < best_distance) {
      best = i;
      best_distance = away;
    }
  }
  return best;
}

/** Runs of equal segment ids within [from, to): where shading and lines break. */
export function segment_runs(data: TrendData, from: number, to: number): [number, number][] {
  const runs: [number, number][] = [];
  let start = from;
  for (let i = from + 1; i <= to; i++) {
    if (i === to || data.segment[i] !== data.segment[start]) {
      if (i > start) runs.push([start, i]);
      start = i;
    }
  }
  return runs;
}
