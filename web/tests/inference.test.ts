import { describe, expect, test } from 'vitest';
import type {
  Availability,
  FrontierLine,
  InferenceRegistry,
  IngestReport,
  ShownPoint,
  SweepTrend,
} from '../src/api/types_inference';
import { available_models, newest_of_each, sequence_of } from '../src/inference/available';
import { choice_of, positive, question_of, word } from '../src/inference/choice';
import { evaluations_of, score_of } from '../src/inference/evaluations';
import { after_click, lines_on, lines_text } from '../src/inference/legend';
import { day_lines, front_lines, marker_of, run_text } from '../src/inference/lines';
import { success_of } from '../src/inference/reliability';
import { reasons_of, unknown_names, words_of, written_text } from '../src/inference/skipped';
import { monday_of, weeks_of } from '../src/inference/volume';

const hardware = (key: string, vendor: string) => ({ key, label: key.toUpperCase(), vendor });
const sequence = (name: string, isl: number | null, osl: number | null) => ({
  name,
  label: name.toUpperCase(),
  category: 'default',
  isl,
  osl,
});

const registry = {
  models: [
    { display: 'New', label: 'New', category: 'experimental', keys: ['new'], released: null },
    { display: 'R1', label: 'R 1', category: 'default', keys: ['r1', 'r1b'], released: null },
  ],
  hardware: [hardware('gb200', 'NVIDIA'), hardware('h100', 'NVIDIA'), hardware('mi300x', 'AMD')],
  frameworks: [],
  precisions: [
    { key: 'fp4', label: 'FP4' },
    { key: 'fp8', label: 'FP8' },
  ],
  sequences: [
    sequence('1k/1k', 1024, 1024),
    sequence('8k/1k', 8192, 1024),
    sequence('agentic', null, null),
  ],
  metrics: [],
  charts: [],
  percentiles: ['median'],
  providers: [],
} as unknown as InferenceRegistry;

function row(of: Partial<Availability>): Availability {
  return {
    model: 'r1',
    isl: 8192,
    osl: 1024,
    precision: 'fp8',
    hardware: 'h100',
    framework: 'vllm',
    spec_method: 'none',
    disagg: false,
    benchmark_type: 'single_turn',
    date: '2026-06-01',
    ...of,
  };
}

describe('what is available', () => {
  test('models, sequences and precisions in the order of the registry, days newest first', () => {
    const rows = [
      row({ model: 'r1b', date: '2026-06-02' }),
      row({ precision: 'fp4' }),
      row({ precision: 'int4' }),
      row({ isl: 1024 }),
      row({ model: 'new', isl: null, osl: null, benchmark_type: 'agentic_traces' }),
    ];
    const models = available_models(rows, registry);
    expect(models.map(({ display, label }) => [display, label])).toEqual([
      ['New', 'New'],
      ['R1', 'R 1'],
    ]);
    expect(models[0]!.sequences.map(({ name }) => name)).toEqual(['agentic']);
    const [short, long] = models[1]!.sequences;
    expect([short!.name, long!.name]).toEqual(['1k/1k', '8k/1k']);
    expect(long!.precisions).toEqual(['fp4', 'fp8', 'int4']);
    expect(long!.dates).toEqual(['2026-06-02', '2026-06-01']);
  });

  test('what the registry does not name has its key, or its lengths', () => {
    expect(available_models([row({ model: 'gone' })], registry)[0]!.display).toBe('gone');
    const odd = row({ isl: 8192, osl: 625 });
    expect(sequence_of(odd, registry).name).toBe('8192/625');
  });

  test('of each model and hardware the newest day', () => {
    const found = newest_of_each(
      [
        row({}),
        row({ model: 'r1b', date: '2026-06-03' }),
        row({ hardware: 'gb200' }),
        row({ hardware: 'tpu' }),
      ],
      registry,
    );
    expect(found.hardware).toEqual(['gb200', 'h100', 'tpu']);
    expect(found.cells.get('R1')?.get('h100')).toEqual({ date: '2026-06-03', days: 2 });
    expect(found.cells.get('R1')?.get('mi300x')).toBeUndefined();
  });
});

