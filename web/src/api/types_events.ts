// Build events as the API gives them. Instants are nanoseconds since 1970 as decimal texts.

export interface Ref {
  str: string;
}
export interface Label {
  label: string;
}
export interface DataDep {
  dep_type_code: number;
  dep_type_name: string;
  partition_ref: Ref;
}
export interface JobConfig {
  outputs: Ref[];
  inputs: DataDep[];
  args: string[];
  env: Record<string, string>;
}
interface Status {
  status_code: number;
  /** The contract's constant: `PARTITION_AVAILABLE`. */
  status_name: string;
}

export interface BuildRequestPayload extends Status {
  requested_partitions: Ref[];
  message: string;
}
export interface PartitionPayload extends Status {
  partition_ref: Ref;
  message: string;
  /** Empty: none. */
  job_run_id: string;
}
export interface JobPayload extends Status {
  job_run_id: string;
  job_label: Label;
  target_partitions: Ref[];
  message: string;
  config: JobConfig | null;
  manifests: unknown[];
}
export interface DelegationPayload {
  partition_ref: Ref;
  delegated_to_build_request_id: string;
  message: string;
}

/** One payload stands in it, under its type's own name. */
export interface BuildEvent {
  event_id: string;
  timestamp: string;
  build_request_id: string;
  build_request_event?: BuildRequestPayload;
  partition_event?: PartitionPayload;
  job_event?: JobPayload;
  delegation_event?: DelegationPayload;
  job_graph_event?: {
    job_graph: { label: Label; outputs: Ref[]; nodes: unknown[] };
    message: string;
  };
  partition_invalidation_event?: { partition_ref: Ref; reason: string };
  task_cancel_event?: { job_run_id: string; reason: string };
  build_cancel_event?: { reason: string };
}

export interface BuildSummary extends Status {
  build_request_id: string;
  requested_partitions: Ref[];
  created_at: string;
  updated_at: string;
}
export interface PartitionSummary extends Status {
  partition_ref: Ref;
  updated_at: string;
  build_request_id: string;
}
export interface JobSummary {
  job_label: Label;
  total_runs: number;
  successful_runs: number;
  failed_runs: number;
  cancelled_runs: number;
  average_partitions_per_run: number;
  last_run_timestamp: string;
  last_run_status_code: number;
  last_run_status_name: string;
  recent_builds: string[];
  timed_runs: number;
  /** Nanoseconds of all timed runs. */
  total_duration: string;
}
export interface Activity {
  active_builds_count: number;
  recent_builds: BuildSummary[];
  recent_partitions: PartitionSummary[];
  total_partitions_count: number;
}
/** A run of benchmark results that a build made. */
export interface BuildResults {
  run_id: string;
  run_reason: string;
  latest_result_id: string;
  latest_result_at: string;
  results: number;
  has_more_results: boolean;
}
export interface BuildDetail {
  build_request_id: string;
  /** Null: events name it, but none tells its status. */
  build: BuildSummary | null;
  events: BuildEvent[];
  has_more: boolean;
  runs: BuildResults[];
}
export interface PartitionDetail extends Status {
  partition_ref: Ref;
  timestamp: string;
  active_builds: string[];
  available_build_request_id: string | null;
}
