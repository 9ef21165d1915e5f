// One build's events as a timeline: when its jobs waited and ran, and what each of them waited for.
import type { BuildEvent } from '../api/types_events';
import { ms_of, status_key } from './names';

export interface Segment {
  kind: 'waiting' | 'working';
  from: number;
  /** Null: still. */
  to: number | null;
}

export interface Step {
  key: string;
  kind: 'phase' | 'job' | 'partition';
  /** The job's label, the partition, or the build's phase. */
  title: string;
  /** What a job makes. */
  targets: string[];
  status_name: string;
  segments: Segment[];
  /** ms; null: it has none. */
  waited: number | null;
  worked: number | null;
  /** The input that came last before it could start, and the step of this build that made it. */
  waited_for: { partition: string; step: string | null } | null;
  /** Another build that makes it. */
  delegated_to: string;
  /** One of those that the build's end waited for. */
  on_path: boolean;
}

export interface Timeline {
  from: number;
  to: number;
  steps: Step[];
}

const k_ends = ['completed', 'failed', 'cancelled', 'skipped', 'available', 'delegated'];

interface Told {
  at: number;
  status: string;
  status_name: string;
}

/** What was told of one job run or partition, in order. */
class Track {
  told: Told[] = [];
  targets: string[] = [];
  inputs: string[] = [];
  title = '';
  delegated_to = '';

  add(event: BuildEvent, status_name: string): void {
    this.told.push({ at: ms_of(event.timestamp), status: status_key(status_name), status_name });
  }
  get begun(): number {
    return this.told[0]!.at;
  }
  /** When it began to work; null: it has not. */
  get started(): number | null {
    return (
      this.told.find(({ status }) => status === 'running' || status === 'building')?.at ?? null
    );
  }
  /** Null: it goes on. */
  get ended(): number | null {
    const last = this.told.at(-1)!;
    return k_ends.includes(last.status) ? last.at : null;
  }
}

function segments_of(track: Track): Segment[] {
  const { begun, started, ended } = track;
  const segments: Segment[] = [];
  const first = started ?? ended;
  if (first === null || first > begun) {
    segments.push({ kind: 'waiting', from: begun, to: first });
  }
  if (started !== null) segments.push({ kind: 'working', from: started, to: ended });
  return segments;
}

function step_of(key: string, kind: Step['kind'], track: Track, now: number): Step {
  const { begun, started, ended } = track;
  return {
    key,
    kind,
    title: track.title,
    targets: track.targets,
    status_name: track.told.at(-1)!.status_name,
    segments: segments_of(track),
    waited: (started ?? ended ?? now) - begun,
    worked: started === null ? null : (ended ?? now) - started,
    waited_for: null,
    delegated_to: track.delegated_to,
    on_path: false,
  };
}

/** The tracks of runs and partitions, by their ids. */
function tracks_of(events: readonly BuildEvent[]) {
  const runs = new Map<string, Track>();
  const partitions = new Map<string, Track>();
  const track = (of: Map<string, Track>, key: string, title: string) => {
    const found = of.get(key) ?? new Track();
    found.title ||= title;
    of.set(key, found);
    return found;
  };
  for (const event of events) {
    const { job_event: job, partition_event: partition, delegation_event: delegation } = event;
    if (job) {
      const run = track(runs, job.job_run_id, job.job_label.label);
      run.add(event, job.status_name);
      if (job.target_partitions.length) run.targets = job.target_partitions.map(({ str }) => str);
      if (job.config) run.inputs = job.config.inputs.map((input) => input.partition_ref.str);
    } else if (partition) {
      const ref = partition.partition_ref.str;
      track(partitions, ref, ref).add(event, partition.status_name);
    } else if (delegation) {
      const ref = delegation.partition_ref.str;
      const delegated = track(partitions, ref, ref);
      delegated.delegated_to = delegation.delegated_to_build_request_id;
      if (delegated.told.length === 0) delegated.add(event, 'PARTITION_DELEGATED');
    }
  }
  return { runs, partitions };
}