describe('choice', () => {
  const models = available_models(
    [
      row({}),
      row({ precision: 'fp4', date: '2026-06-02' }),
      row({ isl: 1024 }),
      row({ model: 'new', isl: 1024 }),
    ],
    registry,
  );
  const chosen = (query: string) => choice_of(new URLSearchParams(query), models, registry)!;

  test('without an address: the first standard model, 8k/1k, all precisions, now', () => {
    const choice = chosen('');
    expect(choice.model.display).toBe('R1');
    expect(choice.sequence.name).toBe('8k/1k');
    expect(choice.date).toBeNull();
    expect(question_of(choice)).toEqual({
      model: 'R1',
      sequence: '8k/1k',
      precisions: null,
      date: null,
    });
  });

  test('the address decides', () => {
    const choice = chosen('model=R1&seq=8k/1k&prec=fp4&date=2026-06-01');
    expect(question_of(choice)).toMatchObject({ precisions: 'fp4', date: '2026-06-01' });
  });

  test('what there is no data for gives way to what there is', () => {
    const choice = chosen('model=New&seq=8k/1k&prec=bf16&date=2020-01-01');
    expect(choice.sequence.name).toBe('1k/1k');
    expect(choice.precisions).toEqual(['fp8']);
    expect(choice.date).toBeNull();
    expect(choice_of(new URLSearchParams(), [], registry)).toBeNull();
  });

  test('numbers and words that make no sense are the default', () => {
    expect(positive('50.5', 35)).toBe(50.5);
    for (const text of [null, '', '0', '-1', 'x', 'Infinity']) expect(positive(text, 35)).toBe(35);
    expect(word('b', ['a', 'b'])).toBe('b');
    expect(word('c', ['a', 'b'])).toBe('a');
  });
});

describe('legend', () => {
  const all = ['a', 'b', 'c'];

  test('with all on, a click leaves one; a second brings all back', () => {
    expect(after_click(all, 'b', all)).toEqual(['b']);
    expect(after_click(['b'], 'b', all)).toEqual(all);
  });

  test('with some on, a click adds or takes away, in the order of the legend', () => {
    expect(after_click(['c'], 'a', all)).toEqual(['a', 'c']);
    expect(after_click(['a', 'c'], 'a', all)).toEqual(['c']);
  });

  test('the address names what is on, and nothing when all are', () => {
    expect(lines_text(all, all)).toBeNull();
    expect(lines_on(lines_text(['a', 'c'], all), all)).toEqual(['a', 'c']);
    expect(lines_on(null, all)).toEqual(all);
    expect(lines_on('gone', all)).toEqual(all);
  });
});

describe('lines', () => {
  const color = { light: 'red', dark: 'pink' };
  const front = (line: string, as_of: string | null) =>
    ({
      line,
      precision: 'fp8',
      color,
      as_of,
      points: [
        { id: '1', x: 1, y: 10, on_front: true },
        { id: '2', x: 2, y: 5, on_front: false },
      ] as ShownPoint[],
      front: [0],
      curve: [],
    }) as unknown as FrontierLine;

  test('points and curves are those of the API; hidden ones are not there', () => {
    const how = { on: ['a'], optimal: true, compare_date: null };
    const [line, ...more] = front_lines([front('a', null), front('b', null)], how);
    expect(more).toEqual([]);
    expect(line!.points).toEqual([{ x: 1, y: 10, strong: true }]);
    expect(line!.shown[0]!.id).toBe('1');
    expect(line!.colour).toBe('light-dark(red, pink)');
    const [whole] = front_lines([front('a', null)], { ...how, optimal: false });
    expect(whole!.points[1]).toEqual({ x: 2, y: 5, strong: false });
  });

  test('a line of a second day is another line', () => {
    const lines = front_lines([front('a', null), front('a', '2026-06-01')], {
      on: ['a'],
      optimal: false,
      compare_date: '2026-06-01',
    });
    expect(lines.map(({ key, other }) => [key, other])).toEqual([
      ['a', false],
      ['a 2026-06-01', true],
    ]);
  });

  test('what only repeats the last measured value is a tail, not a point', () => {
    const day = (date: string, value: number, synthetic: boolean) => ({
      date,
      value,
      synthetic,
      run_urls: [],
      point_ids: [],
    });
    const points = [day('2026-06-01', 1, false), day('2026-06-03', 1, true)];
    const trend = [{ line: 'a', precision: 'int4', color, points }];
    const [line] = day_lines(trend as unknown as SweepTrend['lines'], ['a']);
    const [first, today] = [Date.parse('2026-06-01'), Date.parse('2026-06-03')];
    expect(line).toMatchObject({
      marker: 'diamond',
      points: [{ x: first, y: 1, strong: true }],
      curve: [[first, 1]],
      tail: [
        [first, 1],
        [today, 1],
      ],
    });
  });

  test('each precision has its mark, each attempt is told', () => {
    expect(['fp4', 'fp8', 'bf16', 'int4', 'x'].map(marker_of)).toEqual(
      'circle square triangle diamond circle'.split(' '),
    );
    expect(run_text({ github_run_id: '7', run_attempt: 1 })).toBe('Run 7');
    expect(run_text({ github_run_id: '7', run_attempt: 2 })).toBe('Run 7, attempt 2');
  });
});

