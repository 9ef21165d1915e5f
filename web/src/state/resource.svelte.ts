// Something loaded from the server: loading, then a value or a Problem.
import { as_problem, is_abort, type Problem } from '../api/client';

/**
 * Loads whenever what `load` reads changes, and again on reload(). Call it while a component is
 * set up. The previous value stays visible while a newer one is under way; an overtaken request is
 * aborted. Values are not made deeply reactive: histories are large.
 */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(true);
  #turn = $state(0);

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      void this.#turn;
      const abort = new AbortController();
      this.loading = true;
      load(abort.signal).then(
        (value) => {
          if (abort.signal.aborted) return;
          this.value = value;
          this.problem = null;
          this.loading = false;
        },
        (cause: unknown) => {
          if (abort.signal.aborted || is_abort(cause)) return;
          this.value = null;
          this.problem = as_problem(cause);
          this.loading = false;
        },
      );
      return () => abort.abort();
    });
  }

  reload = (): void => {
    this.#turn += 1;
  };
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/**
 * A list that is loaded page by page. Starts over whenever what `load` reads changes. A page that
 * fails leaves what is there and can be asked for again.
 */
export class PagedList<T> {
  items = $state.raw<T[]>([]);
  next = $state.raw<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(true);
  /** True once the first page is there. */
  ready = $state(false);
  #load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  #abort = new AbortController();
  #turn = $state(0);

  constructor(load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
    this.#load = load;
    $effect(() => {
      void this.#turn;
      this.#abort = new AbortController();
      this.#run(undefined, this.#abort.signal);
      const mine = this.#abort;
      return () => mine.abort();
    });
  }

  #run(cursor: string | undefined, signal: AbortSignal): void {
    this.loading = true;
    this.#load(cursor, signal).then(
      (page) => {
        if (signal.aborted) return;
        this.items = cursor === undefined ? page.items : [...this.items, ...page.items];
        this.next = page.next;
        this.problem = null;
        this.loading = false;
        this.ready = true;
      },
      (cause: unknown) => {
        if (signal.aborted || is_abort(cause)) return;
        if (cursor === undefined) this.items = [];
        this.problem = as_problem(cause);
        this.loading = false;
      },
    );
  }

  more = (): void => {
    if (this.next !== null && !this.loading) this.#run(this.next, this.#abort.signal);
  };

  reload = (): void => {
    this.#turn += 1;
  };
}
