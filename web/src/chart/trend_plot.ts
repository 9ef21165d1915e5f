// Draws a TrendData with uPlot. uPlot owns axes, scales, cursor, the mean's line and the band; the
// dots, marks and shading are painted in its hooks, because there may be a million repetitions.
import uPlot from 'uplot';
import { format_number, scale_for } from '../format/units';
import { format_date } from '../format/time';
import { colour_of_step, type Colours } from './colours';
import { dot_radius, Occupancy, type Area } from './dots';
import { step_rises } from './marks';
import {
  lower_bound,
  nearest,
  segment_runs,
  visible,
  xs_of,
  y_extent,
  type Extent,
  type TrendData,
  type XAxis,
} from './trend_data';

export type Role = 'baseline' | 'contender' | 'shown';

const k_role_colours = {
  baseline: 'chart-baseline',
  contender: 'chart-contender',
  shown: 'chart-contender',
} as const;

export interface Highlight {
  index: number;
  role: Role;
}

export interface Layers {
  repetitions: boolean;
  mean: boolean;
  band: boolean;
  marks: boolean;
}

export interface TrendView {
  data: TrendData;
  axis: XAxis;
  range: Extent;
  from_zero: boolean;
  /** Null: not known; then steps have the colour of what is neither good nor bad. */
  less_is_better: boolean | null;
  layers: Layers;
  highlights: Highlight[];
  colours: Colours;
}

export interface TrendEvents {
  /** The pointer came near sample i, or left (null). */
  hover: (index: number | null) => void;
  /** A range was drawn with the mouse; null asks for everything. */
  zoom: (range: Extent | null) => void;
  /** A sample was clicked; touches only inspect. */
  pick: (index: number) => void;
}

// Columns of the plot, in the order of painting: dots lie on the band, the mean on the dots.
const k_high = 1;
const k_low = 2;
const k_value = 3;
const k_mean = 4;

const k_hover_px = 28;
const k_pick_px = 16;
const k_drag_px = 4;
const k_font = '12px system-ui, -apple-system, "Segoe UI", sans-serif';

export class TrendPlot {
  #view: TrendView;
  readonly #events: TrendEvents;
  readonly #plot: uPlot;
  /** The sample that a click would open. */
  #on_point: number | null = null;

  constructor(
    host: HTMLElement,
    view: TrendView,
    events: TrendEvents,
    width: number,
    height: number,
  ) {
    this.#view = view;
    this.#events = events;
    this.#plot = new uPlot(this.#options(width, height), this.#columns(), host);
    this.#bind();
  }

  /** Shows another range, layer or highlight of the same data, axis and colours. */
  update(view: TrendView): void {
    this.#view = view;
    for (const at of [k_high, k_low]) this.#plot.series[at]!.show = view.layers.band;
    this.#plot.series[k_mean]!.show = view.layers.mean;
    this.#plot.setScale('x', view.range);
    this.#plot.redraw(true, true);
  }

  resize(width: number, height: number): void {
    this.#plot.setSize({ width, height });
  }

  /** Where a sample lies, in CSS pixels from the host's corner. */
  position(index: number): { left: number; top: number } {
    const { data, axis } = this.#view;
    const area = this.#plot.bbox;
    return {
      left: area.left / uPlot.pxRatio + this.#plot.valToPos(xs_of(data, axis)[index]!, 'x'),
      top: area.top / uPlot.pxRatio + this.#plot.valToPos(data.value[index]!, 'y'),
    };
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #columns(): uPlot.AlignedData {
    const { data, axis } = this.#view;
    return [xs_of(data, axis), data.high, data.low, data.value, data.mean];
  }

