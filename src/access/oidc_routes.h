#pragma once

#include <string>

#include "access/cli_login.h"
#include "access/oidc.h"
#include "access/pending_login.h"
#include "access/sessions.h"
#include "access/used_logins.h"
#include "access/users.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/router.h"

/// Sign-in through an issuer, and of commands (spec/results-conbench.md 3.2, 3.5, 5.2): both
/// dialects, all for browsers: what goes wrong is a page with one sentence.
namespace bl::access {

/// An issuer, and what a sign-in through it needs.
struct Issuer {
  /// `url`: where people find this server, such as `https://benchlake.example.org`. The issuer must
  /// know URL/api/auth/callback and, for the legacy dialect, URL/api/google/callback.
  Issuer(OidcSettings settings, std::string url, store::Database& database, const Clock& clock,
         Random& random, Log& log, Metrics& metrics)
      : base_url(std::move(url)),
        pending(settings.client_secret, clock, random),
        used(database, clock),
        provider(std::move(settings), clock, log, metrics) {}

  const std::string base_url;
  PendingLogins pending;
  UsedLogins used;
  OidcProvider provider;
};

/// Outlive the router.
struct SignInPorts {
  Issuer* issuer = nullptr;  ///< nullptr: people sign in by password, at /account
  Users& users;
  Sessions& sessions;
  CliLogins& cli_logins;
  Log& log;
  Metrics& metrics;
};

/// GET /api/auth/login, /api/auth/callback, /api/google/, /api/google/callback; GET and POST
/// /api/auth/cli-start; POST /api/auth/cli-exchange. All are open. Described in openapi.yaml.
void add_sign_in_routes(net::Router& router, const SignInPorts& ports);

}  // namespace bl::access
