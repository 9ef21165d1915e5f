// Comparisons in the legacy dialect, written without a tree: a page of runs has thousands of pairs,
// each with two results, and as trees they cost more than reading them did. Keys are sorted [3.1].
#include <cmath>

#include "base/numbers.h"
#include "results/legacy/json.h"
#include "results/legacy_encode.h"

namespace bl::results {
namespace {

using json::Writer;

void write_float(Writer& out, const char* name, const std::optional<double>& number) {
  out.key(name);
  if (number && std::isfinite(*number)) {
    out.raw(python_repr(*number));
  } else {
    out.null();
  }
}

void write_short_float(Writer& out, const char* name, const std::optional<double>& number) {
  write_float(out, name, number ? std::optional(round_significant(*number, 4)) : std::nullopt);
}

void write_samples(Writer& out, const char* name, const json::Array& samples) {
  out.key(name).begin_array();
  for (const json::Value& sample : samples) {
    if (sample.is_number()) {
      out.raw(python_repr(sample.as_double()));
    } else {
      out.null();
    }
  }
  out.end_array();
}

void write_document(Writer& out, const char* name, const json::Value& document) {
  out.key(name).raw(legacy::sorted_text(document));
}

void write_stats(Writer& out, const Stats& stats) {
  out.key("stats").begin_object();
  write_samples(out, "data", stats.data);
  write_float(out, "iqr", stats.iqr);
  out.member("iterations", stats.iterations);
  write_float(out, "max", stats.max);
  write_float(out, "mean", stats.mean);
  write_float(out, "median", stats.median);
  write_float(out, "min", stats.min);
  write_float(out, "q1", stats.q1);
  write_float(out, "q3", stats.q3);
  write_float(out, "stdev", stats.stdev);
  out.member("time_unit", stats.time_unit);
  write_samples(out, "times", stats.times);
  out.member("unit", stats.unit).end_object();
}

// The members of legacy::bare_result_of.
void write_result(Writer& out, const StoredResult& result) {
  out.key("result").begin_object().member("batch_id", result.batch_id);
  write_document(out, "change_annotations", result.change_annotations);
  out.member("commit_repo_url", result.repository);
  write_document(out, "error", result.error);
  out.member("history_fingerprint", result.history_fingerprint).member("id", result.id);
  write_document(out, "optional_benchmark_info", result.optional_benchmark_info);
  out.member("run_id", result.run_id).member("run_reason", result.run_reason);
  write_document(out, "run_tags", result.run_tags);
  write_stats(out, result.stats);
  out.member("timestamp", to_rfc3339_seconds(result.timestamp));
  write_document(out, "validation", result.validation);
  out.end_object();
}

void write_side(Writer& out, const char* name, const StoredResult* result,
                const CompareSide& side) {
  out.key(name);
  if (result == nullptr) {
    out.null();
    return;
  }
  const json::Value* language = result->context.find("benchmark_language");
  const bool is_named = language != nullptr && language->is_string();
  out.begin_object()
      .member("batch_id", result->batch_id)
      .member("benchmark_name", result->benchmark_case.name)
      .member("benchmark_result_id", result->id)
      .member("case_permutation", case_permutation(result->benchmark_case));
  write_document(out, "error", result->error);
  out.member("language", is_named ? std::string_view(language->as_string()) : "unknown");
  write_result(out, *result);
  out.member("run_id", result->run_id);
  write_short_float(out, "single_value_summary", side.summary.value);
  write_document(out, "tags", legacy::tags_of(result->benchmark_case));
  out.end_object();
}

void write_pairwise(Writer& out, const std::optional<verdict::Judged>& judged) {
  out.key("pairwise");
  if (!judged) {
    out.null();
    return;
  }
  out.begin_object().member("improvement_indicated", judged->improvement);
  write_short_float(out, "percent_change", judged->score);
  write_float(out, "percent_threshold", judged->threshold);
  out.member("regression_indicated", judged->regression).end_object();
}

void write_lookback(Writer& out, const std::optional<verdict::Judged>& judged) {
  out.key("lookback_z_score");
  if (!judged) {
    out.null();
    return;
  }
  out.begin_object()
      .member("improvement_indicated", judged->improvement)
      .member("regression_indicated", judged->regression);
  write_short_float(out, "z_score", judged->score);
  write_float(out, "z_threshold", judged->threshold);
  out.end_object();
}

// The series that both are of, or the only one there is.
std::optional<std::string_view> fingerprint_of(const StoredResult* baseline,
                                               const StoredResult* contender) {
  const StoredResult* any = contender != nullptr ? contender : baseline;
  if (any == nullptr) return std::nullopt;
  if (baseline != nullptr && baseline->history_fingerprint != any->history_fingerprint) {
    return std::nullopt;
  }
  return any->history_fingerprint;
}

void write_comparison(Writer& out, const LegacyComparison& comparison) {
  const auto& [baseline, contender, judged] = comparison;
  out.begin_object().key("analysis").begin_object();
  write_lookback(out, judged.lookback);
  write_pairwise(out, judged.pairwise);
  out.end_object();
  write_side(out, "baseline", baseline, judged.baseline);
  write_side(out, "contender", contender, judged.contender);
  out.member("history_fingerprint", fingerprint_of(baseline, contender))
      .member("less_is_better", judged.less_is_better)
      .member("unit", judged.unit)
      .end_object();
}

// A side that is not there has no value.
CompareSide side_or_none(const StoredResult* result, SummaryMode mode) {
  if (result != nullptr) return side_of(*result, mode);
  CompareSide none;
  none.failed = true;
  return none;
}

}  // namespace

std::string encode_legacy_comparison(const LegacyComparison& comparison) {
  std::string text;
  Writer out(text);
  write_comparison(out, comparison);
  return text;
}

std::string encode_legacy_run_comparison(const RunComparisonPage& page,
                                         const Thresholds& thresholds, SummaryMode mode) {
  const auto result_at = [&](std::size_t place) {
    return place == RunComparisonPage::k_absent ? nullptr : &page.results[place];
  };
  constexpr std::size_t k_pair_bytes = 2'400;
  std::string text;
  text.reserve(page.pairs.size() * k_pair_bytes);
  Writer out(text);
  out.begin_object().key("data").begin_array();
  for (const RunComparisonPage::Pair& pair : page.pairs) {
    const StoredResult* baseline = result_at(pair.baseline);
    const StoredResult* contender = result_at(pair.contender);
    CompareInput input;
    input.baseline = side_or_none(baseline, mode);
    input.contender = side_or_none(contender, mode);
    input.distribution = pair.distribution;
    const Comparison judged = compare(input, thresholds);
    write_comparison(out, {baseline, contender, judged});
  }
  out.end_array().key("metadata").begin_object();
  out.member("next_page_cursor", page.next_cursor).end_object().end_object();
  return text;
}

}  // namespace bl::results
