// Keys for lists: j and k (or the arrows, once inside) walk the rows' main links; Enter is the
// link's own.
import type { Attachment } from 'svelte/attachments';

/** True where letters are text, not commands. */
export function is_typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.('input, textarea, select, [contenteditable], [role="slider"]');
}

function step_of(event: KeyboardEvent, inside: boolean): number {
  if (event.key === 'j' || (inside && event.key === 'ArrowDown')) return 1;
  if (event.key === 'k' || (inside && event.key === 'ArrowUp')) return -1;
  return 0;
}

/** Makes the element with links marked `data-row-link` walkable. One such list per view. */
export const walkable_rows: Attachment<HTMLElement> = (list) => {
  const on_key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || is_typing(event.target)) return;
    const links = [...list.querySelectorAll<HTMLAnchorElement>('a[data-row-link]')];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const step = step_of(event, at >= 0);
    if (step === 0 || links.length === 0) return;
    event.preventDefault();
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))]!;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  };
  window.addEventListener('keydown', on_key);
  return () => window.removeEventListener('keydown', on_key);
};
