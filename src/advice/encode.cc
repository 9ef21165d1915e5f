#include "advice/encode.h"

#include "base/uri.h"

namespace bl::advice {
namespace {

using json::Writer;

void write_texts(Writer& out, const std::vector<std::string>& texts) {
  out.begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end_array();
}

void write_commit(Writer& out, const std::optional<CommitFacts>& commit) {
  if (!commit) {
    out.null();
    return;
  }
  out.begin_object()
      .member("sha", commit->sha)
      .member("subject", commit->subject)
      .member("author", commit->author)
      .end_object();
}

void write_place(Writer& out, const char* name, const std::optional<std::size_t>& place) {
  out.key(name);
  if (place) {
    out.value(static_cast<std::int64_t>(*place));
  } else {
    out.null();
  }
}

void write_finding(Writer& out, const Finding& finding) {
  out.begin_object()
      .member("kind", name_of(finding.kind))
      .member("name", finding.name)
      .member("tags", finding.tags)
      .member("unit", finding.unit)
      .member("percent", finding.percent)
      .member("percent_low", finding.percent_low)
      .member("percent_high", finding.percent_high)
      .member("confidence", finding.confidence)
      .key("since");
  write_commit(out, finding.since);
  out.member("repeats", finding.repeats);
  write_place(out, "group", finding.group);
  out.member("sentence", finding.sentence)
      .member("result_id", finding.result_id)
      .member("baseline_result_id", finding.baseline_result_id)
      .member("series_url", series_url_of(finding))
      .member("compare_url", compare_url_of(finding))
      .end_object();
}

void write_group(Writer& out, const Group& group) {
  out.begin_object()
      .member("cause", group.cause == Group::Cause::same_span ? "same_span" : "same_change")
      .member("percent", group.percent)
      .key("findings")
      .begin_array();
  for (const std::size_t place : group.findings) out.value(static_cast<std::int64_t>(place));
  out.end_array().member("sentence", group.sentence).end_object();
}

void write_span(Writer& out, const GrownSpan& span) {
  out.begin_object()
      .member("finding", static_cast<std::int64_t>(span.finding))
      .member("service", span.service)
      .member("name", span.name)
      .key("path");
  write_texts(out, span.path);
  out.member("before_ns", span.before_ns)
      .member("after_ns", span.after_ns)
      .member("shift_ns", span.shift_ns)
      .member("shift_low_ns", span.shift_low_ns)
      .member("shift_high_ns", span.shift_high_ns)
      .member("share", span.share)
      .key("base_traces");
  write_texts(out, span.base_traces);
  out.key("compare_traces");
  write_texts(out, span.compare_traces);
  out.end_object();
}

const char* name_of_source(Reproduction::Source source) {
  switch (source) {
    case Reproduction::Source::recorded:
      return "recorded";
    case Reproduction::Source::suggested:
      return "suggested";
    case Reproduction::Source::none:
      return "none";
  }
  BL_CHECK(false);
}

void write_command(Writer& out, const Reproduction& command) {
  out.begin_object()
      .member("command", command.command)
      .member("source", name_of_source(command.source))
      .member("sentence", command.sentence)
      .end_object();
}

void write_counts(Writer& out, const Counts& counts) {
  out.begin_object()
      .member("benchmarks", counts.benchmarks)
      .member("slower", counts.slower)
      .member("failed", counts.failed)
      .member("unsure", counts.unsure)
      .member("faster", counts.faster)
      .member("steady", counts.steady)
      .member("unknown", counts.unknown)
      .end_object();
}

void write_actions(Writer& out, const Comment& comment) {
  out.key("reproduce");
  write_command(out, comment.reproduce);
  out.key("repeats").begin_array();
  for (const Repeats& repeats : comment.repeats) {
    out.begin_object()
        .member("finding", static_cast<std::int64_t>(repeats.finding))
        .member("runs", repeats.runs)
        .member("sentence", repeats.sentence)
        .end_object();
  }
  out.end_array().key("next");
  if (comment.next) {
    write_command(out, *comment.next);
  } else {
    out.null();
  }
}

void write_gaps(Writer& out, const Comment& comment) {
  out.key("builds").begin_array();
  for (const FailedBuild& build : comment.builds) {
    out.begin_object()
        .member("id", build.id)
        .member("status", build.status)
        .member("sentence", build.sentence)
        .member("url", "/builds/" + percent_encode(build.id))
        .end_object();
  }
  out.end_array().key("unknown").begin_array();
  for (const Unknown& unknown : comment.unknown) {
    out.begin_object()
        .member("code", name_of(unknown.code))
        .member("sentence", unknown.sentence)
        .end_object();
  }
  out.end_array();
}

}  // namespace

std::string encode_comment(const Comment& comment) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("repository", comment.repository)
      .member("sha", comment.sha)
      .member("base_sha", comment.base_sha)
      .member("status", name_of(comment.status))
      .member("headline", comment.headline)
      .key("counts");
  write_counts(out, comment.counts);
  out.key("findings").begin_array();
  for (const Finding& finding : comment.findings) write_finding(out, finding);
  out.end_array().key("groups").begin_array();
  for (const Group& group : comment.groups) write_group(out, group);
  out.end_array().key("spans").begin_array();
  for (const GrownSpan& span : comment.spans) write_span(out, span);
  out.end_array();
  write_actions(out, comment);
  write_gaps(out, comment);
  out.member("page_url", page_url_of(comment))
      .member("report_url", comment.report_url)
      .end_object();
  return text;
}

std::string encode_posted(const PostedComment& posted) {
  std::string text;
  Writer(text)
      .begin_object()
      .member("outcome", name_of(posted.comment.outcome))
      .member("url", posted.comment.url)
      .member("check_url", posted.check_url)
      .end_object();
  return text;
}

}  // namespace bl::advice
