import { describe, expect, test } from 'vitest';
import type { BuildEvent, JobPayload, JobSummary } from '../src/api/types_events';
import { average_duration, success_rate } from '../src/events/jobs';
import {
  base64url,
  duration_text,
  is_active_build,
  iso_of,
  ms_of,
  short_id,
  status_key,
  status_words,
  told,
} from '../src/events/names';
import { offset_page } from '../src/events/pages';
import { place_of, timeline_of, type Step } from '../src/events/timeline';

const k_start = 1_750_000_000_000;
let made = 0;

function event(at: number, payload: Partial<BuildEvent>): BuildEvent {
  return {
    event_id: `event-${++made}`,
    timestamp: String(BigInt(k_start + at) * 1_000_000n),
    build_request_id: 'build-1',
    ...payload,
  };
}
function build(at: number, status: string): BuildEvent {
  const status_name = `BUILD_REQUEST_${status}`;
  return event(at, {
    build_request_event: { status_code: 1, status_name, requested_partitions: [], message: '' },
  });
}
function job(at: number, run: string, status: string, makes: string[], needs: string[] = []) {
  const refs = makes.map((str) => ({ str }));
  const inputs = needs.map((str) => ({
    dep_type_code: 1,
    dep_type_name: 'materialize',
    partition_ref: { str },
  }));
  const job_event: JobPayload = {
    job_run_id: run,
    job_label: { label: `//jobs:${run}` },
    target_partitions: refs,
    status_code: 1,
    status_name: `JOB_${status}`,
    message: '',
    config: needs.length ? { outputs: refs, inputs, args: [], env: {} } : null,
    manifests: [],
  };
  return event(at, { job_event });
}
function partition(at: number, ref: string, status: string): BuildEvent {
  return event(at, {
    partition_event: {
      partition_ref: { str: ref },
      status_code: 1,
      status_name: `PARTITION_${status}`,
      message: '',
      job_run_id: '',
    },
  });
}

describe('names of events', () => {
  test('instants are nanoseconds beyond what a number holds', () => {
    expect(ms_of('1750000000000000500')).toBeCloseTo(1_750_000_000_000.0005, 3);
    expect(iso_of('1750000000123456789')).toBe('2025-06-15T15:06:40.123Z');
  });

  test('statuses are told in words', () => {
    expect(status_key('BUILD_REQUEST_ANALYSIS_COMPLETED')).toBe('analysis_completed');
    expect(status_key('JOB_RUNNING')).toBe('running');
    expect(status_words('analysis_completed')).toBe('Analysis completed');
    expect(is_active_build('BUILD_REQUEST_ANALYSIS_COMPLETED')).toBe(true);
    expect(is_active_build('BUILD_REQUEST_CANCELLED')).toBe(false);
  });

  test('a name in a path is base64url of its UTF-8', () => {
    expect(base64url('data/users')).toBe('ZGF0YS91c2Vycw');
    expect(base64url('日本/ü??>')).toBe('5pel5pysL8O8Pz8-');
  });

  test('one line says what an event is about', () => {
    expect(told(partition(0, 'a/b', 'AVAILABLE'))).toMatchObject({
      type: 'partition',
      partition: 'a/b',
      status_name: 'PARTITION_AVAILABLE',
    });
    const delegation_event = {
      partition_ref: { str: 'a' },
      delegated_to_build_request_id: 'other',
      message: 'theirs',
    };
    expect(told(event(0, { delegation_event }))).toMatchObject({ other_build: 'other' });
    expect(told(event(0, { build_cancel_event: { reason: 'late' } })).message).toBe('late');
  });

  test('builds of one minute, whose ids begin alike, are told apart', () => {
    expect(short_id('0190a3c4-1111-7000-8000-0000000000b1')).toBe('000000b1');
  });

  test('durations are short', () => {
    expect(duration_text(1500)).toBe('1.500\u00a0s');
    expect(duration_text(200_000)).toBe('3\u00a0min 20\u00a0s');
    expect(duration_text(18_120_000)).toBe('5\u00a0h 2\u00a0min');
    expect(duration_text(null)).toBe('–');
  });
});

describe('jobs', () => {
  const none: JobSummary = {
    job_label: { label: '//j' },
    total_runs: 4,
    successful_runs: 0,
    failed_runs: 0,
    cancelled_runs: 1,
    average_partitions_per_run: 1,
    last_run_timestamp: '1',
    last_run_status_code: 2,
    last_run_status_name: 'JOB_RUNNING',
    recent_builds: [],
    timed_runs: 0,
    total_duration: '0',
  };

  test('the rate is of runs that came to an end of their own', () => {
    expect(success_rate(none)).toBeNull();
    expect(success_rate({ ...none, successful_runs: 3, failed_runs: 1 })).toBe(75);
  });

  test('the average is of runs whose time is known', () => {
    expect(average_duration(none)).toBeNull();
    expect(average_duration({ ...none, timed_runs: 2, total_duration: '3000000000' })).toBe(1500);
  });
});

