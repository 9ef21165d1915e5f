#include "lake/ducklake/errors.h"

#include <array>
#include <string_view>

namespace bl::lake {
namespace {

struct Rule {
  std::string_view words;
  Code code;
  Fate fate;
  std::string_view and_words = {};
};

// The first whose words are in the sentence. SQLite's, PostgreSQL's, libpq's, httpfs' and
// DuckLake's own.
constexpr std::array k_rules{
    Rule{"database is locked", Code::timeout, Fate::contended},
    Rule{"Transaction conflict", Code::conflict, Fate::contended},
    Rule{"maximum retry count", Code::overloaded, Fate::contended},
    Rule{"could not serialize access", Code::overloaded, Fate::contended},
    Rule{"deadlock detected", Code::overloaded, Fate::contended},
    Rule{"database disk image is malformed", Code::corrupt, Fate::refused},
    Rule{"file is not a database", Code::corrupt, Fate::refused},
    Rule{"no such table: ducklake_", Code::corrupt, Fate::refused},
    Rule{"no such column", Code::corrupt, Fate::refused},
    Rule{"ducklake_", Code::corrupt, Fate::refused, "does not exist"},
    Rule{"database or disk is full", Code::disk_full, Fate::refused},
    Rule{"could not extend file", Code::disk_full, Fate::refused},
    Rule{"No space left on device", Code::disk_full, Fate::refused},
    Rule{"attempt to write a readonly database", Code::forbidden, Fate::refused},
    Rule{"password authentication failed", Code::forbidden, Fate::refused},
    Rule{"permission denied", Code::forbidden, Fate::refused},
    Rule{"in a read-only transaction", Code::forbidden, Fate::refused},
    Rule{"HTTP 403", Code::forbidden, Fate::refused},
    Rule{"403 (Forbidden)", Code::forbidden, Fate::refused},
    Rule{"HTTP 404", Code::not_found, Fate::refused},
    Rule{"404 (Not Found)", Code::not_found, Fate::refused},
    Rule{"(HTTP 5", Code::unavailable, Fate::lost},
    Rule{"unable to open database file", Code::io, Fate::refused},
    Rule{"disk I/O error", Code::io, Fate::refused},
    Rule{"too many clients", Code::overloaded, Fate::lost},
    Rule{"too many connections", Code::overloaded, Fate::lost},
    Rule{"due to statement timeout", Code::timeout, Fate::lost},
    Rule{"Unable to connect to Postgres", Code::unavailable, Fate::lost},
    Rule{"server closed the connection", Code::unavailable, Fate::lost},
    Rule{"terminating connection", Code::unavailable, Fate::lost},
    Rule{"connection to server", Code::unavailable, Fate::lost},
    Rule{"no connection to the server", Code::unavailable, Fate::lost},
    Rule{"connection has been closed", Code::unavailable, Fate::lost},
    Rule{"connection not open", Code::unavailable, Fate::lost},
    Rule{"Could not establish connection", Code::unavailable, Fate::lost},
    Rule{"Connection refused", Code::unavailable, Fate::lost},
    Rule{"Connection reset", Code::unavailable, Fate::lost},
    Rule{"Connection timed out", Code::unavailable, Fate::lost},
    Rule{"could not receive data", Code::unavailable, Fate::lost},
    Rule{"could not send data", Code::unavailable, Fate::lost},
    Rule{"lost synchronization with server", Code::unavailable, Fate::lost},
    Rule{"SSL SYSCALL", Code::unavailable, Fate::lost},
    Rule{"the database system is", Code::unavailable, Fate::lost},
};

bool applies(const Rule& rule, std::string_view sentence) {
  return sentence.find(rule.words) != std::string_view::npos &&
         (rule.and_words.empty() || sentence.find(rule.and_words) != std::string_view::npos);
}

std::string without(std::string text, const std::string& secret) {
  if (secret.empty()) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
    at += 3;
  }
  return text;
}

}  // namespace

CatalogError catalog_error(Error error, const std::string& password) {
  CatalogError out{std::move(error), Fate::refused};
  out.error.message = without(std::move(out.error.message), password);
  for (const Rule& rule : k_rules) {
    if (!applies(rule, out.error.message)) continue;
    out.error.code = rule.code;
    out.fate = rule.fate;
    return out;
  }
  // A deadline of the engine's may have come in the middle of a commit.
  if (out.error.code == Code::timeout || out.error.code == Code::cancelled) out.fate = Fate::lost;
  return out;
}

}  // namespace bl::lake
