// Builds as a build system tells them: three of them, whose times are known to the millisecond.
import assert from 'node:assert/strict';

const k_second = 1000;
const uuid = (number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

export const done = uuid(0xa1);
export const active = uuid(0xa2);
export const failed = uuid(0xa3);
export const nobodys = uuid(0xff);
/** What others would break on. */
export const odd_partition = 'data/日本 & "ü"/<b>?#%2F';

const k_codes = {
  build: {
    RECEIVED: 1,
    PLANNING: 2,
    EXECUTING: 3,
    COMPLETED: 4,
    FAILED: 5,
    ANALYSIS_COMPLETED: 7,
  },
  partition: { REQUESTED: 1, SCHEDULED: 2, BUILDING: 3, AVAILABLE: 4, FAILED: 5, DELEGATED: 6 },
  job: { SCHEDULED: 1, RUNNING: 2, COMPLETED: 3, FAILED: 4, CANCELLED: 5, SKIPPED: 6 },
};

/** Tells of one build; each event has an id of its own. `start`: ms since 1970. */
class Teller {
  events = [];
  constructor(build, start, first_id) {
    this.build = build;
    this.start = start;
    this.next_id = first_id;
  }
  tell(at, payload) {
    this.events.push({
      event_id: uuid(this.next_id++),
      timestamp: String(BigInt(this.start + at) * 1_000_000n),
      build_request_id: this.build,
      ...payload,
    });
    return this;
  }
  status(at, status, partitions = []) {
    const requested_partitions = partitions;
    return this.tell(at, {
      build_request_event: { status_code: k_codes.build[status], requested_partitions },
    });
  }
  partition(at, partition_ref, status, job_run_id = '') {
    return this.tell(at, {
      partition_event: { partition_ref, status_code: k_codes.partition[status], job_run_id },
    });
  }
  job(at, run, status, outputs, inputs = null) {
    const config = inputs && {
      outputs,
      inputs: inputs.map((partition_ref) => ({ dep_type_code: 1, partition_ref })),
    };
    return this.tell(at, {
      job_event: {
        job_run_id: `${this.build.slice(-2)}-${run}`,
        job_label: `//jobs:${run}`,
        target_partitions: outputs,
        status_code: k_codes.job[status],
        config,
      },
    });
  }
}

/** A build of three jobs; the last waits for the slower of the others. */
export function done_build(start) {
  return new Teller(done, start, 0x1000)
    .status(0, 'RECEIVED', ['top/1', odd_partition])
    .status(100, 'PLANNING')
    .status(400, 'ANALYSIS_COMPLETED')
    .status(1000, 'EXECUTING')
    .partition(1000, 'raw/1', 'REQUESTED')
    .job(1000, 'raw', 'SCHEDULED', ['raw/1'], [])
    .job(1000, 'side', 'SCHEDULED', [odd_partition], [])
    .job(1000, 'top', 'SCHEDULED', ['top/1'], ['raw/1', odd_partition, 'elsewhere'])
    .job(1500, 'raw', 'RUNNING', ['raw/1'])
    .job(2000, 'side', 'RUNNING', [odd_partition])
    .job(3000, 'side', 'COMPLETED', [odd_partition])
    .partition(3000, odd_partition, 'AVAILABLE', 'a1-side')
    .job(7500, 'raw', 'COMPLETED', ['raw/1'])
    .partition(7500, 'raw/1', 'AVAILABLE', 'a1-raw')
    .job(8000, 'top', 'RUNNING', ['top/1'])
    .job(10_000, 'top', 'COMPLETED', ['top/1'])
    .partition(10_000, 'top/1', 'AVAILABLE', 'a1-top')
    .status(10_000, 'COMPLETED').events;
}

/** A build that another's partition keeps, and that goes on. */
export function active_build(start) {
  return new Teller(active, start, 0x2000)
    .status(0, 'RECEIVED', ['next/1', 'raw/1'])
    .status(100, 'EXECUTING')
    .partition(200, 'raw/1', 'DELEGATED')
    .tell(200, {
      delegation_event: { partition_ref: 'raw/1', delegated_to_build_request_id: done },
    })
    .partition(300, 'next/1', 'REQUESTED')
    .job(300, 'next', 'SCHEDULED', ['next/1'], [])
    .job(400, 'next', 'RUNNING', ['next/1'])
    .partition(400, 'next/1', 'BUILDING', 'a2-next').events;
}

export function failed_build(start) {
  return new Teller(failed, start, 0x3000)
    .status(0, 'RECEIVED', ['top/2'])
    .status(10, 'EXECUTING')
    .job(10, 'top', 'SCHEDULED', ['top/2'], [])
    .job(20, 'top', 'RUNNING', ['top/2'])
    .job(520, 'top', 'FAILED', ['top/2'])
    .partition(520, 'top/2', 'FAILED', 'a3-top')
    .status(530, 'FAILED').events;
}

/** One more event of the active build. */
export function end_of_active(start) {
  return new Teller(active, start, 0x4000)
    .job(5 * k_second, 'next', 'COMPLETED', ['next/1'])
    .partition(5 * k_second, 'next/1', 'AVAILABLE', 'a2-next')
    .status(5 * k_second, 'COMPLETED').events;
}

/** Appends to the server's log. */
export async function append({ url, token }, events) {
  const response = await fetch(`${url}/api/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  assert.equal(response.status, 200, await response.text());
}
