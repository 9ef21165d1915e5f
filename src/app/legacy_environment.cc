#include "app/legacy_environment.h"

#include <algorithm>
#include <functional>

#include "base/config.h"
#include "base/uri.h"

namespace bl::app {
namespace {

using Environment = std::map<std::string, std::string>;

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string as_it_is(const std::string& text) {
  return text;
}

// As the old program reads BENCHMARKS_DATA_PUBLIC: everything else is false.
std::string truth(const std::string& text) {
  const std::string word = lower_case(text);
  const bool is_true =
      word == "yes" || word == "y" || word == "1" || word == "on" || word == "true";
  return is_true ? "true" : "false";
}

std::string development(const std::string& text) {
  return text == "development" ? "true" : "false";
}

// `:8080` means every address of the machine.
std::string address(const std::string& text) {
  return text.starts_with(':') ? "0.0.0.0" + text : text;
}

std::string log_level(const std::string& text) {
  const std::string word = lower_case(text);
  return word == "critical" || word == "fatal" ? "error" : word == "warn" ? "warning" : word;
}

constexpr std::string_view k_alert_repository = "CONBENCH_ALERT_GITHUB_REPOSITORY";
constexpr std::string_view k_alert_token = "CONBENCH_ALERT_GITHUB_TOKEN";

struct Mapping {
  LegacyVariable variable;
  std::string (*value)(const std::string&) = as_it_is;
};

// Of two variables for one key, the first that is set counts.
const std::vector<Mapping>& mappings() {
  static const std::vector<Mapping> table = {
      {{"CONBENCH_DB_URL", "server.store", "URL of the database"}},
      {{"DATABASE_URL", "server.store", "the same, where CONBENCH_DB_URL is not set"}},
      {{"DB_HOST", "server.store",
        "host of the database, or folder of its socket; with the other DB_ variables"}},
      {{"DB_PORT", "server.store", "its port, else 5432"}},
      {{"DB_NAME", "server.store", "its name, else the application's name and _prod"}},
      {{"DB_USERNAME", "server.store", "who connects"}},
      {{"DB_PASSWORD", "server.store", "with which password"}},
      {{"APPLICATION_NAME", "server.store", "name of the database where DB_NAME is not set"}},
      {{"CONBENCH_ADDR", "server.http", "address of the server; :PORT is every address"}, address},
      {{"CONBENCH_INTENDED_BASE_URL", "server.base_url", "URL by which people know the server"}},
      {{"FLASK_ENV", "server.test_aids", "development: the test aids are on"}, development},
      {{"CONBENCH_LOG_LEVEL_STDERR", "log.level", "of the log"}, log_level},
      {{"BENCHMARKS_DATA_PUBLIC", "access.public_reads", "yes, y, 1, on or true, else private"},
       truth},
      {{"REGISTRATION_KEY", "access.registration_key", "who knows it may register"}},
      {{"SECRET_KEY", "access.legacy_secret", "remember cookies go on working"}},
      {{"CONBENCH_API_TOKEN", "access.operator_token", "may write results"}},
      {{"CONBENCH_AUTH_DISABLED", "access.disabled", "for development"}, truth},
      {{"CONBENCH_OIDC_ISSUER_URL", "access.oidc_issuer", "issuer that people sign in through"}},
      {{"CONBENCH_OIDC_CLIENT_ID", "access.oidc_client_id", "what it knows the server by"}},
      {{"CONBENCH_OIDC_CLIENT_SECRET", "access.oidc_client_secret", "what proves it"}},
      {{"GOOGLE_CLIENT_ID", "access.oidc_client_id", "the same; alone, Google is the issuer"}},
      {{"GOOGLE_CLIENT_SECRET", "access.oidc_client_secret", "the same"}},
      {{"SVS_TYPE", "results.summary", "best or mean"}},
      {{"DISTRIBUTION_COMMITS", "results.distribution_commits",
        "commits that results are judged by"}},
      {{"GITHUB_API_TOKEN", "commits.github_tokens", "for GitHub's API"}},
      {{"CONBENCH_COMMIT_GITHUB_APP_ID", "commits.github_app_id", "an App in place of tokens"}},
      {{"CONBENCH_COMMIT_GITHUB_APP_INSTALLATION_ID", "commits.github_app_installation",
        "its installation"}},
      {{"CONBENCH_COMMIT_GITHUB_APP_PRIVATE_KEY_FILE", "commits.github_app_key_file",
        "its private key"}},
      {{"CONBENCH_GITHUB_TIMEOUT", "commits.github_budget", "for one question to it"}},
      {{"CONBENCH_INIT_SCHEMA", "store.migrate", "whether a start brings the schema up to date"},
       truth},
      {{"CONBENCH_ALERT_WEBHOOK_URL", "alerts.webhook_url", "gets every event"}},
      {{"CONBENCH_ALERT_SLACK_WEBHOOK_URL", "alerts.slack_webhook_url", "gets every event"}},
      {{"CONBENCH_ALERT_EMAIL_SMTP_ADDR", "alerts.smtp", "mail server"}},
      {{"CONBENCH_ALERT_EMAIL_FROM", "alerts.mail_from", "address that mails come from"}},
      {{"CONBENCH_ALERT_EMAIL_TO", "alerts.mail_to", "addresses that get every event"}},
      {{"CONBENCH_ALERT_EMAIL_USERNAME", "alerts.smtp_username", "for the mail server"}},
      {{"CONBENCH_ALERT_EMAIL_PASSWORD", "alerts.smtp_password", "for the mail server"}},
      {{"CONBENCH_ALERT_GITHUB_REPOSITORY", "alerts.github_repository",
        "its events go to GitHub: check runs of their commits"}},
      {{k_alert_token, "alerts.github_token", "token for it, where the repository is set"}},
      {{"CONBENCH_CI_GITHUB_TOKEN", "", "`benchlake ci-report` reads it where it runs"}},
      {{"CONBENCH_CI_GITHUB_APP_ID", "", "`benchlake ci-report` reads it where it runs"}},
      {{"CONBENCH_CI_GITHUB_APP_PRIVATE_KEY", "", "`benchlake ci-report` reads it where it runs"}},
      {{"CONBENCH_SESSION_SECRET", "", "sessions lie in the store and need no secret"}},
      {{"CREATE_ALL_TABLES", "", "store.migrate says whether a start makes tables"}},
      {{"CONBENCH_SEED", "", "`benchlake demo` makes sample data"}},
      {{"CONBENCH_SEED_DEV_TOKEN", "", "the first start writes operator.token"}},
      {{"ENV_POD_NAME", "", "metrics carry no name of the pod"}},
  };
  return table;
}

// A host's name, an IPv6 address, or the folder of a socket.
std::string host_in_uri(const std::string& host) {
  const bool is_folder = host.starts_with('/') || host.starts_with('@');
  const bool is_ipv6 = !is_folder && host.find(':') != std::string::npos;
  return is_ipv6 && !host.starts_with('[') ? "[" + host + "]"
         : is_ipv6                         ? host
                                           : percent_encode(host);
}

// A client that wrote the variables knows no percent signs.
std::string database_uri(const Environment& environment) {
  const auto value = [&](const char* name, std::string otherwise) {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? otherwise : found->second;
  };
  const std::string host = value("DB_HOST", "");
  if (host.empty()) return "";
  const std::string application = lower_case(value("APPLICATION_NAME", "conbench"));
  std::string uri = "postgres://";
  const std::string user = value("DB_USERNAME", "");
  if (!user.empty()) uri += percent_encode(user);
  const std::string password = value("DB_PASSWORD", "");
  if (!password.empty()) uri += ":" + percent_encode(password);
  if (!user.empty() || !password.empty()) uri += "@";
  return uri + host_in_uri(host) + ":" + value("DB_PORT", "5432") + "/" +
         percent_encode(value("DB_NAME", application + "_prod"));
}

bool is_part_of_uri(std::string_view name) {
  return name.starts_with("DB_") || name == "APPLICATION_NAME";
}

bool is_postgres(const std::string& url) {
  return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

bool sends_to_github(const Environment& environment) {
  const auto found = environment.find(std::string(k_alert_repository));
  return (found != environment.end() && !found->second.empty()) ||
         environment.contains(environment_name("alerts.github_repository"));
}

/// What the old program took where no token was set for alerts: of a pool the first. Empty: none.
std::string other_github_token(const Environment& environment) {
  for (const char* name : {"GITHUB_TOKEN", "GITHUB_API_TOKEN"}) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) continue;
    return found->second.substr(0, found->second.find(','));
  }
  return "";
}

std::string note_of(const LegacyVariable& variable, const char* outcome) {
  std::string note(variable.name);
  note.append(outcome);
  note.append(variable.key.empty() ? variable.what : variable.key);
  return note;
}

}  // namespace

