// Draws the numbers of a query's answer with uPlot: lines over a time, a number or the row's place.
import uPlot from 'uplot';
import { format_number } from '../format/units';
import type { AnswerChart } from '../sql/answer';
import type { ColourName, Colours } from './colours';

const k_lines: readonly ColourName[] = [
  'chart-mean',
  'chart-contender',
  'chart-baseline',
  'chart-outlier',
  'chart-segment',
  'chart-point',
];
const k_dots_max = 300; // of a line; beyond, it is a line only

export const colour_of_line = (place: number): ColourName => k_lines[place % k_lines.length]!;

export function answer_plot(
  host: HTMLElement,
  chart: AnswerChart,
  hidden: readonly number[],
  colours: Colours,
  size: { width: number; height: number },
): uPlot {
  const axis = {
    stroke: colours['chart-axis'],
    grid: { stroke: colours['chart-grid'], width: 1 },
    ticks: { show: false },
    font: '12px system-ui',
  };
  const has_dots = chart.xs.length <= k_dots_max;
  return new uPlot(
    {
      ...size,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      padding: [12, 12, 4, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: chart.x.kind === 'time' } },
      axes: [
        chart.x.kind === 'time'
          ? axis
          : { ...axis, values: (_, values) => values.map(format_number) },
        { ...axis, size: 64, values: (_, values) => values.map(format_number) },
      ],
      series: [
        {},
        ...chart.lines.map((line, place) => ({
          label: line.name,
          show: !hidden.includes(place),
          stroke: colours[colour_of_line(place)],
          width: 1.5,
          spanGaps: true,
          points: { show: has_dots, size: 5 },
        })),
      ],
    },
    [chart.xs, ...chart.lines.map((line) => line.values)],
    host,
  );
}