test('a page by offset says where the next one begins', () => {
  expect(offset_page([1, 2], 0, 5)).toEqual({ items: [1, 2], next: '2' });
  expect(offset_page([5], 4, 5).next).toBeNull();
  expect(offset_page([], 9, 5).next).toBeNull();
});

describe('the timeline of a build', () => {
  const steps_of = (events: BuildEvent[], now = 0) =>
    new Map(timeline_of(events, k_start + now)!.steps.map((step) => [step.title, step] as const));
  const step = (steps: Map<string, Step>, title: string) => steps.get(title)!;

  const whole = [
    build(0, 'RECEIVED'),
    build(5, 'PLANNING'),
    build(20, 'EXECUTING'),
    job(20, 'raw', 'SCHEDULED', ['raw/1']),
    job(21, 'side', 'SCHEDULED', ['side/1']),
    job(22, 'top', 'SCHEDULED', ['top/1'], ['raw/1', 'side/1', 'elsewhere']),
    job(25, 'raw', 'RUNNING', ['raw/1']),
    job(26, 'side', 'RUNNING', ['side/1']),
    job(40, 'side', 'COMPLETED', ['side/1']),
    job(90, 'raw', 'COMPLETED', ['raw/1']),
    job(95, 'top', 'RUNNING', ['top/1']),
    job(120, 'top', 'COMPLETED', ['top/1']),
    build(121, 'COMPLETED'),
  ];

  test('nothing told is no timeline', () => {
    expect(timeline_of([], 0)).toBeNull();
  });

  test('a step waits until it runs and works until its end', () => {
    const top = step(steps_of(whole), '//jobs:top');
    expect([top.waited, top.worked]).toEqual([73, 25]);
    expect(top.segments.map(({ kind, from, to }) => [kind, from - k_start, to! - k_start])).toEqual(
      [
        ['waiting', 22, 95],
        ['working', 95, 120],
      ],
    );
  });

  test('a job waited for the input that came last, and that is the way to the end', () => {
    const steps = steps_of(whole);
    expect(step(steps, '//jobs:top').waited_for).toEqual({ partition: 'raw/1', step: 'run raw' });
    expect([...steps.values()].filter(({ on_path }) => on_path).map(({ title }) => title)).toEqual([
      '//jobs:raw',
      '//jobs:top',
    ]);
  });

  test('what came after its start did not keep a job', () => {
    const early = [
      job(0, 'raw', 'SCHEDULED', ['raw/1']),
      job(1, 'top', 'SCHEDULED', ['top/1'], ['raw/1']),
      job(2, 'raw', 'RUNNING', ['raw/1']),
      job(3, 'top', 'RUNNING', ['top/1']),
      job(9, 'raw', 'COMPLETED', ['raw/1']),
    ];
    expect(step(steps_of(early, 10), '//jobs:top').waited_for).toBeNull();
  });

  test('the build itself waits until it executes', () => {
    const phase = step(steps_of(whole), 'The build');
    expect([phase.waited, phase.worked, phase.status_name]).toEqual([
      20,
      101,
      'BUILD_REQUEST_COMPLETED',
    ]);
  });

  test('what goes on lasts until now', () => {
    const events = whole.slice(0, 10);
    const timeline = timeline_of(events, k_start + 200)!;
    expect(timeline.to - k_start).toBe(200);
    const steps = steps_of(events, 200);
    expect(step(steps, '//jobs:top')).toMatchObject({ waited: 178, worked: null });
    expect(step(steps, '//jobs:top').segments).toEqual([
      { kind: 'waiting', from: k_start + 22, to: null },
    ]);
  });

  test('a partition that no job of the build makes has a step of its own', () => {
    const delegation_event = {
      partition_ref: { str: 'theirs' },
      delegated_to_build_request_id: 'other',
      message: '',
    };
    const steps = steps_of([
      build(0, 'RECEIVED'),
      partition(1, 'theirs', 'REQUESTED'),
      event(4, { delegation_event }),
      partition(4, 'theirs', 'DELEGATED'),
      partition(5, 'raw/1', 'REQUESTED'),
      job(6, 'raw', 'SCHEDULED', ['raw/1']),
    ]);
    expect(step(steps, 'theirs')).toMatchObject({ delegated_to: 'other', waited: 3, worked: null });
    expect(steps.has('raw/1')).toBe(false);
  });

  test('segments stand where their instants are', () => {
    const timeline = timeline_of(whole, 0)!;
    const place = place_of(timeline, { kind: 'working', from: k_start + 95, to: k_start + 120 });
    expect(place.left).toBeCloseTo((95 / 121) * 100, 6);
    expect(place.width).toBeCloseTo((25 / 121) * 100, 6);
  });
});