/** The build's phases, one segment of each status. */
function phase_step(events: readonly BuildEvent[], now: number): Step | null {
  const build = new Track();
  for (const event of events) {
    if (event.build_request_event) build.add(event, event.build_request_event.status_name);
  }
  if (build.told.length === 0) return null;
  const at = build.told.find(({ status }) => status === 'executing')?.at ?? null;
  const { begun, ended } = build;
  const segments: Segment[] = [{ kind: 'waiting', from: begun, to: at ?? ended }];
  if (at !== null) segments.push({ kind: 'working', from: at, to: ended });
  return {
    ...step_of('build', 'phase', build, now),
    title: 'The build',
    segments,
    waited: (at ?? ended ?? now) - begun,
    worked: at === null ? null : (ended ?? now) - at,
  };
}

/** What a run waited for: of its inputs that this build made, the one that came last. */
function last_input(
  run: Track,
  makers: Map<string, { key: string; track: Track }>,
): Step['waited_for'] {
  let found: { partition: string; step: string; at: number } | null = null;
  for (const partition of run.inputs) {
    const maker = makers.get(partition);
    if (!maker || maker.track === run) continue;
    const at = maker.track.ended ?? Number.POSITIVE_INFINITY;
    // What came behind its start did not keep it.
    if (run.started !== null && at > run.started) continue;
    if (!found || at > found.at) found = { partition, step: maker.key, at };
  }
  return found && { partition: found.partition, step: found.step };
}

/** Walks back from the step that ended last. */
function mark_path(steps: Step[], ends: Map<string, number>): void {
  const by_key = new Map(steps.map((step) => [step.key, step]));
  let last: Step | undefined;
  for (const step of steps) {
    if (step.kind !== 'phase' && step.worked !== null)
      if (!last || ends.get(step.key)! > ends.get(last.key)!) last = step;
  }
  while (last && !last.on_path) {
    last.on_path = true;
    last = by_key.get(last.waited_for?.step ?? '');
  }
}

/** `now`: milliseconds, where what goes on ends. Null: nothing is told of it. */
export function timeline_of(events: readonly BuildEvent[], now: number): Timeline | null {
  if (events.length === 0) return null;
  const { runs, partitions } = tracks_of(events);
  const makers = new Map<string, { key: string; track: Track }>();
  for (const [id, track] of runs) {
    if (track.told.at(-1)!.status === 'skipped') continue;
    for (const target of track.targets) makers.set(target, { key: `run ${id}`, track });
  }
  const steps: Step[] = [];
  const ends = new Map<string, number>();
  const phase = phase_step(events, now);
  if (phase) steps.push(phase);
  for (const [id, track] of runs) {
    const step = step_of(`run ${id}`, 'job', track, now);
    step.waited_for = last_input(track, makers);
    ends.set(step.key, track.ended ?? now);
    steps.push(step);
  }
  for (const [ref, track] of partitions) {
    if (makers.has(ref)) continue;
    steps.push(step_of(`partition ${ref}`, 'partition', track, now));
    ends.set(`partition ${ref}`, track.ended ?? now);
  }
  mark_path(steps, ends);
  steps.sort(
    (a, b) => Number(b.kind === 'phase') - Number(a.kind === 'phase') || begin(a) - begin(b),
  );
  const instants = events.map((event) => ms_of(event.timestamp));
  const open = steps.some((step) => step.segments.some(({ to }) => to === null));
  const to = instants.reduce((a, b) => Math.max(a, b), open ? now : Number.NEGATIVE_INFINITY);
  return { from: instants.reduce((a, b) => Math.min(a, b)), to, steps };
}

function begin(step: Step): number {
  return step.segments[0]?.from ?? 0;
}

/** Where a segment stands between the ends of a timeline, in percent. */
export function place_of(timeline: Timeline, segment: Segment): { left: number; width: number } {
  const length = Math.max(timeline.to - timeline.from, 1e-6);
  const left = ((segment.from - timeline.from) / length) * 100;
  const to = segment.to ?? timeline.to;
  return { left, width: Math.max(0, ((to - segment.from) / length) * 100) };
}
