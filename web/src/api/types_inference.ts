// Inference sweeps (openapi: tag inference). Throughputs in tokens/s/GPU, times in seconds,
// interactivity in tokens/s/user, costs in US dollars per million tokens.

export type Category = 'default' | 'experimental' | 'deprecated' | 'hidden';

export interface Named {
  key: string;
  label: string;
}

export interface ChartMetric {
  key: string;
  /** Of the axis, with its unit. */
  label: string;
  title: string;
  /** Of a selector. */
  group: string;
  less_is_better: boolean;
  /** Of input tokens: may be shown over the time to first token. */
  is_input: boolean;
}

export interface InferenceRegistry {
  models: {
    display: string;
    label: string;
    category: Category;
    keys: string[];
    released: string | null;
  }[];
  hardware: {
    key: string;
    label: string;
    vendor: string;
    architecture: string | null;
    tdp_w: number;
    power_kw: number;
    costh: number;
    costn: number | null;
    costr: number;
  }[];
  frameworks: Named[];
  precisions: Named[];
  sequences: {
    name: string;
    label: string;
    category: Category;
    isl: number | null;
    osl: number | null;
  }[];
  metrics: ChartMetric[];
  charts: { chart: string; x: string; x_label: string }[];
  percentiles: string[];
  providers: Named[];
}

export interface Availability {
  /** Key in the store. */
  model: string;
  isl: number | null;
  osl: number | null;
  precision: string;
  hardware: string;
  framework: string;
  spec_method: string;
  disagg: boolean;
  benchmark_type: string;
  date: string;
}

/** Where a value was read. */
export interface Origin {
  artifact: string;
  path: string;
}

/** Of a line, as CSS has it. */
export interface LineColour {
  light: string;
  dark: string;
}

/** What every line is told by; `line` is hwKey__precision. */
export interface LineName {
  line: string;
  hw_key: string;
  hw_label: string;
  precision: string;
  precision_label: string;
}

/** A measured point in a chart. */
export interface ShownPoint {
  id: string;
  hardware: string;
  framework: string;
  model: string;
  precision: string;
  spec_method: string;
  disagg: boolean;
  is_multinode: boolean;
  num_prefill_gpu: number;
  num_decode_gpu: number;
  benchmark_type: string;
  isl: number | null;
  osl: number | null;
  conc: number;
  offload_mode?: string | null;
  image?: string | null;
  metrics: Record<string, number>;
  date: string;
  run_url: string | null;
  has_server_log?: boolean;
  origin: Origin;
  x: number;
  y: number;
  on_front: boolean;
  /** How the model is spread: `TP8`, `5xDEP4+1xDEP8`. */
  label: string;
  hw_key: string;
  tp: number;
  ep: number;
  dp_attention: boolean;
  github_run_id: string;
  run_attempt: number;
}

export interface FrontierLine extends LineName {
  color: LineColour;
  /** The day that was asked for; null is now. */
  as_of: string | null;
  newest_date: string;
  points: ShownPoint[];
  /** Positions among points. */
  front: number[];
  curve: [x: number, y: number][];
}

export interface Frontier {
  model: string;
  sequence: string;
  chart: 'interactivity' | 'e2e';
  metric: ChartMetric;
  x: Named;
  date: string | null;
  compare_date: string | null;
  left_out: { without_value: number; beyond_limits: number };
  lines: FrontierLine[];
}

export interface NearestPoint {
  id: string;
  interactivity: number;
  throughput: number;
  label: string;
  conc: number;
  date: string;
  run_url: string | null;
  github_run_id: string;
  run_attempt: number;
  image: string | null;
  origin: Origin;
}

/** What a line gives at the target. */
export interface Estimate extends LineName {
  color: LineColour;
  value: number;
  bar_value: number | null;
  bar_label: string | null;
  output_throughput: number;
  input_throughput: number | null;
  cost: number | null;
  cost_input: number | null;
  cost_output: number | null;
  throughput_per_mw: number | null;
  input_throughput_per_mw: number | null;
  output_throughput_per_mw: number | null;
  concurrency: number;
  nearest: NearestPoint[];
}

export interface Calculator {
  model: string;
  sequence: string;
  kind: 'interactivity' | 'throughput';
  target: number;
  title: string;
  axis_label: string;
  range: { min: number; max: number } | null;
  /** Best first. */
  lines: Estimate[];
  /** Lines that were not measured around the target. */
  out_of_reach: (LineName & { min: number; max: number })[];
}

export interface TrendDay {
  date: string;
  value: number;
  /** Repeats the last measured value. */
  synthetic: boolean;
  run_urls: string[];
  point_ids: string[];
}

export interface SweepTrend {
  model: string;
  sequence: string;
  metric: ChartMetric;
  interactivity: number;
  today: string;
  lines: (LineName & { color: LineColour; points: TrendDay[] })[];
}

export interface Evaluation {
  id: string;
  hardware: string;
  framework: string;
  model: string;
  precision: string;
  spec_method: string;
  disagg: boolean;
  decode_tp: number;
  decode_ep: number;
  task: string;
  date: string;
  isl: number | null;
  osl: number | null;
  conc: number | null;
  metrics: Record<string, number>;
  timestamp: string;
  run_url: string | null;
  origin: Origin;
}

export interface RunSuccess {
  hardware: string;
  date: string;
  n_success: number;
  total: number;
}

export interface Submissions {
  summary: {
    model: string;
    hardware: string;
    framework: string;
    precision: string;
    spec_method: string;
    disagg: boolean;
    is_multinode: boolean;
    num_prefill_gpu: number;
    num_decode_gpu: number;
    prefill_tp: number;
    prefill_ep: number;
    decode_tp: number;
    decode_ep: number;
    date: string;
    total_datapoints: number;
    distinct_sequences: number;
    distinct_concurrencies: number;
    max_concurrency: number;
    image: string | null;
  }[];
  volume: { date: string; hardware: string; datapoints: number }[];
}

export interface WriteCount {
  added: number;
  changed: number;
  unchanged: number;
  repeated: number;
}

export interface IngestReport {
  id: string;
  at: string;
  source: string;
  submitter: string;
  github_run_id: string | null;
  run_attempt: number | null;
  written: Record<
    | 'points'
    | 'evaluations'
    | 'run_stats'
    | 'changelogs'
    | 'configs'
    | 'server_logs'
    | 'gpu_metrics',
    WriteCount
  >;
  /** By reason. */
  skipped: Record<string, number>;
  skipped_total: number;
  examples: { reason: string; path: string; value: string }[];
  /** Names that the registry does not know. */
  models: string[];
  hardware: string[];
  precisions: string[];
  new_metrics: string[];
}
