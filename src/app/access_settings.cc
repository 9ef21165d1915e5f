#include "app/access_settings.h"

#include <fmt/format.h>

namespace bl::app {
namespace {

constexpr std::size_t k_token_bytes_min = 16;

Result<void> check_configured_token(const std::string& token) {
  if (token.empty()) return {};
  const bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (visible && token.size() >= k_token_bytes_min) return {};
  return Error{Code::invalid, fmt::format("access.operator_token must be at least {} visible ASCII "
                                          "characters",
                                          k_token_bytes_min)};
}

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

std::vector<ConfigKey> access_config_keys() {
  using enum ConfigType;
  return {
      {"access.public_reads", boolean, "true",
       "reads without a token; must be set before listening beyond loopback"},
      {"access.user_role", text, "writer",
       "role of users that have none of their own: reader, writer or admin"},
      {"access.admins", text, "", "e-mail addresses of admins, with commas between"},
      {"access.registration_key", text, "",
       "whoever knows it may register as a user; empty: nobody may", true},
      {"access.legacy_user_rights", boolean, "false",
       "every writer who signed in may make, edit and remove users, as in Conbench"},
      {"access.legacy_secret", text, "",
       "SECRET_KEY of the old deployment: its remember cookies go on working", true},
      {"access.operator_token", text, "",
       "a token that may write results, beside those of the store", true},
      {"access.writes_per_minute", integer, "60000",
       "requests of one client that change something; more are answered 429"},
      {"access.disabled", boolean, "false",
       "everybody is an admin: for development, on a loopback address only"},
      {"access.oidc_issuer", text, "", "OpenID Connect issuer that people sign in through"},
      {"access.oidc_client_id", text, "", "what the issuer knows this server by"},
      {"access.oidc_client_secret", text, "", "what proves it to the issuer", true},
      {"access.oidc_domains", text, "",
       "e-mail domains that may sign in through it, with commas between; empty: any"},
      {"access.oidc_ca", text, "",
       "PEM file: whom to trust for it; empty: the system's authorities"},
  };
}

Result<AccessSettings> access_settings_from(const Config& config) {
  AccessSettings settings;
  const std::string& role_name = config.text("access.user_role");
  const auto role = access::parse_role(role_name);
  if (!role) {
    return Error{Code::invalid,
                 fmt::format("access.user_role must be reader, writer or admin: '{}'", role_name)};
  }
  settings.users.role = *role;
  settings.users.admins = parts_of(config.text("access.admins"));
  access::AuthenticatorOptions& authenticator = settings.authenticator;
  authenticator.configured_token = config.text("access.operator_token");
  BL_RETURN_IF_ERROR(check_configured_token(authenticator.configured_token));
  authenticator.legacy_secret = config.text("access.legacy_secret");
  authenticator.base_url = config.text("server.base_url");
  authenticator.disabled = config.boolean("access.disabled");
  const std::int64_t writes = config.integer("access.writes_per_minute");
  if (writes < 1) {
    return Error{Code::invalid,
                 fmt::format("access.writes_per_minute must be at least 1: {}", writes)};
  }
  authenticator.writes = {.burst = double(writes), .per_minute = double(writes)};
  settings.registration_key = config.text("access.registration_key");
  settings.legacy_user_rights = config.boolean("access.legacy_user_rights");
  return settings;
}

}  // namespace bl::app
