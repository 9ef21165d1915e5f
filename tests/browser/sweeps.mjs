// Answers of the API about inference sweeps that no demo has: two models, four lines, three days.
import { base } from './harness.mjs';

const k_metrics = [
  ['y_tpPerGpu', 'Token Throughput per GPU', '(tok/s/gpu)', 'Throughput', false, false],
  ['y_inputTputPerGpu', 'Input Token Throughput per GPU', '(tok/s/gpu)', 'Throughput', false, true],
  ['y_costh', 'Cost per Million Total Tokens', '($)', 'Cost per Million Total Tokens', true, false],
  // As long as titles are.
  [
    'y_inputTputPerMw',
    'Input Token Throughput per All in Utility MW (Custom User Values)',
    '(tok/s/MW)',
    'Throughput',
    false,
    true,
  ],
].map(([key, title, unit, group, less_is_better, is_input]) => ({
  key,
  title,
  label: `${title} ${unit}`,
  group,
  less_is_better,
  is_input,
}));

export const dates = ['2026-06-01', '2026-06-08', '2026-06-20'];

const gpu = (key, label, vendor) => ({
  key,
  label,
  vendor,
  architecture: null,
  tdp_w: 1000,
  power_kw: 2.17,
  costh: 1.95,
  costn: 2.34,
  costr: 2.9,
});

const model = (display, label, key, category) => ({
  display,
  label,
  category,
  keys: [key],
  released: null,
});

export const registry = {
  models: [
    model('gpt-oss-120b', 'gpt-oss 120B', 'gptoss120b', 'experimental'),
    model('DeepSeek-R1-0528', 'DeepSeek R1 0528', 'dsr1', 'default'),
  ],
  hardware: [
    gpu('gb200', 'GB200 NVL72', 'NVIDIA'),
    gpu('b200', 'B200', 'NVIDIA'),
    gpu('mi355x', 'MI355X', 'AMD'),
  ],
  frameworks: [
    { key: 'trt', label: 'TRT' },
    { key: 'sglang', label: 'SGLang' },
  ],
  precisions: [
    { key: 'fp4', label: 'FP4' },
    { key: 'fp8', label: 'FP8' },
  ],
  sequences: [
    { name: '1k/1k', label: '1K / 1K', category: 'default', isl: 1024, osl: 1024 },
    { name: '8k/1k', label: '8K / 1K', category: 'default', isl: 8192, osl: 1024 },
    { name: 'agentic', label: 'Agentic', category: 'default', isl: null, osl: null },
  ],
  metrics: k_metrics,
  charts: [
    { chart: 'interactivity', x: 'median_intvty', x_label: 'Interactivity (tok/s/user)' },
    { chart: 'e2e', x: 'median_e2el', x_label: 'End-to-end Latency (s)' },
  ],
  percentiles: ['median', 'mean', 'p90', 'p99'],
  providers: [
    { key: 'costh', label: 'Owning - Hyperscaler' },
    { key: 'costn', label: 'Owning - Neocloud Giant' },
    { key: 'costr', label: '3 Year Rental' },
  ],
};

const k_lines = [
  ['gb200_dynamo-trt_mtp', 'GB200 NVL72 (Dynamo TRT, MTP)', 'fp4', 9.1, 145],
  ['b200_trt', 'B200 (TRT)', 'fp4', 6.3, 130],
  ['b200_trt', 'B200 (TRT)', 'fp8', 4.2, 140],
  ['mi355x_sglang', 'MI355X (SGLang)', 'fp8', 3.7, 25],
].map(([hw_key, hw_label, precision, strength, hue]) => ({
  name: {
    line: `${hw_key}__${precision}`,
    hw_key,
    hw_label,
    precision,
    precision_label: precision.toUpperCase(),
  },
  color: { light: `oklch(0.56 0.15 ${hue})`, dark: `oklch(0.72 0.15 ${hue})` },
  strength,
}));

