// Addresses of the views, so that no component writes a path by hand.
import { with_query } from '../api/client';
import { fill } from './match';

export const links = {
  home: '/',
  series_list: (query: Record<string, string | null | undefined> = {}) =>
    with_query('/series', query),
  series: (fingerprint: string) => fill('/series/{fingerprint}', { fingerprint }),
  result: (id: string) => fill('/results/{id}', { id }),
  run: (run_id: string) => fill('/runs/{run_id}', { run_id }),
  batch: (batch_id: string) => fill('/batches/{batch_id}', { batch_id }),
  compare: (baseline?: string | null, contender?: string | null) =>
    with_query('/compare', { baseline, contender }),
};