  #options(width: number, height: number): uPlot.Options {
    const { colours, axis, layers } = this.#view;
    const line = { points: { show: false }, gaps: this.#segment_gaps };
    const no_line = { ...line, width: 0, stroke: 'transparent', show: layers.band };
    return {
      width,
      height,
      ms: 1e-3,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      padding: [12, null, 4, 0],
      legend: { show: false },
      scales: {
        x: { time: axis === 'time', range: () => [this.#view.range.min, this.#view.range.max] },
        y: { range: () => this.#y_range() },
      },
      axes: [this.#x_axis(), this.#y_axis()],
      series: [
        {},
        no_line,
        no_line,
        { paths: () => null, points: { show: false } },
        { ...line, stroke: colours['chart-mean'], width: 2, show: layers.mean },
      ],
      bands: [{ series: [k_high, k_low], fill: colours['chart-band'] }],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        x: false,
        y: false,
        points: { show: false },
        bind: {
          dblclick: () => () => {
            this.#events.zoom(null);
            return null;
          },
        },
      },
      hooks: {
        drawClear: [() => this.#shade_segments()],
        drawSeries: [(_, series) => series === k_value && this.#draw_dots()],
        draw: [() => this.#draw_marks()],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
  }

  #x_axis(): uPlot.Axis {
    const { colours, axis, data } = this.#view;
    const look = {
      stroke: colours['chart-axis'],
      font: k_font,
      grid: { stroke: colours['chart-grid'], width: 1 },
      ticks: { stroke: colours['chart-grid'], width: 1, size: 5 },
      space: 86,
      size: 32,
    };
    // Times take a second line for the year or day.
    if (axis === 'time') return { ...look, size: 46 };
    return {
      ...look,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4],
      values: (_, ticks) =>
        ticks.map((tick) => {
          const at = lower_bound(data.order, tick);
          const fits = at < data.samples.length && data.order[at] === tick;
          return fits ? format_date(data.samples[at]!.commit_timestamp) : '';
        }),
    };
  }

  #y_axis(): uPlot.Axis {
    const { colours, data } = this.#view;
    return {
      stroke: colours['chart-axis'],
      font: k_font,
      size: 74,
      grid: { stroke: colours['chart-grid'], width: 1 },
      ticks: { show: false },
      values: (_, ticks) => {
        const scale = scale_for(data.unit, Math.max(...ticks.map(Math.abs), 0));
        const step = ticks.length > 1 ? (ticks[1]! - ticks[0]!) * scale.factor : 1;
        const decimals = Math.min(
          9,
          Math.max(0, -Math.floor(Math.log10(Math.abs(step) || 1) + 1e-9)),
        );
        return ticks.map((tick) => {
          const scaled = tick * scale.factor;
          const text = decimals > 6 ? format_number(scaled) : scaled.toFixed(decimals);
          return `${text} ${scale.label}`.trim();
        });
      },
    };
  }

  #y_range(): [number, number] {
    const { data, axis, range, from_zero } = this.#view;
    const [from, to] = visible(xs_of(data, axis), range.min, range.max);
    const extent = y_extent(data, from, to, from_zero);
    return [extent.min, extent.max];
  }

  #segment_gaps = (
    plot: uPlot,
    _: number,
    from: number,
    to: number,
  ): [from: number, to: number][] => {
    const { data, axis } = this.#view;
    const xs = xs_of(data, axis);
    const at = (i: number) => plot.valToPos(xs[i]!, 'x', true);
    const runs = segment_runs(data, from, to + 1);
    return runs.slice(1).map(([start]): [number, number] => [at(start - 1), at(start)]);
  };

  #area(): Area {
    return this.#plot.bbox;
  }

  #clipped(paint: (context: CanvasRenderingContext2D) => void): void {
    const { ctx } = this.#plot;
    const { left, top, width, height } = this.#area();
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    paint(ctx);
    ctx.restore();
  }

  #shown(): [number, number] {
    const { data, axis, range } = this.#view;
    return visible(xs_of(data, axis), range.min, range.max);
  }

