#include <array>

#include "inference/schema.h"

// A configuration, a run and a point are what spec/inference.md 1 says they are. Ours beside them:
//
// - inference_line: what is drawn as one line; a point knows its line.
// - inference_line_run: which runs have points on a line, in their order: `place` sorts by date,
//   then start, run and attempt. Only newest attempts stand here. The state of a line at any time
//   is the last row up to that time and, while that one is append-only and of the same image, those
//   before it. Rows of one run depend on that run alone, so that runs written at the same time do
//   not wait for each other.
// - inference_available: on which dates a line has points, in the same way.
// - inference_submission: what a run brought of a configuration: its sequences (`1024/8192`) and
//   concurrencies, each once, between commas; the image of its first point that has one.
//
// Metrics stay a document, so that a new one needs no migration. The six that are asked for most
// are columns, made from the document in the statement that writes it, and stand in the index that
// a line's points are found by. PostgreSQL computes them by itself; SQLite may not use its JSON
// functions in a schema (trusted_schema is off), so the writer's statements do (store/run_rows.h).
//
// Keys with members that may be null are unique indexes over coalesce(): a null equals a null, and
// the members are never 0 or ''.
namespace bl::inference {
namespace {

constexpr std::string_view k_sweeps_sqlite = R"sql(
create table bl_inference_config (
  id integer primary key,
  hardware text not null check (hardware = lower(hardware) and hardware <> ''),
  framework text not null check (framework = lower(framework)),
  model text not null check (model = lower(model) and model <> ''),
  precision text not null check (precision = lower(precision)),
  spec_method text not null check (spec_method = lower(spec_method)),
  disagg integer not null check (disagg in (0, 1)),
  is_multinode integer not null check (is_multinode in (0, 1)),
  prefill_tp integer not null check (prefill_tp >= 1),
  prefill_ep integer not null check (prefill_ep >= 1),
  prefill_dp_attention integer not null check (prefill_dp_attention in (0, 1)),
  prefill_num_workers integer not null check (prefill_num_workers >= 0),
  decode_tp integer not null check (decode_tp >= 0),
  decode_ep integer not null check (decode_ep >= 0),
  decode_dp_attention integer not null check (decode_dp_attention in (0, 1)),
  decode_num_workers integer not null check (decode_num_workers >= 0),
  num_prefill_gpu integer not null check (num_prefill_gpu >= 1),
  num_decode_gpu integer not null check (num_decode_gpu >= 0),
  unique (model, hardware, framework, precision, spec_method, disagg, is_multinode, prefill_tp,
    prefill_ep, prefill_dp_attention, prefill_num_workers, decode_tp, decode_ep,
    decode_dp_attention, decode_num_workers, num_prefill_gpu, num_decode_gpu)
) strict;

create table bl_inference_run (
  id integer primary key,
  github_run_id integer not null check (github_run_id >= 0),
  attempt integer not null check (attempt >= 0),
  name text not null,
  status text,
  conclusion text,
  head_sha text,
  head_branch text,
  html_url text,
  created_at integer not null,
  started_at integer,
  date text not null check (date glob '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
  append_only integer not null check (append_only in (0, 1)),
  is_newest integer not null check (is_newest in (0, 1)),
  place text not null,
  unique (github_run_id, attempt)
) strict;
create index bl_inference_run_date_index on bl_inference_run (date);

create table bl_inference_line (
  id integer primary key,
  model text not null,
  hardware text not null,
  framework text not null,
  precision text not null,
  benchmark_type text not null check (benchmark_type = lower(benchmark_type)),
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  spec_method text not null,
  disagg integer not null check (disagg in (0, 1)),
  offload_mode text not null
) strict;
create unique index bl_inference_line_key on bl_inference_line (model, hardware, framework,
  precision, benchmark_type, coalesce(isl, 0), coalesce(osl, 0), spec_method, disagg, offload_mode);

create table bl_inference_server_log (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  origin_artifact text not null,
  origin_path text not null,
  sha256 text not null,
  bytes integer not null,
  zstd blob not null,
  unique (run_id, origin_artifact, origin_path)
) strict;

create table bl_inference_point (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  config_id integer not null references bl_inference_config (id),
  line_id integer not null references bl_inference_line (id),
  benchmark_type text not null check (benchmark_type = lower(benchmark_type)),
  date text not null,
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  conc integer not null check (conc > 0),
  offload_mode text check (offload_mode in ('on', 'off')),
  recipe_fingerprint text check (recipe_fingerprint <> ''),
  image text,
  kv_transfer_lib text check (kv_transfer_lib = lower(kv_transfer_lib)),
  origin_artifact text not null,
  origin_path text not null,
  server_log_id integer references bl_inference_server_log (id),
  tput_per_gpu real,
  median_intvty real,
  median_ttft real,
  median_e2el real,
  p99_ttft real,
  median_tpot real,
  metrics text not null,
  workers text,
  power_audit text,
  power_invalid_reasons text
) strict;
create unique index bl_inference_point_key on bl_inference_point (run_id, config_id,
  benchmark_type, coalesce(isl, 0), coalesce(osl, 0), conc, coalesce(offload_mode, ''),
  coalesce(recipe_fingerprint, ''));
create index bl_inference_point_line_index on bl_inference_point (line_id, run_id, config_id, conc,
  offload_mode, tput_per_gpu, median_intvty, median_ttft, median_e2el, p99_ttft, median_tpot);

create table bl_inference_run_stat (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  hardware text not null check (hardware = lower(hardware)),
  n_success integer not null check (n_success >= 0),
  total integer not null check (total >= 0),
  unique (run_id, hardware),
  check (n_success <= total)
) strict;

create table bl_inference_eval (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  config_id integer not null references bl_inference_config (id),
  task text not null check (task = lower(task)),
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  conc integer check (conc > 0),
  lm_eval_version text,
  metrics text not null,
  origin_artifact text not null,
  origin_path text not null
) strict;
create unique index bl_inference_eval_key on bl_inference_eval (run_id, config_id, task,
  coalesce(isl, 0), coalesce(osl, 0), coalesce(conc, 0));

create table bl_inference_changelog (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  base_ref text not null,
  head_ref text not null,
  position integer not null check (position >= 0),
  config_keys text not null,
  description text not null,
  pr_link text,
  evals_only integer not null check (evals_only in (0, 1)),
  append_only integer not null check (append_only in (0, 1)),
  unique (run_id, base_ref, head_ref, position)
) strict;

create table bl_inference_gpu_metric (
  id integer primary key,
  run_id integer not null references bl_inference_run (id),
  origin_artifact text not null,
  origin_path text not null,
  vendor text not null check (vendor in ('nvidia', 'amd')),
  gpus integer not null check (gpus >= 0),
  samples integer not null check (samples >= 0),
  started_at integer,
  ended_at integer check (ended_at >= started_at),
  statistics text not null,
  csv_sha256 text not null,
  unique (run_id, origin_artifact, origin_path)
) strict;

create table bl_inference_line_run (
  line_id integer not null references bl_inference_line (id),
  place text not null,
  run_id integer not null references bl_inference_run (id),
  known_at integer not null,
  append_only integer not null,
  image text,
  primary key (line_id, place)
) strict, without rowid;
create index bl_inference_line_run_run_index on bl_inference_line_run (run_id);

create table bl_inference_available (
  date text not null,
  line_id integer not null references bl_inference_line (id),
  spec_method text not null,
  disagg integer not null,
  run_id integer not null references bl_inference_run (id),
  primary key (date, line_id, spec_method, disagg, run_id)
) strict, without rowid;
create index bl_inference_available_run_index on bl_inference_available (run_id);

create table bl_inference_submission (
  run_id integer not null references bl_inference_run (id),
  config_id integer not null references bl_inference_config (id),
  date text not null,
  points integer not null,
  sequences text not null,
  concurrencies text not null,
  image text,
  primary key (run_id, config_id)
) strict, without rowid;

create table bl_inference_ingest_report (
  id text primary key not null,
  at integer not null,
  source text not null,
  submitter text not null,
  github_run_id integer,
  attempt integer,
  document text not null
) strict, without rowid;
create index bl_inference_ingest_report_at_index on bl_inference_ingest_report (at, id);

create table bl_inference_revision (revision integer not null) strict;
insert into bl_inference_revision (revision) values (0);
)sql";

constexpr std::string_view k_sweeps_postgres = R"sql(
create table benchlake.inference_config (
  id bigint generated always as identity primary key,
  hardware text collate "C" not null check (hardware = lower(hardware) and hardware <> ''),
  framework text collate "C" not null check (framework = lower(framework)),
  model text collate "C" not null check (model = lower(model) and model <> ''),
  precision text collate "C" not null check (precision = lower(precision)),
  spec_method text collate "C" not null check (spec_method = lower(spec_method)),
  disagg boolean not null,
  is_multinode boolean not null,
  prefill_tp integer not null check (prefill_tp >= 1),
  prefill_ep integer not null check (prefill_ep >= 1),
  prefill_dp_attention boolean not null,
  prefill_num_workers integer not null check (prefill_num_workers >= 0),
  decode_tp integer not null check (decode_tp >= 0),
  decode_ep integer not null check (decode_ep >= 0),
  decode_dp_attention boolean not null,
  decode_num_workers integer not null check (decode_num_workers >= 0),
  num_prefill_gpu integer not null check (num_prefill_gpu >= 1),
  num_decode_gpu integer not null check (num_decode_gpu >= 0),
  unique (model, hardware, framework, precision, spec_method, disagg, is_multinode, prefill_tp,
    prefill_ep, prefill_dp_attention, prefill_num_workers, decode_tp, decode_ep,
    decode_dp_attention, decode_num_workers, num_prefill_gpu, num_decode_gpu)
);

create table benchlake.inference_run (
  id bigint generated always as identity primary key,
  github_run_id bigint not null check (github_run_id >= 0),
  attempt integer not null check (attempt >= 0),
  name text not null,
  status text,
  conclusion text,
  head_sha text,
  head_branch text,
  html_url text,
  created_at bigint not null,
  started_at bigint,
  date text collate "C" not null check (date ~ '^[0-9]{4}-[0-1][0-9]-[0-3][0-9]$'),
  append_only boolean not null,
  is_newest boolean not null,
  place text collate "C" not null,
  unique (github_run_id, attempt)
);
create index inference_run_date_index on benchlake.inference_run (date);

create table benchlake.inference_line (
  id bigint generated always as identity primary key,
  model text collate "C" not null,
  hardware text collate "C" not null,
  framework text collate "C" not null,
  precision text collate "C" not null,
  benchmark_type text collate "C" not null check (benchmark_type = lower(benchmark_type)),
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  spec_method text collate "C" not null,
  disagg boolean not null,
  offload_mode text collate "C" not null
);
create unique index inference_line_key on benchlake.inference_line (model, hardware, framework,
  precision, benchmark_type, coalesce(isl, 0), coalesce(osl, 0), spec_method, disagg, offload_mode);

create table benchlake.inference_server_log (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  origin_artifact text collate "C" not null,
  origin_path text collate "C" not null,
  sha256 text not null,
  bytes bigint not null,
  zstd bytea not null,
  unique (run_id, origin_artifact, origin_path)
);

create table benchlake.inference_point (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  config_id bigint not null references benchlake.inference_config (id),
  line_id bigint not null references benchlake.inference_line (id),
  benchmark_type text collate "C" not null check (benchmark_type = lower(benchmark_type)),
  date text collate "C" not null,
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  conc integer not null check (conc > 0),
  offload_mode text collate "C" check (offload_mode in ('on', 'off')),
  recipe_fingerprint text collate "C" check (recipe_fingerprint <> ''),
  image text collate "C",
  kv_transfer_lib text collate "C" check (kv_transfer_lib = lower(kv_transfer_lib)),
  origin_artifact text not null,
  origin_path text not null,
  server_log_id bigint references benchlake.inference_server_log (id),
  tput_per_gpu float8 generated always as ((metrics ->> 'tput_per_gpu')::float8) stored,
  median_intvty float8 generated always as ((metrics ->> 'median_intvty')::float8) stored,
  median_ttft float8 generated always as ((metrics ->> 'median_ttft')::float8) stored,
  median_e2el float8 generated always as ((metrics ->> 'median_e2el')::float8) stored,
  p99_ttft float8 generated always as ((metrics ->> 'p99_ttft')::float8) stored,
  median_tpot float8 generated always as ((metrics ->> 'median_tpot')::float8) stored,
  metrics json not null check (json_typeof(metrics) = 'object'),
  workers json,
  power_audit json,
  power_invalid_reasons json check (json_typeof(power_invalid_reasons) = 'array')
);
create unique index inference_point_key on benchlake.inference_point (run_id, config_id,
  benchmark_type, coalesce(isl, 0), coalesce(osl, 0), conc, coalesce(offload_mode, ''),
  coalesce(recipe_fingerprint, ''));
create index inference_point_line_index on benchlake.inference_point (line_id, run_id, config_id,
  conc, offload_mode) include (tput_per_gpu, median_intvty, median_ttft, median_e2el, p99_ttft,
  median_tpot);

create table benchlake.inference_run_stat (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  hardware text collate "C" not null check (hardware = lower(hardware)),
  n_success bigint not null check (n_success >= 0),
  total bigint not null check (total >= 0),
  unique (run_id, hardware),
  check (n_success <= total)
);

create table benchlake.inference_eval (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  config_id bigint not null references benchlake.inference_config (id),
  task text collate "C" not null check (task = lower(task)),
  isl integer check (isl > 0),
  osl integer check (osl > 0),
  conc integer check (conc > 0),
  lm_eval_version text,
  metrics json not null check (json_typeof(metrics) = 'object'),
  origin_artifact text not null,
  origin_path text not null
);
create unique index inference_eval_key on benchlake.inference_eval (run_id, config_id, task,
  coalesce(isl, 0), coalesce(osl, 0), coalesce(conc, 0));

create table benchlake.inference_changelog (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  base_ref text not null,
  head_ref text not null,
  position integer not null check (position >= 0),
  config_keys json not null check (json_typeof(config_keys) = 'array'),
  description text not null,
  pr_link text,
  evals_only boolean not null,
  append_only boolean not null,
  unique (run_id, base_ref, head_ref, position)
);

create table benchlake.inference_gpu_metric (
  id bigint generated always as identity primary key,
  run_id bigint not null references benchlake.inference_run (id),
  origin_artifact text collate "C" not null,
  origin_path text collate "C" not null,
  vendor text not null check (vendor in ('nvidia', 'amd')),
  gpus bigint not null check (gpus >= 0),
  samples bigint not null check (samples >= 0),
  started_at bigint,
  ended_at bigint check (ended_at >= started_at),
  statistics json not null,
  csv_sha256 text not null,
  unique (run_id, origin_artifact, origin_path)
);

create table benchlake.inference_line_run (
  line_id bigint not null references benchlake.inference_line (id),
  place text collate "C" not null,
  run_id bigint not null references benchlake.inference_run (id),
  known_at bigint not null,
  append_only boolean not null,
  image text collate "C",
  primary key (line_id, place)
);
create index inference_line_run_run_index on benchlake.inference_line_run (run_id);

create table benchlake.inference_available (
  date text collate "C" not null,
  line_id bigint not null references benchlake.inference_line (id),
  spec_method text collate "C" not null,
  disagg boolean not null,
  run_id bigint not null references benchlake.inference_run (id),
  primary key (date, line_id, spec_method, disagg, run_id)
);
create index inference_available_run_index on benchlake.inference_available (run_id);

create table benchlake.inference_submission (
  run_id bigint not null references benchlake.inference_run (id),
  config_id bigint not null references benchlake.inference_config (id),
  date text collate "C" not null,
  points bigint not null,
  sequences text not null,
  concurrencies text not null,
  image text collate "C",
  primary key (run_id, config_id)
);

create table benchlake.inference_ingest_report (
  id text collate "C" not null primary key,
  at bigint not null,
  source text not null,
  submitter text not null,
  github_run_id bigint,
  attempt bigint,
  document json not null check (json_typeof(document) = 'object')
);
create index inference_ingest_report_at_index on benchlake.inference_ingest_report (at, id);

create table benchlake.inference_revision (revision bigint not null);
insert into benchlake.inference_revision (revision) values (0);
)sql";

// The revision at which rows of a run changed last: the replica in the lake compares it.
constexpr std::string_view k_changed_sqlite = R"sql(
alter table bl_inference_run add column changed integer not null default 0;
)sql";
constexpr std::string_view k_changed_postgres = R"sql(
alter table benchlake.inference_run add column changed bigint not null default 0;
)sql";

constexpr std::array k_migrations = {
    store::Migration{16, "inference_sweeps", k_sweeps_sqlite, k_sweeps_postgres},
    store::Migration{17, "inference_changed", k_changed_sqlite, k_changed_postgres},
};

}  // namespace

std::span<const store::Migration> migrations() {
  return k_migrations;
}

}  // namespace bl::inference