export const availability = dates.flatMap((date) => [
  ...['gb200', 'b200'].flatMap((hardware) =>
    ['fp4', 'fp8'].map((precision) => row_of(date, 'dsr1', hardware, precision, 8192)),
  ),
  row_of(date, 'dsr1', 'mi355x', 'fp8', 8192),
  row_of(date, 'dsr1', 'b200', 'fp8', 1024),
  ...(date === dates[0] ? [row_of(date, 'gptoss120b', 'mi355x', 'fp4', 1024)] : []),
]);

function row_of(date, key, hardware, precision, isl) {
  return {
    model: key,
    isl,
    osl: 1024,
    precision,
    hardware,
    framework: hardware === 'mi355x' ? 'sglang' : 'trt',
    spec_method: 'none',
    disagg: false,
    benchmark_type: 'single_turn',
    date,
  };
}

const throughput = (strength, x) => strength * 1000 * Math.exp(-x / 47);

function point_of({ name, strength }, place, date, query) {
  const conc = 2 ** (place + 2);
  const optimal = place % 3 !== 2;
  const interactivity = 200 / (place + 1.3) + 1 / 3;
  const tput = throughput(strength, interactivity) * (optimal ? 1 : 0.8);
  const metric = query.get('metric') ?? 'y_tpPerGpu';
  return {
    id: `${strength * 1000 + place * 10 + dates.indexOf(date)}`,
    hardware: name.hw_key.split('_')[0],
    framework: 'trt',
    model: 'dsr1',
    precision: name.precision,
    spec_method: 'none',
    disagg: false,
    is_multinode: false,
    num_prefill_gpu: 8,
    num_decode_gpu: 8,
    benchmark_type: 'single_turn',
    isl: 8192,
    osl: 1024,
    conc,
    image: 'vendor/serving:v1.2.3',
    metrics: { tput_per_gpu: tput, median_intvty: interactivity, median_ttft: conc / 100 },
    date,
    run_url: `https://github.com/acme/sweeps/actions/runs/4711${place}/attempts/2`,
    has_server_log: place === 0,
    origin: { artifact: `bmk_${name.line}_conc${conc}.zip`, path: `agg.json#/${place}` },
    x: query.get('chart') === 'e2e' ? 500 / interactivity : interactivity,
    y: metric === 'y_costh' ? 1.95 / (tput * 0.0036) : tput,
    on_front: optimal,
    label: 'TP8',
    hw_key: name.hw_key,
    tp: 8,
    ep: 1,
    dp_attention: false,
    github_run_id: `4711${place}`,
    run_attempt: 2,
  };
}

function curve_of(points) {
  return points.flatMap(({ x, y }, i) => {
    const next = points[i + 1];
    if (!next) return [[x, y]];
    return Array.from({ length: 8 }, (_, k) => [
      x + ((next.x - x) * k) / 8,
      y * (next.y / y) ** (k / 8),
    ]);
  });
}

const wanted = (query) => {
  const precisions = query.get('precisions')?.split(',');
  return k_lines.filter(({ name }) => !precisions || precisions.includes(name.precision));
};

export function frontier(query) {
  const metric = k_metrics.find(({ key }) => key === (query.get('metric') ?? 'y_tpPerGpu'));
  const chart = query.get('chart') ?? 'interactivity';
  const of_day = (as_of, strength) =>
    wanted(query).map((line) => {
      const day = as_of ?? dates.at(-1);
      const points = Array.from({ length: 9 }, (_, place) =>
        point_of({ ...line, strength: line.strength * strength }, place, day, query),
      ).sort((a, b) => a.x - b.x);
      const front = points.map((one, i) => (one.on_front ? i : -1)).filter((i) => i >= 0);
      return {
        ...line.name,
        color: line.color,
        as_of,
        newest_date: day,
        points,
        front,
        curve: curve_of(front.map((i) => points[i])),
      };
    });
  const compare = query.get('compare_date');
  const percentile = query.get('percentile') ?? 'median';
  return {
    model: query.get('model'),
    sequence: query.get('sequence'),
    chart,
    metric,
    x:
      chart === 'e2e'
        ? { key: `${percentile}_e2el`, label: 'End-to-end Latency (s)' }
        : { key: `${percentile}_intvty`, label: 'Interactivity (tok/s/user)' },
    corner: 'upper_left',
    date: query.get('date'),
    compare_date: compare,
    left_out: { without_value: 3, beyond_limits: 0 },
    lines: [...of_day(query.get('date'), 1), ...(compare ? of_day(compare, 0.8) : [])],
  };
}

