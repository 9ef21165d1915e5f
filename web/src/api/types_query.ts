// SQL over the lake (openapi: QueryAnswer, LakeTable).
import type { Json } from './types';

export interface QueryColumn {
  name: string;
  /** `int64`, `text`, `timestamp`, `list<float64>`, ... */
  type: string;
}

export interface QueryStatistics {
  wall_seconds: number;
  waited_seconds: number;
  cpu_seconds: number | null;
  bytes_read: number | null;
  files_scanned: number;
  files_skipped: number;
  rows: number;
  bytes: number;
  peak_memory_bytes: number | null;
  snapshots: Record<string, number>;
}

/** Whole numbers beyond 2^53, NaN and infinities are texts. */
export interface QueryAnswer {
  id: string;
  columns: QueryColumn[];
  rows: Json[][];
  truncated: boolean;
  statistics: QueryStatistics;
}

export interface QueryState {
  id: string;
  state: 'running' | 'succeeded' | 'failed';
  progress: { fraction: number; rows_done: number; rows_total: number };
}

export interface LakeTable {
  name: string;
  columns: QueryColumn[];
  rows: number;
  files: number;
  bytes: number;
  snapshot: number;
}
