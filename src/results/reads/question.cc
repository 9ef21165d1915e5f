#include "results/reads/question.h"

#include <fmt/format.h>

#include "results/encode.h"

namespace bl::results::reads {
namespace {

using json::Value;
using json::Writer;

/// As a table: what can be asked, and how.
struct Method {
  ReadPort port;
  std::string_view name;
  std::size_t texts;  ///< at most
  Result<std::string> (*ask)(const Question& question, const Readers& readers);
};

void write_history(Writer& out, const History& history) {
  out.begin_object()
      .member("fingerprint", history.fingerprint)
      .member("repository", history.repository)
      .member("hardware_hash", history.hardware_hash)
      .key("answer")
      .raw(encode_history(history));
  out.key("points").begin_array();
  for (const HistoryPoint& point : history.points) {
    out.begin_array().value(point.run_id).value(point.info_id).end_array();
  }
  out.end_array().key("infos").begin_object();
  for (const auto& [id, info] : history.infos) out.member(id, info);
  out.end_object().end_object();
}

Result<std::string> ask_history(const Question& question, const Readers& readers) {
  BL_TRY(const History history, readers.history.history(question.texts.at(0)));
  std::string text;
  Writer out(text);
  write_history(out, history);
  return text;
}

Result<std::string> ask_details(const Question& question, const Readers& readers) {
  BL_TRY(const HistoryDetails details, readers.history.details(question.texts.at(0)));
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("case_id", details.case_id)
      .member("context_id", details.context_id)
      .key("times")
      .begin_object();
  for (const auto& [id, times] : details.times_jsons) out.member(id, times);
  out.end_object().end_object();
  return text;
}

Result<std::string> ask_fingerprint(const Question& question, const Readers& readers) {
  BL_TRY(const std::string fingerprint, readers.history.fingerprint_of(question.texts.at(0)));
  std::string text;
  Writer(text).value(fingerprint);
  return text;
}

void write_distribution(Writer& out, const verdict::Distribution& distribution) {
  out.begin_object()
      .member("mean", distribution.mean)
      .member("stddev", distribution.stddev)
      .end_object();
}

void write_side(Writer& out, const CompareSide& side) {
  out.begin_object()
      .member("result_id", side.result_id)
      .member("run_id", side.run_id)
      .member("history_fingerprint", side.history_fingerprint)
      .member("unit", side.unit)
      .member("value", side.summary.value)
      .member("type", side.summary.type)
      .member("failed", side.failed)
      .end_object();
}

Result<std::string> ask_compare(const Question& question, const Readers& readers) {
  BL_TRY(const CompareInput input,
         readers.compare.compare(question.texts.at(0), question.texts.at(1)));
  std::string text;
  Writer out(text);
  out.begin_object().key("baseline");
  write_side(out, input.baseline);
  out.key("contender");
  write_side(out, input.contender);
  out.key("distribution");
  write_distribution(out, input.distribution);
  out.end_object();
  return text;
}

Result<std::string> ask_distribution(const Question& question, const Readers& readers) {
  BL_TRY(const verdict::Distribution distribution,
         readers.compare.distribution(question.texts.at(0), question.texts.at(1)));
  std::string text;
  Writer out(text);
  write_distribution(out, distribution);
  return text;
}

Result<std::string> ask_series(const Question& question, const Readers& readers) {
  BL_TRY(const SeriesPage page, readers.health.series(question.series));
  return encode_series(page);
}

Result<std::string> ask_facts(const Question&, const Readers& readers) {
  BL_TRY(const Facts facts, readers.health.facts());
  return encode_facts(facts, "");
}

Result<std::string> ask_search(const Question& question, const Readers& readers) {
  BL_TRY(const std::vector<SearchHit> hits,
         readers.health.search(question.texts.at(0), question.count));
  std::string text;
  Writer out(text);
  out.begin_array();
  for (const SearchHit& hit : hits) {
    out.begin_array().value(hit.kind).value(hit.title).value(hit.detail).value(hit.href);
    out.end_array();
  }
  out.end_array();
  return text;
}

Result<std::string> ask_results(const Question& question, const Readers& readers) {
  BL_TRY(const std::vector<ResultRow> rows, readers.runs.results(question.results));
  return encode_results(rows, std::nullopt);
}

void write_result(Writer& out, const StoredResult& result, SummaryMode mode) {
  out.begin_object()
      .member("case_id", result.case_id)
      .member("context_id", result.context_id)
      .member("info_id", result.info_id)
      .member("hardware_id", result.hardware_id)
      .member("hardware_hash", result.hardware_hash)
      .key("answer")
      .raw(encode_result(result, mode))
      .end_object();
}

Result<std::string> ask_whole_results(const Question& question, const Readers& readers) {
  BL_TRY(const WholePage page, readers.runs.whole_results(question.results));
  std::string text;
  Writer out(text);
  out.begin_object().member("may_go_on", page.may_go_on).key("results").begin_array();
  for (const StoredResult& result : page.results) write_result(out, result, readers.mode);
  out.end_array().end_object();
  return text;
}

Result<std::string> ask_result(const Question& question, const Readers& readers) {
  BL_TRY(const StoredResult result, readers.runs.result(question.texts.at(0)));
  std::string text;
  Writer out(text);
  write_result(out, result, readers.mode);
  return text;
}

Result<std::string> ask_recent_runs(const Question& question, const Readers& readers) {
  std::optional<std::string> repository;
  if (!question.texts.empty()) repository = question.texts.front();
  BL_TRY(const std::vector<RunRow> runs, readers.runs.recent_runs(repository, question.count));
  std::string text;
  Writer out(text);
  out.begin_object().key("answer").raw(encode_recent_runs(runs, {}, WithAttention::yes));
  out.key("runs").begin_array();
  for (const RunRow& run : runs) {
    out.begin_array()
        .value(run.run_id)
        .value(run.latest_result_id)
        .value(run.latest_batch_id)
        .value(run.batch_count)
        .value(run.result_count)
        .value(run.error_count)
        .value(run.series_count)
        .value(run.regressed_count)
        .value(run.improved_count)
        .value(run.stable_count)
        .value(run.insufficient_count)
        .end_array();
  }
  out.end_array().end_object();
  return text;
}

Result<std::string> ask_repositories(const Question&, const Readers& readers) {
  BL_TRY(const std::vector<std::string> repositories, readers.runs.repositories());
  std::string text;
  Writer out(text);
  out.begin_array();
  for (const std::string& one : repositories) out.value(one);
  out.end_array();
  return text;
}

constexpr std::array k_methods{
    Method{ReadPort::history, "history", 1, ask_history},
    Method{ReadPort::history, "details", 1, ask_details},
    Method{ReadPort::history, "fingerprint_of", 1, ask_fingerprint},
    Method{ReadPort::compare, "compare", 2, ask_compare},
    Method{ReadPort::compare, "distribution", 2, ask_distribution},
    Method{ReadPort::health, "series", 0, ask_series},
    Method{ReadPort::health, "facts", 0, ask_facts},
    Method{ReadPort::health, "search", 1, ask_search},
    Method{ReadPort::runs, "results", 0, ask_results},
    Method{ReadPort::runs, "whole_results", 0, ask_whole_results},
    Method{ReadPort::runs, "result", 1, ask_result},
    Method{ReadPort::runs, "recent_runs", 1, ask_recent_runs},
    Method{ReadPort::runs, "repositories", 0, ask_repositories},
};

const Method* method_of(const Question& question) {
  for (const Method& method : k_methods) {
    if (method.port == question.port && method.name == question.method) return &method;
  }
  return nullptr;
}

/// A member that is there when the value is.
template <class T>
void write_some(Writer& out, std::string_view name, const std::optional<T>& value) {
  if (value) out.member(name, *value);
}

std::optional<std::int64_t> micros_of(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return time->micros;
}

std::optional<std::string> text_at(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

std::optional<std::int64_t> integer_at(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_int64();
}

std::optional<Timestamp> time_at(const Value& object, std::string_view key) {
  const auto micros = integer_at(object, key);
  if (!micros) return std::nullopt;
  return Timestamp{*micros};
}

void write_filter(Writer& out, const ResultFilter& filter) {
  out.begin_object();
  write_some(out, "run_id", filter.run_id);
  write_some(out, "batch_id", filter.batch_id);
  write_some(out, "run_reason", filter.run_reason);
  write_some(out, "earliest", micros_of(filter.earliest));
  write_some(out, "latest", micros_of(filter.latest));
  write_some(out, "before_id", filter.before_id);
  write_some(out, "from_id", filter.from_id);
  out.member("page_size", filter.page_size).end_object();
}

ResultFilter result_filter_of(const Value& object) {
  ResultFilter filter;
  filter.run_id = text_at(object, "run_id");
  filter.batch_id = text_at(object, "batch_id");
  filter.run_reason = text_at(object, "run_reason");
  filter.earliest = time_at(object, "earliest");
  filter.latest = time_at(object, "latest");
  filter.before_id = text_at(object, "before_id");
  filter.from_id = text_at(object, "from_id");
  filter.page_size = static_cast<int>(integer_at(object, "page_size").value_or(filter.page_size));
  return filter;
}

void write_filter(Writer& out, const SeriesFilter& filter) {
  out.begin_object();
  write_some(out, "text", filter.text);
  write_some(out, "hardware", filter.hardware);
  write_some(out, "repository", filter.repository);
  write_some(out, "fingerprint", filter.fingerprint);
  write_some(out, "active_since", micros_of(filter.active_since));
  write_some(out, "active_until", micros_of(filter.active_until));
  if (filter.status) out.member("status", static_cast<std::int64_t>(*filter.status));
  out.member("sort", static_cast<std::int64_t>(filter.sort))
      .member("cursor", filter.cursor)
      .member("page_size", filter.page_size)
      .end_object();
}

Result<SeriesFilter> series_filter_of(const Value& object) {
  SeriesFilter filter;
  filter.text = text_at(object, "text");
  filter.hardware = text_at(object, "hardware");
  filter.repository = text_at(object, "repository");
  filter.fingerprint = text_at(object, "fingerprint");
  filter.active_since = time_at(object, "active_since");
  filter.active_until = time_at(object, "active_until");
  const std::int64_t status = integer_at(object, "status").value_or(0);
  const std::int64_t sort = integer_at(object, "sort").value_or(0);
  if (status < 0 || status > static_cast<std::int64_t>(SeriesStatus::improved) || sort < 0 ||
      sort > static_cast<std::int64_t>(SeriesFilter::Sort::change)) {
    return Error{Code::corrupt, fmt::format("no status or no sort: {}, {}", status, sort)};
  }
  if (object.find("status") != nullptr) filter.status = static_cast<SeriesStatus>(status);
  filter.sort = static_cast<SeriesFilter::Sort>(sort);
  filter.cursor = text_at(object, "cursor").value_or("");
  filter.page_size = static_cast<int>(integer_at(object, "page_size").value_or(filter.page_size));
  return filter;
}

}  // namespace

std::string text_of(const Question& question) {
  std::string text;
  Writer out(text);
  out.begin_object().member("port", name_of(question.port)).member("method", question.method);
  if (!question.texts.empty()) {
    out.key("texts").begin_array();
    for (const std::string& one : question.texts) out.value(one);
    out.end_array();
  }
  if (question.count != 0) out.member("count", question.count);
  if (question.method == "results" || question.method == "whole_results") {
    out.key("filter");
    write_filter(out, question.results);
  } else if (question.method == "series") {
    out.key("filter");
    write_filter(out, question.series);
  }
  out.end_object();
  return text;
}

Result<Question> parse_question(std::string_view text) {
  BL_TRY(const Value document, json::parse(text));
  Question question;
  const auto port = read_port_of(text_at(document, "port").value_or(""));
  question.port = port.value_or(ReadPort::history);
  question.method = text_at(document, "method").value_or("");
  question.count = static_cast<int>(integer_at(document, "count").value_or(0));
  if (const Value* texts = document.find("texts"); texts != nullptr && texts->is_array()) {
    for (const Value& one : texts->items()) {
      if (one.is_string()) question.texts.push_back(one.as_string());
    }
  }
  if (const Value* filter = document.find("filter"); filter != nullptr) {
    question.results = result_filter_of(*filter);
    BL_TRY(question.series, series_filter_of(*filter));
  }
  const Method* method = method_of(question);
  const bool has_texts =
      method != nullptr && (question.texts.size() == method->texts ||
                            (question.method == "recent_runs" && question.texts.empty()));
  if (!port || !has_texts) {
    return Error{Code::corrupt, "no question to a reader: " + std::string(text)};
  }
  return question;
}

Subject subject_of(const Question& question) {
  Subject subject;
  if (question.method == "history" || question.method == "details") {
    subject.fingerprint = question.texts.at(0);
  } else if (question.method == "distribution") {
    subject.result_ids = {question.texts.at(0)};
    subject.fingerprint = question.texts.at(1);
  } else if (question.method == "compare" || question.method == "fingerprint_of" ||
             question.method == "result") {
    subject.result_ids = question.texts;
  } else if (question.method == "results" || question.method == "whole_results") {
    subject.run_id = question.results.run_id;
    subject.batch_id = question.results.batch_id;
  }
  return subject;
}

bool is_answer(const Error& error) {
  switch (error.code) {
    case Code::malformed:
    case Code::invalid:
    case Code::not_found:
    case Code::conflict:
    case Code::too_large:
      return true;
    default:
      return false;
  }
}

Result<std::string> answer_of(const Question& question, const Readers& readers) {
  const Method* method = method_of(question);
  if (method == nullptr) return Error{Code::internal, "no method of a reader: " + question.method};
  auto answer = method->ask(question, readers);
  if (answer.ok() || !is_answer(answer.error())) return answer;
  std::string text;
  Writer(text)
      .begin_object()
      .member("error", bl::name_of(answer.error().code))
      .member("message", answer.error().message)
      .end_object();
  return text;
}

}  // namespace bl::results::reads
