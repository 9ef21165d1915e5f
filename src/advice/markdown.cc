#include "advice/markdown.h"

#include <fmt/format.h>

#include "advice/sentences.h"
#include "base/markdown.h"
#include "base/terminal.h"

namespace bl::advice {
namespace {

/// A command in a fence that is longer than any run of backticks in it.
std::string fenced(const std::string& command) {
  std::size_t longest = 2, run = 0;
  for (const char c : command) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + "sh\n" + command + "\n" + fence + "\n";
}

std::string signed_percent(double percent) {
  return (percent < 0 ? "−" : "+") + percent_text(percent);
}

std::string link_of(const char* text, const std::string& path, const CommentStyle& style) {
  return style.base_url.empty() ? std::string()
                                : fmt::format(" · [{}]({}{})", text, style.base_url, path);
}

std::string commit_text(const CommitFacts& commit) {
  std::string text = "`" + markdown_escaped(short_sha(commit.sha)) + "`";
  if (!commit.subject.empty()) text += " “" + markdown_escaped(commit.subject) + "”";
  if (!commit.author.empty()) text += " (" + markdown_escaped(commit.author) + ")";
  return text;
}

std::string line_of(const Finding& finding, const CommentStyle& style) {
  std::string line = fmt::format("- **{}**", markdown_escaped(label_of(finding)));
  if (finding.kind == Kind::failed) {
    line += " failed";
    if (!finding.sentence.empty()) line += ": " + markdown_escaped(finding.sentence);
  } else {
    const bool is_sure = finding.kind != Kind::unsure;
    line += fmt::format(" {} by {}", is_sure ? name_of(finding.kind) : "may be slower",
                        percent_text(finding.percent.value_or(0)));
    if (finding.percent_low && finding.percent_high) {
      line += fmt::format(" ({} to {})", signed_percent(*finding.percent_low),
                          signed_percent(*finding.percent_high));
    }
    if (finding.since) line += " since " + commit_text(*finding.since);
    if (finding.confidence) line += ", " + confidence_text(*finding.confidence) + " sure";
  }
  line += link_of("history", series_url_of(finding), style);
  if (const auto compare = compare_url_of(finding)) line += link_of("compare", *compare, style);
  return line + "\n";
}

std::string time_text(double ns) {
  return human_value(std::abs(ns) / 1e9, "s");
}

std::string line_of(const GrownSpan& span) {
  std::string line = fmt::format(
      "  - span **{}** of {} takes {} longer ({} → {})", markdown_escaped(span.name),
      markdown_escaped(span.service), markdown_escaped(time_text(span.shift_ns)),
      markdown_escaped(time_text(span.before_ns)), markdown_escaped(time_text(span.after_ns)));
  if (span.share) line += fmt::format(": {:.0f} % of the slowdown", *span.share * 100);
  return line + "\n";
}

void append_findings(std::string& out, const Comment& comment, const CommentStyle& style) {
  const std::size_t shown = std::min(comment.findings.size(), style.findings_max);
  for (std::size_t i = 0; i < shown; ++i) {
    out += line_of(comment.findings[i], style);
    for (const GrownSpan& span : comment.spans) {
      if (span.finding == i) out += line_of(span);
    }
  }
  if (comment.findings.size() > shown)
    out += fmt::format("- and {} more\n", comment.findings.size() - shown);
  if (shown > 0) out += "\n";
}

void append_groups(std::string& out, const Comment& comment) {
  for (const Group& group : comment.groups) {
    out += "**Shared cause**: " + markdown_escaped(group.sentence) + ": ";
    for (std::size_t i = 0; i < group.findings.size(); ++i) {
      out += (i == 0 ? "" : "; ") + markdown_escaped(label_of(comment.findings[group.findings[i]]));
    }
    out += "\n\n";
  }
}

void append_command(std::string& out, const char* title, const Reproduction& command) {
  if (!command.command) return;
  out += fmt::format("**{}** ({}):\n\n{}\n", title, markdown_escaped(command.sentence),
                     fenced(*command.command));
}

template <class Items>
void append_list(std::string& out, const char* title, const Items& items) {
  if (items.empty()) return;
  out += fmt::format("**{}**\n\n", title);
  for (const auto& item : items) out += "- " + markdown_escaped(item.sentence) + "\n";
  out += "\n";
}

/// At the end of a line, so that no markup is cut in two.
std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  text.resize(text.rfind('\n', bytes_max) + 1);
  return text + "\n(cut: the page has the rest)\n";
}

}  // namespace

std::string to_markdown(const Comment& comment, const CommentStyle& style) {
  std::string out = fmt::format("### Performance: {}\n\n{}\n\n", name_of(comment.status),
                                markdown_escaped(comment.headline));
  append_findings(out, comment, style);
  append_groups(out, comment);
  append_command(out, "Reproduce", comment.reproduce);
  append_list(out, "To be sure", comment.repeats);
  if (comment.next) append_command(out, "Find the commit", *comment.next);
  append_list(out, "Not known", comment.unknown);
  out += fmt::format("{} benchmark{} at `{}`", comment.counts.benchmarks,
                     comment.counts.benchmarks == 1 ? "" : "s",
                     markdown_escaped(short_sha(comment.sha)));
  if (comment.base_sha) {
    out += fmt::format(" against `{}`", markdown_escaped(short_sha(*comment.base_sha)));
  }
  out += link_of("page", page_url_of(comment), style) +
         link_of("all results", comment.report_url, style) + "\n";
  return shortened(std::move(out), style.bytes_max);
}

}  // namespace bl::advice
