// Lines of points and their curves as shapes on a plane: what a chart of fronts paints, and where a
// pointer or an arrow key finds a point. Pure; one pass over the points.
import { marker_path, type Marker } from './markers';
import { axis_of, Plane, ticks_of, type Area, type Begin, type Scale } from './plane';

export interface PlanePoint {
  x: number;
  y: number;
  /** Filled, where others are pale. */
  strong: boolean;
}

export interface PlaneLine {
  /** Unique among the lines. */
  key: string;
  marker: Marker;
  points: readonly PlanePoint[];
  curve: readonly (readonly [x: number, y: number])[];
  /** Goes on from the curve, and is not measured. */
  tail?: readonly (readonly [x: number, y: number])[];
}

export interface PlaneLook {
  width: number;
  height: number;
  x_scale: Scale;
  y_scale: Scale;
  x_begin: Begin;
  y_begin: Begin;
}

/** A point by the place of its line, and its own in there. */
export interface Spot {
  line: number;
  point: number;
  left: number;
  top: number;
}

export interface LinesShape {
  area: Area;
  columns: { left: number; text: string }[];
  rows: { top: number; text: string }[];
  lines: { key: string; curve: string; tail: string; strong: string; pale: string }[];
  /** What can be inspected. */
  spots: Spot[];
  /** Points that a logarithmic axis cannot show. */
  left_out: number;
}

const k_left = 66;
const k_right = 14;
const k_top = 12;
const k_bottom = 26;
const k_column_px = 90;
const k_row_px = 52;
const k_strong_px = 4;
const k_pale_px = 3.2;

export function lines_shape(lines: readonly PlaneLine[], look: PlaneLook): LinesShape {
  const area = {
    left: k_left,
    top: k_top,
    width: Math.max(1, look.width - k_left - k_right),
    height: Math.max(1, look.height - k_top - k_bottom),
  };
  // A curve never leaves the hull of its line's points.
  const points = lines.flatMap((line) => line.points);
  const plane = new Plane(
    area,
    axis_of(
      lines.flatMap(({ points, tail = [] }) => [
        ...points.map(({ x }) => x),
        ...tail.map(([x]) => x),
      ]),
      look.x_scale,
      look.x_begin,
    ),
    axis_of(
      points.map((point) => point.y),
      look.y_scale,
      look.y_begin,
    ),
  );
  const shape: LinesShape = { area, columns: [], rows: [], lines: [], spots: [], left_out: 0 };
  for (const { value, text } of ticks_of(plane.x_axis, Math.floor(area.width / k_column_px))) {
    shape.columns.push({ left: plane.x(value), text });
  }
  for (const { value, text } of ticks_of(plane.y_axis, Math.floor(area.height / k_row_px))) {
    shape.rows.push({ top: plane.y(value), text });
  }
  for (const [line, { key, marker, points, curve, tail = [] }] of lines.entries()) {
    const drawn = { key, curve: plane.path(curve), tail: plane.path(tail), strong: '', pale: '' };
    for (const [point, { x, y, strong }] of points.entries()) {
      const [left, top] = [plane.x(x), plane.y(y)];
      if (!Number.isFinite(left) || !Number.isFinite(top)) {
        shape.left_out += 1;
        continue;
      }
      if (strong) drawn.strong += marker_path(marker, left, top, k_strong_px);
      else drawn.pale += marker_path(marker, left, top, k_pale_px);
      shape.spots.push({ line, point, left, top });
    }
    shape.lines.push(drawn);
  }
  return shape;
}

/** The nearest spot within reach of a place, in pixels. */
export function nearest_spot(
  spots: readonly Spot[],
  left: number,
  top: number,
  reach: number,
): Spot | null {
  let found: Spot | null = null;
  let least = reach;
  for (const spot of spots) {
    const distance = Math.hypot(spot.left - left, spot.top - top);
    if (distance > least || (distance === least && found !== null)) continue;
    least = distance;
    found = spot;
  }
  return found;
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'first' | 'last';

/**
 * Where a key leads: along a line from left to right, or to the next line's nearest spot. Without a
 * place to start from: the first spot of the first line.
 */
export function step_from(spots: readonly Spot[], from: Spot | null, step: Step): Spot | null {
  const of_line = (line: number) =>
    spots
      .filter((spot) => spot.line === line)
      .toSorted((a, b) => a.left - b.left || a.top - b.top || a.point - b.point);
  const lines = [...new Set(spots.map(({ line }) => line))].sort((a, b) => a - b);
  if (lines.length === 0) return null;
  if (!from || !lines.includes(from.line)) return of_line(lines[0]!)[0]!;
  const own = of_line(from.line);
  const at = own.findIndex(({ point }) => point === from.point);
  if (step === 'first') return own[0]!;
  if (step === 'last') return own.at(-1)!;
  if (step === 'left') return own[Math.max(0, at - 1)]!;
  if (step === 'right') return own[Math.min(own.length - 1, at + 1)]!;
  const turn = step === 'down' ? 1 : -1;
  const place = lines.indexOf(from.line) + turn;
  const other = of_line(lines[(place + lines.length) % lines.length]!);
  return nearest_spot(other, from.left, from.top, Infinity)!;
}