  #x(index: number): number {
    return this.#plot.valToPos(xs_of(this.#view.data, this.#view.axis)[index]!, 'x', true);
  }

  #y(value: number): number {
    return this.#plot.valToPos(value, 'y', true);
  }

  #shade_segments(): void {
    const { data, colours } = this.#view;
    const [from, to] = this.#shown();
    const { top, height } = this.#area();
    this.#clipped((ctx) => {
      ctx.fillStyle = colours['chart-segment'];
      for (const [start, end] of segment_runs(data, from, to)) {
        if (data.segment[start]! % 2 === 0) continue;
        const left = this.#x(start);
        ctx.fillRect(left, top, Math.max(1, this.#x(end - 1) - left), height);
      }
    });
  }

  #draw_dots(): void {
    if (this.#view.layers.repetitions) this.#draw_repetitions();
    this.#draw_points();
  }

  #draw_repetitions(): void {
    const { data, colours } = this.#view;
    const [from, to] = this.#shown();
    const size = Math.max(2, Math.round(dot_radius(to - from) * uPlot.pxRatio));
    const taken = new Occupancy(this.#area(), Math.max(1, size - 1));
    this.#clipped((ctx) => {
      ctx.fillStyle = colours['chart-repetition'];
      ctx.globalAlpha = 0.55;
      for (let i = from; i < to; i++) {
        const x = this.#x(i);
        for (let at = data.first[i]!; at < data.first[i + 1]!; at++) {
          const y = this.#y(data.repetition[at]!);
          if (taken.take(x, y)) ctx.fillRect(x - size / 2, y - size / 2, size, size);
        }
      }
    });
  }

  #draw_points(): void {
    const { data, colours, layers } = this.#view;
    const [from, to] = this.#shown();
    const radius = dot_radius(to - from) * uPlot.pxRatio;
    const round = radius > 2 * uPlot.pxRatio;
    const taken = new Occupancy(this.#area(), round ? 1 : radius);
    this.#clipped((ctx) => {
      ctx.fillStyle = colours['chart-point'];
      for (let i = from; i < to; i++) {
        if (layers.marks && (data.outlier[i] || data.step[i])) continue;
        const x = this.#x(i);
        const y = this.#y(data.value[i]!);
        if (!taken.take(x, y)) continue;
        if (round) {
          ctx.beginPath();
          ctx.arc(x, y, radius, 0, 2 * Math.PI);
          ctx.fill();
        } else {
          ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
        }
      }
    });
  }

  #draw_marks(): void {
    const { layers, highlights } = this.#view;
    const [from, to] = this.#shown();
    const radius = dot_radius(to - from) * uPlot.pxRatio;
    this.#clipped((ctx) => {
      if (layers.marks) for (let i = from; i < to; i++) this.#draw_mark(ctx, i, radius);
      for (const highlight of highlights) this.#draw_highlight(ctx, highlight);
    });
  }

  #draw_mark(ctx: CanvasRenderingContext2D, i: number, radius: number): void {
    const { data, colours, less_is_better } = this.#view;
    if (!data.outlier[i] && !data.step[i]) return;
    const x = this.#x(i);
    const y = this.#y(data.value[i]!);
    const size = Math.max(radius * 1.5, 4.5 * uPlot.pxRatio);
    if (data.outlier[i]) {
      ctx.lineWidth = 1.75 * uPlot.pxRatio;
      ctx.strokeStyle = colours['chart-outlier'];
      ctx.fillStyle = colours.surface;
      polygon(ctx, x, y, size, [
        [0, -1],
        [1, 0],
        [0, 1],
        [-1, 0],
      ]);
      ctx.stroke();
      return;
    }
    const rises = step_rises(data, i);
    ctx.fillStyle = colours[colour_of_step(rises, less_is_better)];
    const { top, height } = this.#area();
    ctx.globalAlpha = 0.45;
    ctx.fillRect(Math.round(x), top, Math.max(1, Math.round(uPlot.pxRatio)), height);
    ctx.globalAlpha = 1;
    const tip = rises ? -1 : 1;
    polygon(ctx, x, y, size * 1.2, [
      [0, tip],
      [0.95, -0.75 * tip],
      [-0.95, -0.75 * tip],
    ]);
  }

  #draw_highlight(ctx: CanvasRenderingContext2D, { index, role }: Highlight): void {
    const { data, colours } = this.#view;
    const x = this.#x(index);
    const y = this.#y(data.value[index]!);
    const ratio = uPlot.pxRatio;
    const { top, height } = this.#area();
    ctx.strokeStyle = colours[k_role_colours[role]];
    ctx.fillStyle = colours[k_role_colours[role]];
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.arc(x, y, 6 * ratio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.lineWidth = 2 * ratio;
    ctx.strokeStyle = colours.surface;
    ctx.stroke();
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= k_drag_px) return;
    const min = plot.posToVal(left, 'x');
    const max = plot.posToVal(left + width, 'x');
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.#events.zoom({ min, max });
  }

  #find(left: number, top: number): number | null {
    const { data, axis } = this.#view;
    const xs = xs_of(data, axis);
    const x_at = (pixel: number) => this.#plot.posToVal(pixel, 'x');
    const [from, to] = visible(xs, x_at(left - k_hover_px), x_at(left + k_hover_px));
    return nearest(data, from, to, (i) => {
      const dx = this.#plot.valToPos(xs[i]!, 'x') - left;
      const dy = this.#plot.valToPos(data.value[i]!, 'y') - top;
      // Mostly by x: a person who sweeps along the axis wants the point above the pointer.
      return dx * dx + dy * dy * 0.1;
    });
  }

  #bind(): void {
    const { over } = this.#plot;
    let pressed: PointerEvent | null = null;
    const follow = (event: PointerEvent) => {
      const box = over.getBoundingClientRect();
      const [left, top] = [event.clientX - box.left, event.clientY - box.top];
      const found = this.#find(left, top);
      this.#on_point =
        found !== null && this.#distance(found, left, top) <= k_pick_px ? found : null;
      over.style.cursor = this.#on_point === null ? 'crosshair' : 'pointer';
      this.#events.hover(found);
    };
    over.addEventListener('pointermove', follow);
    over.addEventListener('pointerdown', (event) => {
      pressed = event;
      follow(event);
    });
    over.addEventListener('pointerleave', (event) => {
      // A finger that lifts leaves what it touched inspected.
      if (event.pointerType !== 'touch') this.#events.hover(null);
    });
    over.addEventListener('click', (event) => {
      if (!pressed || pressed.pointerType === 'touch' || this.#on_point === null) return;
      const dragged = Math.abs(event.clientX - pressed.clientX) > k_drag_px;
      if (!dragged) this.#events.pick(this.#on_point);
    });
  }

  #distance(index: number, left: number, top: number): number {
    const { data, axis } = this.#view;
    const x = this.#plot.valToPos(xs_of(data, axis)[index]!, 'x');
    return Math.hypot(x - left, this.#plot.valToPos(data.value[index]!, 'y') - top);
  }
}

function polygon(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  corners: [number, number][],
): void {
  ctx.beginPath();
  for (const [dx, dy] of corners) ctx.lineTo(x + dx * size, y + dy * size);
  ctx.closePath();
  ctx.fill();
}