export function calculator(query) {
  const target = Number(query.get('target') ?? 35);
  const lines = wanted(query)
    .filter(() => target < 150)
    .map((line) => {
      const value = throughput(line.strength, target);
      const nearest = [3, 4].map((place) => {
        const point = point_of(line, place, dates.at(-1), query);
        return { ...point, interactivity: point.x, throughput: point.y };
      });
      return {
        ...line.name,
        color: line.color,
        value,
        bar_value: value,
        bar_label: `${value.toFixed(1)} tok/s/gpu`,
        output_throughput: value / 8,
        input_throughput: null,
        cost: 1.95 / (value * 0.0036),
        cost_input: null,
        cost_output: 1.95 / (value * 0.00045),
        throughput_per_mw: value * 460,
        input_throughput_per_mw: null,
        output_throughput_per_mw: value * 57.6,
        concurrency: 32,
        nearest,
      };
    });
  return {
    model: query.get('model'),
    sequence: query.get('sequence'),
    date: query.get('date'),
    kind: query.get('kind') ?? 'interactivity',
    target,
    provider: query.get('provider') ?? 'costh',
    tokens: query.get('tokens') ?? 'total',
    bar: query.get('bar') ?? 'throughput',
    title: `Token throughput per GPU at ${target} tok/s/user`,
    axis_label: 'Token throughput per GPU (tok/s/gpu)',
    range: { min: 20.3, max: 154.2 },
    lines,
    out_of_reach:
      lines.length === 0
        ? wanted(query).map(({ name }) => ({ ...name, min: 20.3, max: 154.2 }))
        : [],
  };
}

export function trend(query) {
  const metric = k_metrics.find(({ key }) => key === (query.get('metric') ?? 'y_tpPerGpu'));
  return {
    model: query.get('model'),
    sequence: query.get('sequence'),
    metric,
    interactivity: Number(query.get('interactivity') ?? 35),
    today: '2026-07-01',
    lines: wanted(query).map(({ name, color, strength }) => {
      const days = dates.map((date, i) => ({
        date,
        value: throughput(strength * (0.8 + i / 10), 35),
        synthetic: false,
        run_urls: [`https://github.com/acme/sweeps/actions/runs/4711${i}`],
        point_ids: [`${i}`],
      }));
      const tail = { ...days.at(-1), date: '2026-07-01', synthetic: true };
      return { ...name, color, points: [...days, tail] };
    }),
  };
}

export const evaluations = ['gb200', 'b200', 'mi355x'].map((hardware, i) => ({
  id: `${i + 1}`,
  config_id: i + 1,
  hardware,
  framework: 'sglang',
  model: 'dsr1',
  precision: 'fp8',
  spec_method: 'mtp',
  disagg: false,
  decode_tp: 8,
  decode_ep: 1,
  decode_dp_attention: false,
  task: i === 2 ? 'gpqa_diamond_cot_n_shot' : 'gsm8k',
  date: dates[2 - i],
  isl: 8192,
  osl: 1024,
  conc: 64,
  metrics: i === 2 ? { score: 0.65 } : { em_strict: 0.9507 - i / 100, em_strict_se: 0.0058 },
  timestamp: `${dates[2 - i]}T04:00:00Z`,
  run_url: 'https://github.com/acme/sweeps/actions/runs/47110',
  origin: { artifact: 'eval_results_all.zip', path: `agg_eval_all.json#/${i}` },
}));

