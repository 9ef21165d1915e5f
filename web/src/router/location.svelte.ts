// The address bar as reactive state, and the one way to change it.

const in_browser = typeof window !== 'undefined';

class Location {
  path = $state(in_browser ? window.location.pathname : '/');
  search = $state(in_browser ? window.location.search : '');
  /** Counts moves to another view (not changes of the query), for focus and announcements. */
  moves = $state(0);
  readonly query = $derived(new URLSearchParams(this.search));

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
    if (options.replace || same) window.history.replaceState(null, '', target);
    else window.history.pushState(null, '', target);
    this.#read();
    if (moved) window.scrollTo(0, 0);
  }

  /** Starts to follow the back button and clicks on links. Returns the way to stop. */
  listen(): () => void {
    const on_pop = () => this.#read();
    const on_click = (event: MouseEvent) => {
      const href = internal_href(event);
      if (href === null) return;
      event.preventDefault();
      this.navigate(href);
    };
    window.addEventListener('popstate', on_pop);
    document.addEventListener('click', on_click);
    return () => {
      window.removeEventListener('popstate', on_pop);
      document.removeEventListener('click', on_click);
    };
  }
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
