// Tables as CSV, RFC 4180.

/** Cells of one row; null is an empty field. */
export type CsvRow = readonly (string | number | boolean | null)[];

/** A null is an empty field, an empty text a quoted one. */
export function csv_text(columns: readonly string[], rows: readonly CsvRow[]): string {
  const field = (cell: CsvRow[number]): string => {
    if (cell === null) return '';
    const text = String(cell);
    if (text === '') return '""';
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((cells) => cells.map(field).join(',') + '\r\n').join('');
}

/** Hands a text to the browser as a file. */
export function save_csv(name: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = Object.assign(document.createElement('a'), { href, download: name });
  link.click();
  URL.revokeObjectURL(href);
}
