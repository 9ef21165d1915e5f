// `a...b` in one segment of a path, as Conbench's comparisons have it.

export interface Pair {
  baseline: string;
  contender: string;
}

/** Split at the first `...`; null when that is missing or a side is empty. */
export function parse_pair(text: string): Pair | null {
  const at = text.indexOf('...');
  if (at < 0) return null;
  const pair = { baseline: text.slice(0, at), contender: text.slice(at + 3) };
  return pair.baseline && pair.contender ? pair : null;
}

export function pair_text({ baseline, contender }: Pair): string {
  return `${baseline}...${contender}`;
}
