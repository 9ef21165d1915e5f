// Words for what build events say.
import type { BuildEvent } from '../api/types_events';
import { format_value } from '../format/units';

/** Milliseconds since 1970, with their fractions, of nanoseconds as a text. */
export function ms_of(nanoseconds: string): number {
  const whole = BigInt(nanoseconds);
  return Number(whole / 1_000_000n) + Number(whole % 1_000_000n) / 1e6;
}

export function iso_of(nanoseconds: string): string {
  return new Date(ms_of(nanoseconds)).toISOString();
}

/** "340.0 ms", "12.5 s", "3 min 20 s", "5 h 2 min". */
export function duration_text(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.round(Math.max(0, ms) / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min`;
  if (minutes >= 1) return `${minutes}\u00a0min ${seconds % 60}\u00a0s`;
  return format_value(Math.max(0, ms) / 1000, 's').text;
}

/** The end of an id: enough to tell builds apart. Those of one minute may begin alike (UUIDv7). */
export function short_id(id: string): string {
  return id.slice(-8);
}

/** Whether it could be a build's: a UUID. */
export function is_build_id(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
}

/** `BUILD_REQUEST_ANALYSIS_COMPLETED` -> `analysis_completed`. */
export function status_key(name: string): string {
  return name.replace(/^(BUILD_REQUEST|PARTITION|JOB)_/, '').toLowerCase();
}

/** `analysis_completed` -> `Analysis completed`. */
export function status_words(key: string): string {
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const build_statuses = [
  'received',
  'planning',
  'analysis_completed',
  'executing',
  'completed',
  'failed',
  'cancelled',
];
export const partition_statuses = [
  'requested',
  'scheduled',
  'building',
  'available',
  'failed',
  'delegated',
];

/** Still going on. */
export function is_active_build(status_name: string): boolean {
  return ['received', 'planning', 'analysis_completed', 'executing'].includes(
    status_key(status_name),
  );
}

/** base64url without padding of the text's UTF-8: a name that stands in a path. */
export function base64url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export interface Told {
  /** Of the event's type: `partition`. */
  type: string;
  /** Of its status; empty: it has none. */
  status_name: string;
  /** What it is about; empty: the build. */
  subject: string;
  partition: string;
  message: string;
  /** Another build that is named. */
  other_build: string;
}

/** One line about an event. */
export function told(event: BuildEvent): Told {
  const line = { status_name: '', subject: '', partition: '', message: '', other_build: '' };
  if (event.build_request_event) {
    const { status_name, message } = event.build_request_event;
    return { ...line, type: 'build request', status_name, message };
  }
  if (event.partition_event) {
    const { partition_ref, status_name, message } = event.partition_event;
    const partition = partition_ref.str;
    return { ...line, type: 'partition', status_name, message, partition };
  }
  if (event.job_event) {
    const { job_label, status_name, message } = event.job_event;
    return { ...line, type: 'job', status_name, message, subject: job_label.label };
  }
  if (event.delegation_event) {
    const { partition_ref, delegated_to_build_request_id, message } = event.delegation_event;
    const other_build = delegated_to_build_request_id;
    return { ...line, type: 'delegation', message, other_build, partition: partition_ref.str };
  }
  if (event.job_graph_event) {
    const { job_graph, message } = event.job_graph_event;
    return { ...line, type: 'job graph', message, subject: job_graph.label.label };
  }
  if (event.partition_invalidation_event) {
    const { partition_ref, reason } = event.partition_invalidation_event;
    return { ...line, type: 'invalidation', message: reason, partition: partition_ref.str };
  }
  if (event.task_cancel_event) {
    const { job_run_id, reason } = event.task_cancel_event;
    return { ...line, type: 'task cancel', message: reason, subject: job_run_id };
  }
  return { ...line, type: 'build cancel', message: event.build_cancel_event?.reason ?? '' };
}
