// A page of whole results, without a tree. Members and order are those of legacy::bare_result_of
// and of a whole result [3.1].
#include "results/legacy/indented.h"
#include "results/legacy/json.h"
#include "results/legacy_encode.h"

namespace bl::results {
namespace {

using legacy::IndentedWriter;

void write_stats(IndentedWriter& out, const Stats& stats) {
  out.key("stats").begin_object();
  out.numbers("data", stats.data).numbers("times", stats.times);
  out.member("unit", stats.unit).member("time_unit", stats.time_unit);
  out.member("iterations", stats.iterations);
  out.number("min", stats.min).number("max", stats.max).number("mean", stats.mean);
  out.number("median", stats.median).number("stdev", stats.stdev);
  out.number("q1", stats.q1).number("q3", stats.q3).number("iqr", stats.iqr);
  out.end_object();
}

// Most results of a page share the document with the one before: it is written out once, and its
// text stands again.
class SharedText {
 public:
  explicit SharedText(std::string& out) : out_(out) {}
  template <class Make>
  void write(IndentedWriter& writer, const char* name, const std::string& id, Make&& make) {
    writer.key(name);
    if (size_ > 0 && id == id_) {
      const std::string text = out_.substr(at_, size_);
      writer.raw(text);
      return;
    }
    id_ = id;
    at_ = out_.size();
    writer.value(make());
    size_ = out_.size() - at_;
  }

 private:
  std::string& out_;
  std::string id_;
  std::size_t at_ = 0, size_ = 0;
};

void write_links(IndentedWriter& out, const StoredResult& result, std::string_view origin) {
  using legacy::link_to;
  out.key("links").begin_object();
  out.member("list", link_to(origin, "benchmarks"));
  out.member("self", legacy_result_link(result.id, origin));
  out.member("info", link_to(origin, "info", result.info_id));
  out.member("context", link_to(origin, "contexts", result.context_id));
  out.member("run", link_to(origin, "runs", result.run_id));
  out.end_object();
}

void write_bare_result(IndentedWriter& out, const StoredResult& result) {
  out.member("id", result.id).member("run_id", result.run_id);
  out.document("run_tags", result.run_tags).member("run_reason", result.run_reason);
  out.member("commit_repo_url", result.repository).member("batch_id", result.batch_id);
  out.member("history_fingerprint", result.history_fingerprint);
  out.member("timestamp", to_rfc3339_seconds(result.timestamp));
  out.document("optional_benchmark_info", result.optional_benchmark_info);
  out.document("validation", result.validation);
  out.document("change_annotations", result.change_annotations);
  write_stats(out, result.stats);
  out.document("error", result.error);
}

}  // namespace

std::string encode_legacy_results(const WholePage& page, std::string_view origin) {
  constexpr std::size_t k_result_bytes = 2'600;
  std::string text;
  text.reserve(page.results.size() * k_result_bytes);
  IndentedWriter out(text);
  SharedText commits(text), hardware(text);
  out.begin_object().key("data").begin_array();
  for (const StoredResult& result : page.results) {
    out.begin_object();
    write_bare_result(out, result);
    out.document("tags", legacy::tags_of(result.benchmark_case));
    commits.write(out, "commit", result.stored_commit ? result.stored_commit->id : "",
                  [&] { return legacy::commit_of(result.stored_commit); });
    hardware.write(out, "hardware", result.hardware_id,
                   [&] { return legacy::hardware_of(result.hardware_id, result.hardware); });
    write_links(out, result, origin);
    out.end_object();
  }
  std::optional<std::string> next;
  if (page.may_go_on) next = page.results.back().id;
  out.end_array().key("metadata").begin_object();
  out.member("next_page_cursor", next).end_object().end_object();
  return text;
}

}  // namespace bl::results
