#pragma once

#include <string>

#include "access/password_sign_in.h"
#include "access/sessions.h"
#include "access/users.h"
#include "net/router.h"
#include "net/server.h"

/// The routes that are about people, in both dialects. Described in openapi.yaml.
namespace bl::access {

/// Outlive the router.
struct UserRoutePorts {
  store::Database& database;  ///< for the audit rows
  Users& users;
  Sessions& sessions;
  PasswordSignIn& sign_in;
  net::Authenticator& authenticator;
  std::string base_url = {};
  bool has_issuer = false;  ///< /api/auth/login leads to one
  bool auth_disabled = false;
  /// Conbench's rights: every writer who signed in may make, edit and remove users.
  bool legacy_user_rights = false;
};

/// The new dialect: GET /api/users/me; POST /api/auth/password, POST /api/auth/logout, GET
/// /api/auth/capabilities (all open, so that a page can ask who it is while reads are private); for
/// admins GET, POST /api/v1/users, PATCH, DELETE /api/v1/users/{id}, GET /api/v1/audit.
void add_user_routes(net::Router& router, const UserRoutePorts& ports);

/// The legacy dialect (spec/results-conbench.md 3.2): /api/, /api/login/, /api/logout/,
/// /api/register/, /api/users/, /api/users/{id}/. Its errors are those that the router has for
/// paths that end in a slash.
///
/// Conbench knows no roles: whoever signed in edits everybody. Here that is for admins, unless
/// `legacy_user_rights`; users always edit themselves, signed in by their password. Nobody edits
/// who may do more than they.
void add_legacy_user_routes(net::Router& router, const UserRoutePorts& ports);

}  // namespace bl::access
