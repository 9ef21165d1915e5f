// Who answers reads of results, and whether store and lake agree (openapi: Reads, ReadMismatch).
import type { Json } from './types';

export interface ReadPort {
  port: string;
  mode: string;
  is_paused: boolean;
  by_store: number;
  by_lake: number;
  comparisons_waiting: number;
  comparisons_left_out: number;
  evidence: {
    proof: { passed: boolean; requests: number; at: string; version: string } | null;
    equal: number;
    different: number;
    moved: number;
    failed: number;
    unexplained: number;
    since: string | null;
    /** Before the lake may answer; empty: nothing. */
    missing: string;
  };
}

export interface Reads {
  has_lake: boolean;
  is_unproven: boolean;
  ports: ReadPort[];
}

export interface ReadMismatch {
  id: string;
  port: string;
  question: Json;
  at: string;
  place: number;
  first_difference: string | null;
  explanation: string | null;
  explained_by: string | null;
  replayed_at: string | null;
  is_equal_now: boolean | null;
}

export interface ReadReplay {
  is_equal: boolean;
  first_difference: string | null;
  store_answer: string;
  lake_answer: string;
}
