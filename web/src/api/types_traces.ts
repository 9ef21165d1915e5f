// What /api/v1/traces answers. `*_ns` of an instant is a decimal text; offsets and durations are
// numbers of nanoseconds, offsets from the trace's start.

export interface ServiceCount {
  name: string;
  spans: number;
  errors: number;
}

export interface TraceSummary {
  trace_id: string;
  start_ns: string;
  duration_ns: number;
  spans: number;
  errors: number;
  orphans: number;
  /** Null: no root came (yet). */
  root_service: string | null;
  root_name: string | null;
  services: ServiceCount[];
  run_id: string | null;
}

/** How an answer was found and what was read for it. */
export interface TraceCost {
  path: string | null;
  files_considered: number;
  files_pruned: number;
  files_read: number;
  row_groups_considered: number;
  row_groups_read: number;
  bytes_read: number;
  requests: number;
  cache_hits: number;
  data_version: number;
  fallbacks: number;
  searched: { start_ns: string; end_ns: string } | null;
}

export interface SpanBrief {
  span_id: string;
  service: string;
  name: string;
  kind: string;
  status: string;
  offset_ns: number;
  duration_ns: number;
}

export interface TraceHit extends TraceSummary {
  /** Spans of the window that the search wants. */
  matched: number;
  matched_spans: SpanBrief[];
}

export interface TraceSearch {
  traces: TraceHit[];
  next_page: string | null;
  partial_reason: string | null;
  window: { start: string; end: string };
  cost: TraceCost;
}

export interface WaterfallRow extends SpanBrief {
  /** The row of the parent; null: none, or it is not there. */
  parent: number | null;
  depth: number;
  status_message: string | null;
  self_ns: number;
  children: number;
  /** Rows behind this one that are below it. */
  descendants: number;
  is_orphan: boolean;
  /** Pieces of the critical path: offsets from, to. */
  critical: [number, number][];
}

export interface TraceWarning {
  code: string;
  message: string;
  count: number;
}

/** Rows [first, first + rows.length) of the tree, depth first. */
export interface WaterfallPart {
  summary: TraceSummary;
  rows_total: number;
  first: number;
  rows: WaterfallRow[];
  warnings: TraceWarning[];
  partial_reason: string | null;
  cost: TraceCost;
}

/** Spans of one path of names, together. Parents stand before their children. */
export interface Frame {
  parent: number | null;
  service: string;
  name: string;
  spans: number;
  errors: number;
  total_ns: number;
  self_ns: number;
  critical_ns: number;
}

export interface OperationTime {
  service: string;
  name: string;
  spans: number;
  errors: number;
  total_ns: number;
  self_ns: number;
  critical_ns: number;
}

export interface CriticalPath {
  summary: TraceSummary;
  parts: {
    span_id: string;
    service: string;
    name: string;
    offset_ns: number;
    duration_ns: number;
  }[];
  operations: OperationTime[];
}

export interface TraceAttribute {
  key: string;
  /** string, bool, int, double, bytes, array, map or empty. */
  type: string;
  /** Of an int: its digits. */
  value: unknown;
}

export interface SpanDetail extends SpanBrief {
  parent_span_id: string | null;
  status_message: string | null;
  start_ns: string;
  self_ns: number;
  trace_state: string | null;
  flags: number;
  attributes: TraceAttribute[];
  dropped_attributes: number;
  events: {
    name: string;
    offset_ns: number;
    attributes: TraceAttribute[];
    dropped_attributes: number;
  }[];
  dropped_events: number;
  links: { trace_id: string; span_id: string; attributes: TraceAttribute[] }[];
  dropped_links: number;
  resource: TraceAttribute[];
  scope: { name: string; version: string; attributes: TraceAttribute[] };
}

/** `trace-summary-v0`: directions only, never good or bad. */
export interface TraceDiff {
  version: string;
  base: DiffSide;
  compare: DiffSide;
  signals: {
    traceLatency: string;
    sumSpanDuration: string;
    errors: string;
    spanCount: string;
    structure: string;
  };
  trust: { matchedSpanRatio: number; structureOverlap: number };
  stats: {
    traceLatencyDeltaMs: number;
    sumSpanDurationDeltaMs: number;
    spanCountDelta: number;
    errorSpanDelta: number;
    matchedSpans: number;
    modifiedSpans: number;
    addedSpans: number;
    removedSpans: number;
  };
  warnings?: { code: string; message: string }[];
  services: {
    name: string;
    sumSpanDurationDeltaMs: number;
    modified: number;
    added: number;
    removed: number;
    newErrors: number;
    resolvedErrors: number;
  }[];
}
export interface DiffSide {
  traceId: string;
  rootService?: string;
  rootName?: string;
  spanCount: number;
  errorSpanCount: number;
  durationMs: number;
  sumSpanDurationMs: number;
}

/** A trace that a result names. */
export interface Exemplar {
  trace_id: string;
  role: string;
  /** In the result's data, from 0; null: the whole result. */
  sample_no: number | null;
  span_id: string | null;
  start: string | null;
  end: string | null;
  created_at: string;
}

export interface TraceResults {
  results: {
    result_id: string;
    run_id: string;
    name: string;
    timestamp: string;
    exemplars: Exemplar[];
  }[];
  next_page_cursor: string | null;
}

/** One number of each trace, in two sets; a shift that is no change is noise. */
export interface SetMeasure {
  base_p50: number;
  base_p95: number;
  compare_p50: number;
  compare_p95: number;
  shift: number;
  /** Of 95 %. */
  shift_interval: [number, number];
  p_value: number;
  is_change: boolean;
}

export interface TraceSet {
  traces: string[];
  partial_reason: string | null;
  window: { start_ns: string; end_ns: string } | null;
}

/** How the traces of one run differ from those of another. */
export interface TraceSetDiff {
  base: TraceSet;
  compare: TraceSet;
  diff: {
    base_runs: number;
    compare_runs: number;
    can_decide: boolean;
    /** increased, decreased, unchanged or undecided. */
    direction: string;
    trace_ns: SetMeasure;
    paths_compared: number;
    left_out_spans: number;
    changed: {
      path: { service: string; name: string; kind: string }[];
      /** Share of the traces that have such a span. */
      base_presence: number;
      compare_presence: number;
      spans: SetMeasure;
      duration_ns: SetMeasure;
      self_ns: SetMeasure;
      critical_ns: SetMeasure;
    }[];
  };
  cost: TraceCost;
}
