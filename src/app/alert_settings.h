#pragma once

#include <optional>

#include "base/config.h"
#include "results/alert_channels.h"
#include "results/alert_delivery.h"
#include "results/alert_evaluator.h"
#include "results/alert_github.h"
#include "results/receipts.h"

/// The settings `alerts.*` and `results.receipts*`.
namespace bl::app {

/// As configured. A channel that is absent gets no messages.
struct AlertSettings {
  results::AlertEvaluationLimits evaluation;
  results::AlertDeliveryLimits delivery;
  std::optional<results::WebhookOptions> webhook, slack;
  std::optional<results::MailOptions> mail;
  std::optional<results::GitHubAlertOptions> github;
  results::GitHubAppIdentity github_app;  ///< in place of its token
  bool github_check = true, github_comment = false;
  bool receipts = true;
  results::ReceiptLimits receipt_limits;
  bool in_background = true;  ///< false: only when somebody asks for it
};

/// `base_url`: of this server, for links in messages. Errors: invalid, naming key and value: a URL
/// that is none, half of a mail channel, a retry_after that does not exceed the timeout.
Result<AlertSettings> alert_settings_from(const Config& config, const std::string& base_url);

}  // namespace bl::app
