#pragma once

#include <string>
#include <string_view>

#include "results/store_alerts.h"

/// What people and programs are told of an alert: texts, no I/O. `base_url` is where people reach
/// the server (`https://bench.example.com`, no trailing slash); empty: links stay paths.
namespace bl::results {

/// `[benchlake] regression: NAME (REPOSITORY)`: one line, no control characters.
std::string alert_title(const AlertDelivery& delivery);
/// The body of the webhook [8.6]: `{delivery_id, channel, event{id, rule_id, kind, status,
/// status_reason, run_id, commit_sha, repository, report_url, summary, created_at}}`.
std::string webhook_body(const AlertDelivery& delivery, std::string_view base_url);
/// `{"text": ...}`, as Slack's incoming webhooks and those shaped like them take it.
std::string slack_body(const AlertDelivery& delivery, std::string_view base_url);
/// Plain text, several lines.
std::string mail_text(const AlertDelivery& delivery, std::string_view base_url);
/// Markdown, for a comment or a check.
std::string markdown_text(const AlertDelivery& delivery, std::string_view base_url);

/// The event's report as a link.
std::string report_link(const AlertEvent& event, std::string_view base_url);

}  // namespace bl::results
