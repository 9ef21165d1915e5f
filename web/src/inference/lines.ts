// Lines of the API as a chart paints them: colours, marks, and which points are shown. Pure.
import type { FrontierLine, LineColour, ShownPoint, SweepTrend } from '../api/types_inference';
import type { PlaneLine } from '../chart/lines_shape';
import type { Marker } from '../chart/markers';

/** A line as it is painted; `other`: of the second day. */
export interface PaintedLine extends PlaneLine {
  colour: string;
  other: boolean;
}

export interface FrontLine extends PaintedLine {
  of: FrontierLine;
  /** What `points` are made of, in their order. */
  shown: ShownPoint[];
}

const k_markers: Record<string, Marker> = { fp8: 'square', bf16: 'triangle', int4: 'diamond' };

export function marker_of(precision: string): Marker {
  return k_markers[precision] ?? 'circle';
}

export function colour_of({ light, dark }: LineColour): string {
  return `light-dark(${light}, ${dark})`;
}

/** Those lines of a frontier that are on; without points off their fronts if those are hidden. */
export function front_lines(
  lines: readonly FrontierLine[],
  how: { on: readonly string[]; optimal: boolean; compare_date: string | null },
): FrontLine[] {
  return lines
    .filter(({ line }) => how.on.includes(line))
    .map((of) => {
      const shown = how.optimal ? of.points.filter((point) => point.on_front) : of.points;
      return {
        of,
        shown,
        key: `${of.line} ${of.as_of ?? ''}`.trim(),
        marker: marker_of(of.precision),
        colour: colour_of(of.color),
        other: how.compare_date !== null && of.as_of === how.compare_date,
        points: shown.map(({ x, y, on_front }) => ({ x, y, strong: on_front })),
        curve: of.curve,
      };
    });
}

export interface DayLine extends PaintedLine {
  of: SweepTrend['lines'][number];
}

/** Lines over days; what only repeats the last measured value is a tail. */
export function day_lines(lines: SweepTrend['lines'], on: readonly string[]): DayLine[] {
  return lines
    .filter(({ line }) => on.includes(line))
    .map((of) => {
      const at = ({ date, value }: { date: string; value: number }) =>
        [Date.parse(date), value] as const;
      const measured = of.points.filter((point) => !point.synthetic);
      const synthetic = of.points.filter((point) => point.synthetic);
      const last = measured.at(-1);
      return {
        of,
        key: of.line,
        marker: marker_of(of.precision),
        colour: colour_of(of.color),
        other: false,
        points: measured.map((point) => ({ x: at(point)[0], y: point.value, strong: true })),
        curve: measured.map(at),
        tail: last && synthetic.length > 0 ? [last, ...synthetic].map(at) : [],
      };
    });
}

/** `Run 42, attempt 2`. */
export function run_text(of: { github_run_id: string; run_attempt: number }): string {
  return `Run ${of.github_run_id}${of.run_attempt > 1 ? `, attempt ${of.run_attempt}` : ''}`;
}
