#include "results/replica_encode.h"

#include "base/json.h"

namespace bl::results {

std::string encode(const ReplicaRound& round) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("state", name_of(round.state))
      .member("exported", round.exported)
      .member("changes", round.changes)
      .member("rows", round.rows)
      .end_object();
  return text;
}

std::string encode(const ReplicaCheck& check) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("months", check.months)
      .member("rows", check.rows)
      .member("months_differ", check.months_differ)
      .member("found", check.found + check.small_rows_wrong)
      .member("repaired", check.repaired)
      .member("other_tables", check.small_rows_wrong);
  writer.key("findings").begin_array();
  for (const ReplicaFinding& one : check.findings) {
    writer.begin_object()
        .member("table", one.table)
        .member("what", name_of(one.kind))
        .member("month", one.month)
        .member("result_no", one.result_no)
        .member("result_id", one.result_id)
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

std::string encode(const RemovalProof& proof) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("gone", proof.is_gone())
      .member("files_read", proof.files)
      .member("files_removed", proof.files_removed);
  writer.key("held").begin_array();
  for (const std::string& key : proof.held) writer.value(key);
  writer.end_array().key("read").begin_array();
  for (const std::string& key : proof.read) writer.value(key);
  writer.end_array().end_object();
  return text;
}

std::string encode(const ReplicaStatus& status) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("place", status.place)
      .member("rows_behind", status.rows_behind)
      .member("seconds_behind", status.seconds_behind)
      .member("succeeded_at", status.succeeded_at
                                  ? std::optional<std::string>(to_rfc3339(*status.succeeded_at))
                                  : std::nullopt)
      .member("error",
              status.error.empty() ? std::nullopt : std::optional<std::string>(status.error))
      .end_object();
  return text;
}

}  // namespace bl::results
