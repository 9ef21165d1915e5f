// Line icons on a 16 x 16 grid: the `d` of one path each, drawn with the text's colour.
export const icons = {
  home: 'M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z',
  series: 'M2 12.5 5.5 8l3 2.5L14 4M10.5 4H14v3.5',
  runs: 'M5 3.5 12 8l-7 4.5z',
  results: 'M3 3.5h10M3 8h10M3 12.5h6',
  compare: 'M4.5 2.5v11M11.5 2.5v11M2.5 10.5l2 3 2-3M9.5 5.5l2-3 2 3',
  docs: 'M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4',
  inference: 'M2.5 2.5v11h11M4.5 5c4.5.3 7 2.5 7.5 7',
  builds: 'M2 3.5h6v2.5H2zM6 6.8h5v2.5H6zM9 10h5v2.5H9z',
  traces: 'M2 3h8M4 6.4h7M6 9.8h3M9 13h5',
  sql: 'M3 4c0-2 10-2 10 0v8c0 2-10 2-10 0zM3 4c0 2 10 2 10 0M3 8c0 2 10 2 10 0',
  report: 'M3.5 2.5h9v11h-9zM5.5 6h5M5.5 8.5h5M5.5 11h3',
  account: 'M8 2.5a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 0 1 0-5.4M2.5 13.5c.5-2.8 2.6-4 5.5-4s5 1.2 5.5 4',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.2 3.2',
  commit: 'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M1.5 8h4M10.5 8h4',
  up: 'M8 3v10M3.5 7.5 8 3l4.5 4.5',
  down: 'M8 13V3M3.5 8.5 8 13l4.5-4.5',
  worse: 'M8 2.5 14 13H2zM8 6.5v3M8 11.2v.3',
  better: 'M2.5 8.5l3.5 3.5 7.5-8',
  stable: 'M2.5 8h11',
  few: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  wait: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8M8 4.8V8l2.4 1.6',
  error: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M8 4.5v4M8 11v.3',
  auto: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 2v12M8 4.5h3.5M8 8h6M8 11.5h3.5',
  light:
    'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1' +
    'M13 3l-1 1M4 12l-1 1',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3',
  right: 'M6 3l5 5-5 5',
  reset: 'M3 8a5 5 0 1 0 1.5-3.5L3 6M3 2.5V6h3.5',
} as const;

export type IconName = keyof typeof icons;
