#include "app/github_app_settings.h"

#include <fmt/format.h>

#include "base/disk.h"

namespace bl::app {
namespace {

constexpr std::uint64_t k_key_file_bytes_max = 64u << 10;

}  // namespace

std::vector<ConfigKey> github_app_config_keys() {
  using enum ConfigType;
  return {
      {"commits.github_app_id", text, "", "id of a GitHub App that asks in place of tokens"},
      {"commits.github_app_installation", text, "",
       "number of its installation; empty: that of each repository"},
      {"commits.github_app_key_file", text, "", "PEM file with its private key"},
      {"alerts.github_app_id", text, "", "id of a GitHub App that sends in place of the token"},
      {"alerts.github_app_installation", text, "",
       "number of its installation; empty: that of the repository"},
      {"alerts.github_app_key_file", text, "", "PEM file with its private key"},
  };
}

Result<results::GitHubAppIdentity> github_app_from(const Config& config, const std::string& part,
                                                   const std::string& token_key) {
  const std::string id_key = part + ".github_app_id", file_key = part + ".github_app_key_file";
  results::GitHubAppIdentity app;
  app.app_id = config.text(id_key);
  app.installation_id = config.text(part + ".github_app_installation");
  const std::string& file = config.text(file_key);
  if (app.app_id.empty() && file.empty() && app.installation_id.empty()) return app;
  if (app.app_id.empty() || file.empty()) {
    return Error{Code::invalid, fmt::format("{} and {} are needed together; missing: {}", id_key,
                                            file_key, app.app_id.empty() ? id_key : file_key)};
  }
  if (!config.text(token_key).empty()) {
    return Error{
        Code::invalid,
        fmt::format("{} and {} are two ways to say who asks GitHub: set one", id_key, token_key)};
  }
  const std::unique_ptr<Disk> disk = make_real_disk();
  auto key = read_file(*disk, file, k_key_file_bytes_max);
  if (!key.ok()) return std::move(key).error().with_context(file_key);
  app.private_key_pem = std::move(*key);
  auto fits = results::GitHubApp::check(app);
  if (!fits.ok()) return std::move(fits).error().with_context(part + ".github_app");
  return app;
}

}  // namespace bl::app
