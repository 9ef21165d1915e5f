// Which lines of a chart are on. The address keeps those that are, as long as not all are. Pure.

/**
 * What is on after a click: with all on, the clicked one alone; with the clicked one alone, all;
 * else it is added or taken away.
 */
export function after_click(
  on: readonly string[],
  clicked: string,
  all: readonly string[],
): string[] {
  if (all.every((one) => on.includes(one))) return [clicked];
  const next = on.includes(clicked) ? on.filter((one) => one !== clicked) : [...on, clicked];
  return next.length === 0 ? [...all] : all.filter((one) => next.includes(one));
}

/** Those of `all` that an address names; all when it names none of them. */
export function lines_on(named: string | null, all: readonly string[]): string[] {
  const wanted = (named ?? '').split(',').filter(Boolean);
  const on = all.filter((one) => wanted.includes(one));
  return on.length === 0 ? [...all] : on;
}

/** What the address keeps; null when all are on. */
export function lines_text(on: readonly string[], all: readonly string[]): string | null {
  return all.every((one) => on.includes(one)) ? null : on.join(',');
}
