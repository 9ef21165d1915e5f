// The address bar as reactive state, and the one way to change it. Each entry of the history has a
// number of its own, under which views keep what the back button should find again.

import { change_query } from './match';

const in_browser = typeof window !== 'undefined';

interface EntryState {
  entry: number;
}

const k_restore_frames_max = 120;

class Location {
  path = $state(in_browser ? window.location.pathname : '/');
  search = $state(in_browser ? window.location.search : '');
  /** Counts moves to another view (not changes of the query), for focus and announcements. */
  moves = $state(0);
  readonly query = $derived(new URLSearchParams(this.search));
  #entry = 0;
  #returned = false;
  #scroll = new Map<number, number>();
  #kept = new Map<string, unknown>();

  #read(): void {
    const moved = this.path !== window.location.pathname;
    this.path = window.location.pathname;
    this.search = window.location.search;
    if (moved) this.moves += 1;
  }

  /** Goes to an address of this page; `replace` leaves no entry behind in the history. */
  navigate(href: string, options: { replace?: boolean } = {}): void {
    const target = new URL(href, window.location.href);
    const same = target.href === window.location.href;
    const moved = target.pathname !== window.location.pathname;
    if (options.replace || same) {
      window.history.replaceState({ entry: this.#entry }, '', target);
    } else {
      this.#entry = Date.now();
      window.history.pushState({ entry: this.#entry }, '', target);
    }
    this.#returned = false;
    this.#read();
    if (moved) window.scrollTo(0, 0);
  }

  /** Another look at the same view: keys of the query changed, no entry left in the history. */
  change(changes: Parameters<typeof change_query>[1]): void {
    this.navigate(this.path + change_query(this.search, changes), { replace: true });
  }

  /** What a view kept under `name` when this entry was last shown; only after a way back. */
  recall<T>(name: string): T | undefined {
    return this.#returned ? (this.#kept.get(this.#key(name)) as T | undefined) : undefined;
  }

  keep(name: string, value: unknown): void {
    this.#kept.set(this.#key(name), value);
  }

  #key(name: string): string {
    return `${this.#entry} ${this.path}${this.search} ${name}`;
  }

  /** Starts to follow the back button and clicks on links. Returns the way to stop. */
  listen(): () => void {
    const on_pop = (event: PopStateEvent) => {
      this.#entry = (event.state as EntryState | null)?.entry ?? 0;
      this.#returned = true;
      this.#read();
      restore_scroll(this.#scroll.get(this.#entry) ?? 0);
    };
    const on_click = (event: MouseEvent) => {
      const href = internal_href(event);
      if (href === null) return;
      event.preventDefault();
      this.#scroll.set(this.#entry, window.scrollY);
      this.navigate(href);
    };
    const on_scroll = () => this.#scroll.set(this.#entry, window.scrollY);
    this.#entry = (window.history.state as EntryState | null)?.entry ?? 0;
    window.history.scrollRestoration = 'manual';
    window.addEventListener('popstate', on_pop);
    window.addEventListener('scrollend', on_scroll);
    document.addEventListener('click', on_click);
    return () => {
      window.removeEventListener('popstate', on_pop);
      window.removeEventListener('scrollend', on_scroll);
      document.removeEventListener('click', on_click);
    };
  }
}

/** Scrolls once what is being loaded made the page long enough, unless the reader was faster. */
function restore_scroll(top: number): void {
  let frames = 0;
  let stopped = false;
  const stop = () => (stopped = true);
  window.addEventListener('wheel', stop, { once: true, passive: true });
  window.addEventListener('keydown', stop, { once: true });
  const step = () => {
    if (stopped) return;
    const room = document.documentElement.scrollHeight - window.innerHeight;
    if (room >= top || ++frames > k_restore_frames_max) window.scrollTo(0, top);
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** Paths that the server answers itself. */
const k_server_paths = /^\/(api|openapi|metrics|healthz|readyz)(\/|\.|-|$)/;

function internal_href(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const anchor = (event.target as Element | null)?.closest?.('a');
  if (!anchor || !anchor.href || anchor.target || anchor.hasAttribute('download')) return null;
  const url = new URL(anchor.href);
  if (url.origin !== window.location.origin || k_server_paths.test(url.pathname)) return null;
  if (url.hash && url.pathname === window.location.pathname) return null;
  return url.pathname + url.search + url.hash;
}

export const location = new Location();
