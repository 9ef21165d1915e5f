// What the log tells as it comes: server-sent events, with a pause after the server refused.
import type { BuildEvent } from '../api/types_events';
import { with_query, type Query } from '../api/client';

const k_types = [
  'build_request',
  'partition',
  'job',
  'delegation',
  'job_graph',
  'partition_invalidation',
  'task_cancel',
  'build_cancel',
];
const k_again_ms = 5000;

/**
 * Follows the log while the component that made it is shown, from now on. `query` (null: nothing is
 * followed) is read reactively.
 */
export class Live {
  /** Events come as they are told; false: not yet, or not any more. */
  connected = $state(false);

  constructor(query: () => Query | null, told: (event: BuildEvent) => void) {
    $effect(() => {
      const wanted = query();
      if (!wanted) return;
      let source: EventSource | null = null;
      let again: ReturnType<typeof setTimeout> | undefined;
      const listen = () => {
        const opened = new EventSource(with_query('/api/v1/events/stream', wanted));
        source = opened;
        opened.onopen = () => (this.connected = true);
        opened.onerror = () => {
          this.connected = false;
          // A lost connection is opened again by the browser, a refusal is not.
          if (opened.readyState === EventSource.CLOSED) again = setTimeout(listen, k_again_ms);
        };
        for (const type of k_types) {
          opened.addEventListener(type, (message: MessageEvent<string>) =>
            told(JSON.parse(message.data) as BuildEvent),
          );
        }
      };
      listen();
      return () => {
        clearTimeout(again);
        source?.close();
        this.connected = false;
      };
    });
  }
}

/** Calls `work` soon after the first call and then at most once in `pause` ms. */
export function throttled(work: () => void, pause: number): { call: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    call: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        work();
      }, pause);
    },
    stop: () => clearTimeout(timer),
  };
}