/** Of days before today. */
export function reliability(now) {
  const day = (back) => new Date(now - back * 86_400_000).toISOString().slice(0, 10);
  return [
    { hardware: 'b200', date: day(1), n_success: 9, total: 9 },
    { hardware: 'mi355x', date: day(1), n_success: 2, total: 3 },
    { hardware: 'b200', date: day(20), n_success: 0, total: 9 },
    { hardware: 'gb200', date: day(400), n_success: 1, total: 1 },
  ];
}

export const submissions = {
  summary: dates.toReversed().map((date) => ({
    model: 'dsr1',
    hardware: 'b200',
    framework: 'trt',
    precision: 'fp4',
    spec_method: 'none',
    disagg: false,
    is_multinode: false,
    num_prefill_gpu: 8,
    num_decode_gpu: 8,
    prefill_tp: 8,
    prefill_ep: 1,
    decode_tp: 8,
    decode_ep: 1,
    date,
    total_datapoints: 18,
    distinct_sequences: 2,
    distinct_concurrencies: 9,
    max_concurrency: 1024,
    image: 'vendor/serving:v1.2.3',
  })),
  volume: dates.flatMap((date) => [
    { date, hardware: 'b200', datapoints: 36 },
    { date, hardware: 'mi355x', datapoints: 9 },
  ]),
};

const nothing = { added: 0, changed: 0, unchanged: 0, repeated: 0 };
const written = (points) => ({
  points,
  evaluations: nothing,
  run_stats: nothing,
  changelogs: nothing,
  configs: nothing,
  server_logs: nothing,
  gpu_metrics: nothing,
});

export const reports = [
  {
    id: '2',
    at: '2026-06-20T05:00:00Z',
    source: 'sweeps/2026-06-20',
    submitter: 'ci',
    github_run_id: '471100',
    run_attempt: 2,
    written: written({ ...nothing, added: 54, unchanged: 12 }),
    skipped: { unmapped_hardware: 4, no_isl_osl: 1, malformed: 0 },
    skipped_total: 5,
    examples: [
      { reason: 'unmapped_hardware', path: 'bmk_x.zip/agg.json#/3', value: 'vr300-nv' },
      { reason: 'no_isl_osl', path: 'bmk_y.zip/agg.json', value: '' },
    ],
    models: ['acme/New-Model-1T'],
    hardware: ['vr300-nv'],
    precisions: [],
    new_metrics: ['p42_ttft'],
  },
  {
    id: '1',
    at: '2026-06-08T05:00:00Z',
    source: 'sweeps/2026-06-08',
    submitter: 'ci',
    github_run_id: null,
    run_attempt: null,
    written: written({ ...nothing, added: 40 }),
    skipped: {},
    skipped_total: 0,
    examples: [],
    models: [],
    hardware: ['vr300-nv'],
    precisions: [],
    new_metrics: [],
  },
];

const k_answers = {
  '/api/v1/inference/registry': () => registry,
  '/api/v1/inference/frontier': frontier,
  '/api/v1/inference/calculator': calculator,
  '/api/v1/inference/trend': trend,
  '/api/v1/inference/skipped': () => ({ reports }),
  '/api/v1/availability': () => availability,
  '/api/v1/evaluations': () => evaluations,
  '/api/v1/reliability': () => reliability(Date.now()),
  '/api/v1/submissions': () => submissions,
  '/api/v1/server-log': () => ({
    id: 1,
    serverLog: 'engine started\nlistening',
    origin: { artifact: 'server_logs_x.zip', path: 'server.log' },
  }),
};

/**
 * Answers in the server's place. `other` replaces answers by path. Returns the addresses that were
 * asked for, as they come.
 */
export async function with_sweeps(page, other = {}) {
  const asked = [];
  for (const [path, answer] of Object.entries({ ...k_answers, ...other })) {
    await page.route(
      (url) => url.href.startsWith(base) && url.pathname === path,
      (route) => {
        const url = new URL(route.request().url());
        asked.push(url);
        return route.fulfill({ json: answer(url.searchParams) });
      },
    );
  }
  return asked;
}
