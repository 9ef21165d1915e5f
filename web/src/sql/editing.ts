// Names in SQL, and text that goes where the cursor stands. Pure.

/** As SQL wants it: quoted unless it is a plain lower-case name. */
export function sql_name(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The text with `piece` in place of what is marked, set off by blanks, and where the cursor goes. */
export function inserted(
  text: string,
  marked: { from: number; to: number },
  piece: string,
): { text: string; cursor: number } {
  const before = text.slice(0, marked.from);
  const after = text.slice(marked.to);
  const left = before === '' || /[\s(.,]$/.test(before) ? '' : ' ';
  const right = after === '' || /^[\s),;]/.test(after) ? '' : ' ';
  const head = before + left + piece;
  return { text: head + right + after, cursor: head.length };
}

/** Where `at line 2, column 3` of an error lies in the text; null when it says none. */
export function place_in(sql: string, sentence: string): number | null {
  const said = /at line (\d+), column (\d+)/.exec(sentence);
  if (!said) return null;
  const lines = sql.split('\n');
  const line = Number(said[1]) - 1;
  if (line >= lines.length) return null;
  const before = lines.slice(0, line).reduce((length, text) => length + text.length + 1, 0);
  return Math.min(before + Number(said[2]) - 1, sql.length);
}
