// Something loaded from the server: loading, then a value or a Problem.
import { untrack } from 'svelte';
import { as_problem, is_abort, type Problem } from '../api/client';
import { location } from '../router/location.svelte';

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

const k_kept = 'list';

export interface Page<T> {
  items: T[];
  next: string | null;
}

/**
 * A list that is loaded page by page. Starts over whenever what `load` reads changes. A page that
 * fails leaves what is there and can be asked for again. After a way back the pages that were there
 * are there again.
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
      const mine = this.#abort;
      const recalled = untrack(() => (this.#turn === 0 ? location.recall<Page<T>>(k_kept) : null));
      if (recalled) this.#show_again(recalled);
      else this.#run(undefined, mine.signal);
      return () => mine.abort();
    });
  }

  #show_again({ items, next }: Page<T>): void {
    // What `load` reads decides when to start over, so it is called, but asks for nothing.
    this.#load(undefined, AbortSignal.abort()).catch(() => undefined);
    this.items = items;
    this.next = next;
    this.problem = null;
    this.loading = false;
    this.ready = true;
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
        location.keep(k_kept, { items: this.items, next: this.next });
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