const std::vector<LegacyVariable>& legacy_variables() {
  static const std::vector<LegacyVariable> variables = [] {
    std::vector<LegacyVariable> all;
    for (const Mapping& mapping : mappings()) all.push_back(mapping.variable);
    return all;
  }();
  return variables;
}

LegacySettings with_legacy_variables(Environment environment) {
  LegacySettings settings;
  const Environment& old = environment;
  const std::string uri = database_uri(old);
  Environment added;
  for (const Mapping& mapping : mappings()) {
    const LegacyVariable& variable = mapping.variable;
    const auto found = old.find(std::string(variable.name));
    if (found == old.end() || found->second.empty()) continue;
    if (variable.key.empty()) {
      settings.notes.push_back(note_of(variable, " has no effect: "));
      continue;
    }
    if (is_part_of_uri(variable.name) && uri.empty()) continue;  // somebody else's
    if (variable.name == k_alert_token && !sends_to_github(old)) {
      settings.notes.push_back(note_of(variable, " has no effect: no repository is set for "));
      continue;
    }
    if (variable.name == "DATABASE_URL" && !is_postgres(found->second)) continue;
    const std::string ours = environment_name(variable.key);
    if (old.contains(ours)) {
      settings.notes.push_back(note_of(variable, " is overruled by the environment's own "));
      continue;
    }
    const std::string value = is_part_of_uri(variable.name) ? uri : mapping.value(found->second);
    const auto [place, is_new] = added.try_emplace(ours, value);
    const bool counts = is_new || place->second == value;
    settings.notes.push_back(note_of(variable, counts ? " sets " : " comes too late for "));
  }
  // What the old programs took for granted beside these.
  const auto implied = [&](const char* because, const char* key, const char* value) {
    const std::string ours = environment_name(key);
    if (!old.contains(because) || old.contains(ours)) return;
    added.try_emplace(ours, value);
  };
  implied("GOOGLE_CLIENT_ID", "access.oidc_issuer", "https://accounts.google.com");
  implied("CONBENCH_ADDR", "access.public_reads", "true");
  const std::string token_of_ours = environment_name("alerts.github_token");
  const bool wants_token = sends_to_github(old) && !added.contains(token_of_ours) &&
                           !old.contains(token_of_ours) &&
                           !old.contains(environment_name("alerts.github_app_id"));
  if (wants_token) {
    if (std::string token = other_github_token(old); !token.empty()) added[token_of_ours] = token;
  }
  environment.merge(added);
  settings.environment = std::move(environment);
  return settings;
}

}  // namespace bl::app
