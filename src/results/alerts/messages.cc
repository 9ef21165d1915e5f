#include "results/alerts/messages.h"

#include <fmt/format.h>

#include "base/json.h"

namespace bl::results {
namespace {

constexpr std::size_t k_sha_shown = 12;

std::string_view what_happened(std::string_view kind) {
  if (kind == "opened") return "regression";
  if (kind == "resolved") return "resolved";
  if (kind == "improved") return "improvement";
  return kind;
}

// One line of what a client once said: what ends lines becomes a blank.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

std::int64_t count_of(const json::Value& summary, const char* name) {
  const json::Value* count = summary.find(name);
  if (count == nullptr || !count->is_number()) return 0;
  return count->as_int64().value_or(0);
}

/// `3 regressions, 1 improvement among 120 results`
std::string counts_of(const AlertEvent& event) {
  const auto summary = json::parse(event.summary_json);
  if (!summary.ok()) return {};
  const auto named = [&](const char* key, const char* one) {
    const std::int64_t count = count_of(*summary, key);
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
  };
  std::string text = named("regressions", "regression") + ", " +
                     named("improvements", "improvement") + " among " +
                     named("contender_results", "result");
  if (count_of(*summary, "benchmark_errors") > 0) {
    text += ", " + named("benchmark_errors", "benchmark error");
  }
  return text;
}

std::string short_sha(const AlertEvent& event) {
  return event.commit_sha ? one_line(event.commit_sha->substr(0, k_sha_shown)) : "";
}

// Slack reads these three in any text.
std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : one_line(text)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

// Neither markup nor a mention of somebody comes from a name.
std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : one_line(text)) {
    if (std::string_view("\\`*_{}[]<>()#+-.!|~@:").find(c) != std::string_view::npos) out += '\\';
    out += c;
    if (c == '@') out += "\u200b";
  }
  return out;
}

}  // namespace

std::string report_link(const AlertEvent& event, std::string_view base_url) {
  const bool is_path = event.report_url.starts_with('/');
  return is_path ? std::string(base_url).append(event.report_url) : event.report_url;
}

std::string alert_title(const AlertDelivery& delivery) {
  return fmt::format("[benchlake] {}: {} ({})", what_happened(delivery.event.kind),
                     one_line(delivery.rule_name), one_line(delivery.event.repository));
}

std::string webhook_body(const AlertDelivery& delivery, std::string_view base_url) {
  const AlertEvent& event = delivery.event;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("delivery_id", delivery.id).member("channel", delivery.channel);
  writer.key("event")
      .begin_object()
      .member("id", event.id)
      .member("rule_id", event.rule_id)
      .member("kind", event.kind)
      .member("status", event.status)
      .member("status_reason", event.status_reason)
      .member("run_id", event.run_id)
      .member("commit_sha", event.commit_sha)
      .member("repository", event.repository)
      .member("report_url", report_link(event, base_url));
  writer.key("summary").raw(event.summary_json.empty() ? "{}" : event.summary_json);
  writer.member("created_at", to_rfc3339(event.created_at)).end_object().end_object();
  return text;
}

std::string slack_body(const AlertDelivery& delivery, std::string_view base_url) {
  const AlertEvent& event = delivery.event;
  std::string message =
      fmt::format("*{}*\n{}\n{}", slack_escaped(alert_title(delivery)),
                  slack_escaped(event.status_reason), slack_escaped(counts_of(event)));
  if (event.run_id) message += "\nrun " + slack_escaped(*event.run_id);
  if (event.commit_sha) message += ", commit " + slack_escaped(short_sha(event));
  message += "\n" + slack_escaped(report_link(event, base_url));
  std::string text;
  json::Writer(text).begin_object().member("text", message).end_object();
  return text;
}

std::string mail_text(const AlertDelivery& delivery, std::string_view base_url) {
  const AlertEvent& event = delivery.event;
  std::string text =
      fmt::format("{}\n{}\n\nrule:       {}\nrepository: {}\n", one_line(event.status_reason),
                  counts_of(event), one_line(delivery.rule_name), one_line(event.repository));
  if (event.run_id) text += fmt::format("run:        {}\n", one_line(*event.run_id));
  if (event.commit_sha) text += fmt::format("commit:     {}\n", one_line(*event.commit_sha));
  text += fmt::format("at:         {}\n\n{}\n", to_rfc3339(event.created_at),
                      one_line(report_link(event, base_url)));
  return text;
}

std::string markdown_text(const AlertDelivery& delivery, std::string_view base_url) {
  const AlertEvent& event = delivery.event;
  std::string text = fmt::format(
      "**{}**: {}\n\n{}\n\n{}\n", what_happened(event.kind), markdown_escaped(delivery.rule_name),
      markdown_escaped(event.status_reason), markdown_escaped(counts_of(event)));
  const std::string link = report_link(event, base_url);
  if (link.starts_with("https://") || link.starts_with("http://")) {
    text += fmt::format("\n[the report](<{}>)\n", one_line(link));
  }
  return text;
}

}  // namespace bl::results
