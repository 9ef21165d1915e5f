#include <algorithm>

#include "base/json.h"
#include "base/utf8.h"
#include "inference/store/documents.h"
#include "inference/store/revision.h"
#include "inference/store_sweeps.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using store::Param;
using store::param_of;

struct NamedCount {
  const char* name;
  WriteCount Written::* count;
};
constexpr NamedCount k_counts[] = {{"points", &Written::points},
                                   {"evals", &Written::evals},
                                   {"stats", &Written::stats},
                                   {"changelogs", &Written::changelogs},
                                   {"configs", &Written::configs},
                                   {"server_logs", &Written::server_logs},
                                   {"gpu_metrics", &Written::gpu_metrics}};

struct NamedList {
  const char* name;
  std::vector<std::string> IngestReport::* list;
};
constexpr NamedList k_lists[] = {{"models", &IngestReport::models},
                                 {"hardware", &IngestReport::hardware},
                                 {"precisions", &IngestReport::precisions},
                                 {"new_metrics", &IngestReport::new_metrics}};

// Names come from archives: what is no UTF-8 is replaced, so that the report can be read.
std::string storable(std::string_view text) {
  std::string valid = valid_utf8(text);
  std::ranges::replace(valid, '\0', ' ');
  return valid;
}

std::string document_text(const IngestReport& report) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("written").begin_object();
  for (const auto& [name, count] : k_counts) {
    const WriteCount& one = report.written.*count;
    writer.key(name).begin_object();
    writer.member("added", one.added).member("changed", one.changed);
    writer.member("unchanged", one.unchanged).member("repeated", one.repeated);
    writer.end_object();
  }
  writer.end_object().key("skipped").begin_object();
  for (const auto& [reason, count] : report.skipped) writer.member(reason, count);
  writer.end_object().key("examples").begin_array();
  for (std::size_t i = 0; i < report.examples.size() && i < SkipTracker::k_examples_max; ++i) {
    const Skip& skip = report.examples[i];
    writer.begin_object().member("reason", static_cast<std::int64_t>(skip.reason));
    writer.member("path", storable(skip.path)).member("value", storable(skip.value)).end_object();
  }
  writer.end_array();
  for (const auto& [name, list] : k_lists) {
    writer.key(name).begin_array();
    for (const std::string& one : report.*list) writer.value(storable(one));
    writer.end_array();
  }
  writer.end_object();
  return text;
}

std::int64_t integer_of(const json::Value* value) {
  return value && value->is_number() ? value->as_int64().value_or(0) : 0;
}
std::string text_of(const json::Value* value) {
  return value && value->is_string() ? value->as_string() : "";
}

WriteCount count_of(const json::Value* value) {
  if (!value) return {};
  return {integer_of(value->find("added")), integer_of(value->find("changed")),
          integer_of(value->find("unchanged")), integer_of(value->find("repeated"))};
}

void read_examples(const json::Value& document, IngestReport& report) {
  const json::Value* examples = document.find("examples");
  if (!examples || !examples->is_array()) return;
  for (const json::Value& one : examples->items()) {
    const std::int64_t reason = integer_of(one.find("reason"));
    if (reason < 0 || reason >= static_cast<std::int64_t>(k_skip_reasons)) continue;
    report.examples.push_back(
        {static_cast<SkipReason>(reason), text_of(one.find("path")), text_of(one.find("value"))});
  }
}

void read_document(const json::Value& document, IngestReport& report) {
  if (const json::Value* written = document.find("written")) {
    for (const auto& [name, count] : k_counts) {
      report.written.*count = count_of(written->find(name));
    }
  }
  if (const json::Value* skipped = document.find("skipped"); skipped && skipped->is_object()) {
    for (const auto& [reason, count] : skipped->members()) {
      report.skipped.emplace(reason, integer_of(&count));
    }
  }
  read_examples(document, report);
  for (const auto& [name, list] : k_lists) {
    const json::Value* names = document.find(name);
    if (!names || !names->is_array()) continue;
    for (const json::Value& one : names->items()) (report.*list).push_back(text_of(&one));
  }
}

}  // namespace

Result<void> StoreSweepWriter::report(const IngestReport& report) {
  const std::string document = document_text(report);
  const std::string source = storable(report.source), submitter = storable(report.submitter);
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(
               store::both_dialects<
                   "insert into @inference_ingest_report (id, at, source, submitter, "
                   "github_run_id, attempt, document) values ($1, $2, $3, $4, $5, $6, $7)">(),
               {std::string_view(report.id), report.at.micros, std::string_view(source),
                std::string_view(submitter), param_of(report.github_run_id),
                param_of(report.attempt), std::string_view(document)}));
    BL_TRY([[maybe_unused]] const auto removed,
           connection.execute(
               store::both_dialects<
                   "delete from @inference_ingest_report where id in (select id from "
                   "@inference_ingest_report order by at desc, id desc limit 1000000 offset $1)">(),
               {std::int64_t{k_reports_kept}}));
    return count_revision(connection);
  });
}

Result<std::vector<IngestReport>> StoreSweepReader::reports(int limit) {
  if (limit < 1 || limit > SweepWriter::k_reports_kept) {
    return Error{Code::invalid, "limit must be from 1 to " +
                                    std::to_string(SweepWriter::k_reports_kept) + ": " +
                                    std::to_string(limit)};
  }
  std::vector<IngestReport> reports;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    reports.clear();
    return for_each_row(
        connection,
        store::both_dialects<"select id, at, source, submitter, github_run_id, attempt, document "
                             "from @inference_ingest_report order by at desc, id desc limit $1">(),
        {std::int64_t{limit}}, [&](const store::Row& row) -> Result<void> {
          IngestReport report;
          report.id = row.text(0);
          report.at.micros = row.integer(1);
          report.source = row.text(2);
          report.submitter = row.text(3);
          report.github_run_id = row.integer_or_null(4);
          report.attempt = row.integer_or_null(5);
          BL_TRY(const json::Value document, document_of(row, 6));
          read_document(document, report);
          reports.push_back(std::move(report));
          return {};
        });
  }));
  return reports;
}

}  // namespace bl::inference
