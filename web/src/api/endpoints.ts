// Every route of the API that the page reads, once.
import { get, type Query } from './client';
import type {
  CompareResult,
  Facts,
  History,
  RecentRuns,
  ResultDetail,
  ResultList,
  SearchHit,
  SeriesList,
  ServerStatus,
} from './types';

const at = encodeURIComponent;

export interface SeriesQuery extends Query {
  q?: string;
  hardware?: string;
  repository?: string;
  fingerprint?: string;
  status?: string;
  sort?: string;
  cursor?: string;
  page_size?: number;
}

export interface ResultQuery extends Query {
  run_id?: string;
  batch_id?: string;
  run_reason?: string;
  earliest_timestamp?: string;
  latest_timestamp?: string;
  cursor?: string;
  page_size?: number;
}

export const api = {
  facts: (signal?: AbortSignal) => get<Facts>('/api/v1/facts', {}, signal),

  search: (q: string, signal?: AbortSignal) =>
    get<{ results: SearchHit[] }>('/api/v1/search', { q, limit: 8 }, signal),

  series: (query: SeriesQuery, signal?: AbortSignal) =>
    get<SeriesList>('/api/series', query, signal),

  history: (fingerprint: string, signal?: AbortSignal) =>
    get<History>('/api/history', { fingerprint }, signal),

  result: (id: string, signal?: AbortSignal) =>
    get<ResultDetail>(`/api/benchmark-results/${at(id)}`, {}, signal),

  results: (query: ResultQuery, signal?: AbortSignal) =>
    get<ResultList>('/api/benchmark-results', query, signal),

  recent_runs: (
    query: { page_size?: number; repository?: string; include_attention?: boolean },
    signal?: AbortSignal,
  ) => get<RecentRuns>('/api/runs/recent', query, signal),

  compare: (baseline_result_id: string, contender_result_id: string, signal?: AbortSignal) =>
    get<CompareResult>(
      '/api/compare/benchmark-results',
      { baseline_result_id, contender_result_id },
      signal,
    ),

  status: (signal?: AbortSignal) => get<ServerStatus>('/api/v1/status', {}, signal),

  openapi: (signal?: AbortSignal) => get<Record<string, unknown>>('/openapi.json', {}, signal),
};
