#include "conbench/old_database.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "base/time.h"

namespace bl::conbench {
namespace {

// Order of columns as the migrations left it, or, `shuffled`, as the program itself makes them.
std::string tables(bool shuffled) {
  const std::string positive =
      shuffled ? ", check (mean >= 0), check (min >= 0), check (max >= 0), check (stdev >= 0)" : "";
  const std::string facts_first =
      "id varchar(50) not null, case_id varchar(50) not null, "
      "context_id varchar(50) not null, run_id text not null, ";
  const std::string facts_rest =
      "unit text, time_unit text, batch_id text, timestamp timestamp not null, iterations integer, "
      "min numeric, max numeric, mean numeric, median numeric, stdev numeric, q1 numeric, "
      "q3 numeric, iqr numeric, info_id varchar(50) not null, error jsonb, data numeric[], "
      "times numeric[], validation jsonb, optional_benchmark_info jsonb, change_annotations jsonb, "
      "run_tags jsonb not null, run_reason text, commit_id varchar(50), "
      "hardware_id varchar(50) not null, commit_repo_url text not null, "
      "history_fingerprint text not null";
  return "create table \"case\" (id varchar(50) not null constraint case_pkey primary key, "
         "name text not null, tags jsonb not null); "
         "create unique index case_index on \"case\" (name, tags); "
         "create table context (id varchar(50) not null constraint context_pkey primary key, "
         "tags jsonb not null); create unique index context_index on context (tags); "
         "create table info (id varchar(50) not null constraint info_pkey primary key, "
         "tags jsonb not null); "
         "create table hardware (id varchar(50) not null constraint hardware_pkey primary key, "
         "name text not null, architecture_name text, kernel_name text, os_name text, "
         "os_version text, cpu_model_name text, cpu_l1d_cache_bytes integer, "
         "cpu_l1i_cache_bytes integer, cpu_l2_cache_bytes integer, cpu_l3_cache_bytes integer, "
         "cpu_core_count integer, cpu_thread_count integer, cpu_frequency_max_hz bigint, "
         "memory_bytes bigint, gpu_count integer, gpu_product_names text[], "
         "type varchar(50) not null, info jsonb, optional_info jsonb, hash varchar(1000) not "
         "null); "
         "create unique index hardware_index on hardware (name, architecture_name, kernel_name, "
         "os_name, os_version, cpu_model_name, cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, "
         "cpu_l2_cache_bytes, cpu_l3_cache_bytes, cpu_core_count, cpu_thread_count, "
         "cpu_frequency_max_hz, memory_bytes, gpu_count, gpu_product_names); "
         "create table \"commit\" (id varchar(50) not null constraint commit_pkey primary key, "
         "sha varchar(50) not null, parent varchar(50), repository varchar(300) not null, "
         "message varchar(250) not null, author_name varchar(100) not null, "
         "author_login varchar(50), author_avatar varchar(100), timestamp timestamp, "
         "branch varchar(510), fork_point_sha varchar(50)); "
         "create unique index commit_index on \"commit\" (sha, repository); "
         "create table benchmark_result (" +
         (shuffled ? facts_rest + ", " + facts_first : facts_first + facts_rest + ", ") +
         "constraint benchmark_result_pkey primary key (id), "
         "constraint benchmark_result_case_id_fkey foreign key (case_id) references \"case\" (id), "
         "constraint benchmark_result_context_id_fkey foreign key (context_id) references context "
         "(id), constraint benchmark_result_info_id_fkey foreign key (info_id) references info "
         "(id), "
         "constraint benchmark_result_commit_id_fkey foreign key (commit_id) references \"commit\" "
         "(id), constraint benchmark_result_hardware_id_fkey foreign key (hardware_id) references "
         "hardware (id)" +
         positive +
         "); "
         "create index benchmark_result_batch_id_index on benchmark_result (batch_id); "
         "create index benchmark_result_case_id_index on benchmark_result (case_id); "
         "create index benchmark_result_commit_id_index on benchmark_result (commit_id); "
         "create index benchmark_result_context_id_index on benchmark_result (context_id); "
         "create index benchmark_result_history_fingerprint_index on benchmark_result "
         "(history_fingerprint); "
         "create index benchmark_result_info_id_index on benchmark_result (info_id); "
         "create index benchmark_result_run_id_index on benchmark_result (run_id); "
         "create index benchmark_result_timestamp_index on benchmark_result (timestamp); "
         "create index benchmark_result_id_idx on benchmark_result (id) "
         "where timestamp >= '2023-06-03 00:00:00'; "
         "create index benchmark_result_run_reason_id_idx on benchmark_result (run_reason, id) "
         "where timestamp >= '2023-06-03 00:00:00'; "
         "create index benchmark_result_run_id_timestamp_idx on benchmark_result "
         "(run_id, timestamp) where timestamp >= '2023-11-19 00:00:00'; "
         "create table \"user\" (id varchar(50) not null constraint user_pkey primary key, "
         "email varchar(120) not null, name varchar(120) not null, password varchar(128) not "
         "null); "
         "create unique index ix_user_email on \"user\" (email); ";
}

constexpr const char* k_added_tables =
    "create table api_token (id varchar(50) primary key, "
    "user_id varchar(50) not null references \"user\" (id), name text not null, "
    "token_hash text not null constraint api_token_token_hash_key unique, "
    "token_prefix text not null, created_at timestamp not null, last_used_at timestamp, "
    "revoked_at timestamp); "
    "create table cli_login_code (code_hash text primary key, "
    "user_id varchar(50) not null references \"user\" (id), created_at timestamp not null, "
    "expires_at timestamp not null, redeemed_at timestamp); "
    "create index cli_login_code_expires_at_index on cli_login_code (expires_at); "
    "create table alert_rule (id varchar(50) primary key, "
    "user_id varchar(50) not null references \"user\" (id), name text not null, "
    "repository text not null, baseline text not null, threshold double precision not null, "
    "threshold_z double precision not null, run_reason text, enabled boolean not null default "
    "true, "
    "state text not null default 'inactive', created_at timestamp not null, "
    "updated_at timestamp not null, last_evaluated_at timestamp); "
    "create index alert_rule_enabled_repository_index on alert_rule (enabled, repository); "
    "create index alert_rule_user_id_index on alert_rule (user_id); "
    "create table alert_event (id varchar(50) primary key, rule_id varchar(50) not null "
    "references alert_rule (id) on delete cascade, kind text not null, status text not null, "
    "status_reason text not null, run_id text, commit_sha text, report_url text not null, "
    "summary jsonb not null, created_at timestamp not null, repository text not null); "
    "create index alert_event_rule_created_index on alert_event (rule_id, created_at desc, id "
    "desc); "
    "create table alert_delivery (id varchar(50) primary key, event_id varchar(50) not null "
    "references alert_event (id) on delete cascade, channel text not null, target text not null, "
    "status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')), "
    "attempt_count integer not null default 0, last_attempt_at timestamp, "
    "next_attempt_at timestamp, delivered_at timestamp, last_error text, "
    "created_at timestamp not null, updated_at timestamp not null, "
    "constraint alert_delivery_event_channel_target_key unique (event_id, channel, target)); "
    "create index alert_delivery_channel_status_next_attempt_index on alert_delivery "
    "(channel, status, next_attempt_at, created_at, id); "
    "create index alert_delivery_event_id_index on alert_delivery (event_id); ";

constexpr const char* k_submission_columns =
    "alter table benchmark_result add column submission_key text, "
    "add column submission_payload_sha256 text; "
    "alter table benchmark_result add constraint benchmark_result_submission_idempotency_check "
    "check ((submission_key is null and submission_payload_sha256 is null) or (submission_key is "
    "not null and submission_payload_sha256 is not null and submission_payload_sha256 ~ "
    "'^[0-9a-f]{64}$')); "
    "create unique index benchmark_result_submission_key_index on benchmark_result "
    "(submission_key) where submission_key is not null; ";

std::string alembic(const char* revision) {
  return fmt::format(
      "create table alembic_version (version_num varchar(32) not null, constraint "
      "alembic_version_pkc primary key (version_num)); "
      "insert into alembic_version values ('{}'); ",
      revision);
}

std::string schema_text(Schema schema) {
  switch (schema) {
    case Schema::legacy:
      return tables(false) + alembic("99895af5dae2");
    case Schema::interim:
      return tables(false) + k_added_tables + alembic("9d5f3c1a7b2e");
    case Schema::renewed:
      return tables(false) + k_added_tables + k_submission_columns +
             "create table schema_migrations (version bigint primary key, dirty boolean not null); "
             "insert into schema_migrations values (2, false); ";
    case Schema::self_created:
      break;
  }
  return tables(true);
}

}  // namespace

OldDatabase::OldDatabase(Schema schema) : name_(server_.create_database()) {
  run(schema_text(schema));
}

OldDatabase::~OldDatabase() {
  server_.drop_database(name_);
}

std::string OldDatabase::uri() const {
  return server_.uri(name_);
}

std::string OldDatabase::read_only_uri() {
  const std::string role = "reader_of_" + name_;
  run(fmt::format(
      "do $$ begin if not exists (select 1 from pg_roles where rolname = '{0}') then "
      "create role \"{0}\" login; end if; end $$; "
      "grant usage on schema public to \"{0}\"; "
      "grant select on all tables in schema public to \"{0}\"; "
      "do $$ begin if exists (select 1 from pg_namespace where nspname = 'benchlake') then "
      "grant usage on schema benchlake to \"{0}\"; "
      "grant select on all tables in schema benchlake to \"{0}\"; end if; end $$",
      role));
  std::string uri = server_.uri(name_);
  const std::size_t user = uri.find("//") + 2;
  return uri.replace(user, uri.find('@') - user, role);
}

std::string OldDatabase::run(const std::string& sql) const {
  return server_.run(name_, sql);
}

std::string id_at(int second, int number) {
  const Timestamp time{1'722'513'600'000'000 + second * std::int64_t{1'000'000}};
  std::string id = id_floor(time);
  const std::string end = fmt::format("{:012x}", number);
  return id.replace(20, 12, end);
}

void OldDatabase::add_dimensions() {
  run("insert into \"case\" values ('case-1', 'sort', '{\"n\": \"100\"}'), ('case-2', 'odd', "
      "'[]'); "
      "insert into context values ('context-1', '{\"os\": \"linux\"}'), ('context-2', 'null'); "
      "insert into info values ('info-1', '{\"a\": 1}'), ('info-2', '{\"a\": 1}'), "
      "('info-3', 'null'); "
      "insert into hardware (id, name, cpu_core_count, cpu_thread_count, memory_bytes, gpu_count, "
      "gpu_product_names, type, hash) values ('hardware-1', 'm1', 2, 4, 17179869184, 0, '{}', "
      "'machine', 'm1-0-2-4-17179869184'); "
      // From the old table of machines: nothing but a name.
      "insert into hardware (id, name, type, hash) values ('hardware-2', 'old', 'machine', "
      "'old-None-None-None-None'); "
      "insert into hardware (id, name, type, info, optional_info, hash) values ('hardware-3', "
      "'cl', "
      "'cluster', '{\"a\": [1, 2], \"b\": 2}', 'null', 'cl-a81c5444fbf095a1a5001299859fbe87'); "
      "insert into \"commit\" (id, sha, repository, message, author_name, timestamp, branch, "
      "fork_point_sha) values "
      "('commit-1', 'aaaa', 'https://github.com/org/repo', 'one', 'me', '2024-08-01 10:00:00', "
      "'org:main', 'aaaa'), "
      "('commit-2', 'bbbb', 'https://github.com/org/repo', 'two', 'me', '2024-08-02 10:00:00', "
      "'org:main', 'bbbb'), "
      // Unknown to GitHub; of no repository; of something that is no address.
      "('commit-3', 'cccc', 'https://github.com/org/repo', '', '', null, null, null), "
      "('commit-4', '', '', '', '', null, null, null), "
      "('commit-5', 'dddd', 'org/repo', 'old', 'me', '2022-01-01 00:00:00', null, 'dddd')");
}

void OldDatabase::add(const Row& row) {
  run(fmt::format(
      "insert into benchmark_result (id, case_id, context_id, run_id, unit, time_unit, batch_id, "
      "timestamp, iterations, min, max, mean, median, stdev, q1, q3, iqr, info_id, error, data, "
      "times, validation, optional_benchmark_info, change_annotations, run_tags, run_reason, "
      "commit_id, hardware_id, commit_repo_url, history_fingerprint) values ('{}', 'case-1', "
      "'context-1', '{}', 's', 's', 'batch-1', '{}', 1, 1, 3, 2, 2, 1, 1.5, 2.5, 1, 'info-1', "
      "null, "
      "'{{1,2,3}}', '{{}}', 'null', 'null', '{{}}', '{{\"name\": \"nightly\"}}', 'nightly', {}, "
      "'hardware-1', 'https://github.com/org/repo', '{}')",
      row.id, row.run_id, row.timestamp, row.commit_id.empty() ? "null" : "'" + row.commit_id + "'",
      row.fingerprint));
  if (!row.more.empty())
    run(fmt::format("update benchmark_result set {} where id = '{}'", row.more, row.id));
}

std::vector<std::string> OldDatabase::add_odd_rows() {
  struct Odd {
    const char* more;
    const char* commit_id = "commit-1";
  };
  // One row of one shape each.
  const std::vector<Odd> shapes = {
      {"unit = null"},
      {"unit = ''"},
      {"unit = 'b/s'"},
      {"unit = 'bananas'"},
      {"mean = null"},
      {"mean = null, min = null, max = null"},
      {"data = null, times = null"},
      {"data = '{}'"},
      {"data = '{1,null,3}', error = '{\"status\": \"Partial result\"}'"},
      {"data = '{NaN}', mean = 'NaN'"},
      {"mean = 1e400, min = 1e400, max = 1e400, data = '{1e400}'"},
      {"mean = 1e-400, min = -1e-400, max = 1e-400, data = '{1e-400,-1e-400,2}'"},
      {"mean = null, min = null, max = null, data = '{1e-400}'"},
      {"data = '{-1}', mean = -1, min = null, max = null"},
      {"error = 'null'"},
      {"error = '\"text\"'"},
      {"error = '[]', data = null, unit = null"},
      {"validation = null, optional_benchmark_info = null, change_annotations = null"},
      {"change_annotations = 'null'"},
      {"change_annotations = '[1]'"},
      {"change_annotations = '{\"begins_distribution_change\": true}'"},
      {"run_tags = '[]'"},
      {"run_tags = 'null'"},
      {"run_tags = '{\"name\": null, \"n\": 1}'"},
      {"run_reason = null"},
      {"batch_id = null"},
      {"run_id = ''"},
      {"run_id = 'a/b c?d%e\\u00e9'"},
      {"commit_repo_url = ''", "commit-4"},
      {"commit_repo_url = 'org/repo'", "commit-5"},
      {"commit_repo_url = 'file:///tmp/x y'", ""},
      {"timestamp = '2020-01-01 00:00:00', commit_id = null"},
      {"timestamp = '0001-01-01 00:00:00'"},
      {"timestamp = '9999-12-31 23:59:59.999999'"},
      {"case_id = 'case-2', history_fingerprint = 'fp-case'"},
      {"context_id = 'context-2', history_fingerprint = 'fp-context'"},
      {"info_id = 'info-3'"},
      {"hardware_id = 'hardware-2', history_fingerprint = 'fp-old'"},
      {"hardware_id = 'hardware-3', history_fingerprint = 'fp-cluster'"},
      {"history_fingerprint = ''"},
      {"iterations = -1, time_unit = null, times = '{NULL}'"},
      {"mean = 1", "commit-3"},
  };
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    // Every third is from before 2023-06-03: a random id.
    const std::string id = i % 3 == 0 ? fmt::format("{:08x}9b3c4f1e8d7a{:012x}", 0xf00d0000u + i, i)
                                      : id_at(static_cast<int>(i), static_cast<int>(i));
    add({.id = id,
         .commit_id = shapes[i].commit_id,
         .fingerprint = "fp-odd",
         .more = shapes[i].more});
    ids.push_back(id);
  }
  return ids;
}

}  // namespace bl::conbench