describe('reliability', () => {
  const now = Date.parse('2026-06-30T12:00:00Z');
  const day = (key: string, date: string, n_success: number, total: number) => ({
    hardware: key,
    date,
    n_success,
    total,
  });
  const rows = [
    day('h100', '2026-06-29', 2, 3),
    day('h100', '2026-06-27', 0, 5),
    day('gb200', '2026-06-29', 4, 4),
    day('mi300x', '2026-06-29', 0, 0),
  ];

  test('jobs of the window are summed, the most reliable first', () => {
    expect(success_of(rows, 3, now)).toEqual([
      { hardware: 'gb200', n_success: 4, total: 4, percent: 100 },
      { hardware: 'h100', n_success: 2, total: 3, percent: 66.67 },
    ]);
  });

  test('all: whatever its age', () => {
    expect(success_of(rows, 0, now)[1]).toEqual({
      hardware: 'h100',
      n_success: 2,
      total: 8,
      percent: 25,
    });
  });
});

test('an evaluation has its strict score, else its score, else none', () => {
  const of = (metrics: Record<string, number>) => ({ metrics }) as never;
  expect(score_of(of({ em_strict: 0.9, em_strict_se: 0.1, score: 0.5 }))).toEqual({
    score: 0.9,
    error: 0.1,
  });
  expect(score_of(of({ em_strict: 0 }))).toEqual({ score: 0, error: null });
  expect(score_of(of({ em_flexible: 0.4 }))).toEqual({ score: null, error: null });
});

test('evaluations are narrowed by the display name of the model, and by task', () => {
  const rows = [
    { model: 'r1', task: 'gsm8k' },
    { model: 'r1b', task: 'aime' },
    { model: 'new', task: 'aime' },
  ] as never;
  const found = (model: string, task: string) =>
    evaluations_of(rows, registry, { model, task }).map((one) => `${one.model} ${one.task}`);
  expect(found('R1', '')).toEqual(['r1 gsm8k', 'r1b aime']);
  expect(found('', 'aime')).toEqual(['r1b aime', 'new aime']);
});

test('weeks begin on Monday, and are told by vendor', () => {
  expect(monday_of('2026-06-07')).toBe('2026-06-01');
  expect(monday_of('2026-06-08')).toBe('2026-06-08');
  const volume = [
    { date: '2026-06-08', hardware: 'h100', datapoints: 1 },
    { date: '2026-06-07', hardware: 'h100', datapoints: 2 },
    { date: '2026-06-01', hardware: 'mi300x', datapoints: 4 },
    { date: '2026-06-01', hardware: 'unheard', datapoints: 8 },
  ];
  expect(weeks_of(volume, registry)).toEqual([
    { week: '2026-06-01', points: 14, by_vendor: { NVIDIA: 2, AMD: 4, other: 8 } },
    { week: '2026-06-08', points: 1, by_vendor: { NVIDIA: 1 } },
  ]);
});

describe('skipped', () => {
  const none = { added: 0, changed: 0, unchanged: 0, repeated: 0 };
  const report = (of: Partial<IngestReport>) =>
    ({
      at: '2026-06-02T00:00:00Z',
      written: {
        points: none,
        evaluations: none,
        run_stats: none,
        changelogs: none,
        configs: none,
        server_logs: none,
        gpu_metrics: none,
      },
      skipped: {},
      models: [],
      hardware: [],
      precisions: [],
      new_metrics: [],
      ...of,
    }) as IngestReport;

  test('unknown names are counted over all ingests, models and hardware first', () => {
    const older = report({ at: '2026-06-01T00:00:00Z', hardware: ['vr300', 'x'] });
    expect(
      unknown_names([report({ hardware: ['vr300'], new_metrics: ['q'], models: ['m'] }), older]),
    ).toEqual([
      { kind: 'models', name: 'm', ingests: 1, newest: '2026-06-02T00:00:00Z' },
      { kind: 'hardware', name: 'vr300', ingests: 2, newest: '2026-06-02T00:00:00Z' },
      { kind: 'hardware', name: 'x', ingests: 1, newest: '2026-06-01T00:00:00Z' },
      { kind: 'new_metrics', name: 'q', ingests: 1, newest: '2026-06-02T00:00:00Z' },
    ]);
  });

  test('reasons are told by number, those without any not', () => {
    const found = reasons_of(report({ skipped: { malformed: 0, no_isl_osl: 2, bad_zip: 3 } }));
    expect(found).toEqual([
      ['bad_zip', 3],
      ['no_isl_osl', 2],
    ]);
    expect(words_of('no_isl_osl')).toBe('no lengths of input and output');
    expect(words_of('unmapped_hardware')).toBe('unmapped hardware');
  });

  test('what was written is told in words', () => {
    const one = report({});
    expect(written_text(one)).toBe('nothing written');
    const written = {
      ...one.written,
      points: { ...none, added: 54, unchanged: 12 },
      gpu_metrics: { ...none, added: 1, changed: 2 },
    };
    expect(written_text({ ...one, written })).toBe(
      'points: 54 new, 12 as before; files of GPU metrics: 1 new, 2 changed',
    );
  });
});
