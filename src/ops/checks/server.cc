#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/checks/checks.h"

namespace bl::ops {
namespace {

using Severity = Finding::Severity;

constexpr std::chrono::milliseconds k_answer_timeout{10'000};
constexpr std::chrono::hours k_expiry_warning{14 * 24};

/// Looks without taking: a shared lock, for an instant, on a descriptor that may only read.
bool is_locked(const std::string& path, std::string& holder) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool is_held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  char note[200];
  const ssize_t got = read(file, note, sizeof note);
  if (got > 0) holder.assign(note, static_cast<std::size_t>(got));
  close(file);
  return is_held;
}

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

void check_limits(const json::Value& status, Findings& findings) {
  const json::Value* limits = status.find("limits_reached");
  if (limits == nullptr || !limits->is_array() || limits->items().empty()) {
    return findings.fine("limits", "/metrics", "no limit was reached since the start");
  }
  std::string what;
  for (const json::Value& limit : limits->items()) {
    const json::Value* times = limit.find("times");
    what += fmt::format("{}{} {} times", what.empty() ? "" : ", ", text_at(limit, "limit"),
                        times != nullptr ? json::to_text(*times) : "?");
  }
  findings.add(Severity::note, "limits", "/metrics", "limits reached since the start: " + what,
               "fine when it was a burst; else see the settings http.* and store.*");
}

void check_troubles(const json::Value& status, Findings& findings) {
  const json::Value* troubles = status.find("troubles");
  if (troubles == nullptr || !troubles->is_array()) return;
  std::size_t errors = 0;
  const json::Value* newest = nullptr;
  for (const json::Value& trouble : troubles->items()) {
    if (text_at(trouble, "level") != "error") continue;
    ++errors;
    if (newest == nullptr) newest = &trouble;
  }
  if (newest == nullptr) return findings.fine("log", "log", "no error among the newest lines");
  const json::Value* line = newest->find("line");
  findings.add(Severity::warning, "log", "log",
               fmt::format("{} errors among the newest lines, the last one: {}", errors,
                           json::to_text(line != nullptr ? *line : *newest)),
               "look for the cause in the server's log");
}

/// Everything below is about the store of these settings.
void check_place(const ServerSetting& setting, const RunningServer& server, Findings& findings) {
  const json::Value* store = server.status.find("store");
  const std::string place = store != nullptr ? text_at(*store, "place") : std::string();
  if (place.empty() || place == setting.place.redacted) return;
  findings.add(Severity::warning, "settings_differ", setting.place.redacted,
               "the running server has another store than these settings say: " + place,
               "give doctor the server's --config or --store");
}

void check_answers(const DoctorRequest& request, RunningServer& server, Findings& findings) {
  net::ClientLimits limits;
  limits.timeout = k_answer_timeout;
  net::ApiClient client(*server.address, limits);
  auto status = client.get("/api/v1/status");
  if (!status.ok()) {
    findings.add(Severity::error, "server", server.address->url,
                 "the server (" + server.holder + ") does not answer: " + status.error().message,
                 "look into its log; stop it with SIGTERM and start it again");
    return;
  }
  server.status = std::move(status).value();
  const std::string version = text_at(server.status, "version");
  if (version != request.version) {
    findings.add(Severity::note, "server", server.address->url,
                 "the server's version is " + version + ", this program's " + request.version,
                 "restart the server to run the installed version");
  } else {
    findings.fine("server", server.address->url, "answers (" + server.holder + ")");
  }
  check_place(request.setting, server, findings);
  check_limits(server.status, findings);
  check_troubles(server.status, findings);
}

}  // namespace

RunningServer check_server(const DoctorRequest& request, Disk& disk, Findings& findings) {
  const std::string& folder = request.setting.data_folder;
  RunningServer server;
  server.holds_lock = is_locked(folder + "/server.lock", server.holder);
  const auto address = net::read_server_file(disk, folder);
  if (address.ok()) server.address = *address;
  if (!server.holds_lock && address.ok()) {
    findings.add(Severity::warning, "server", folder + "/server.json",
                 "it tells of a server that is gone: it was killed, or lost its power",
                 "nothing, the next start writes it anew; remove it when there is none");
  } else if (!server.holds_lock) {
    findings.fine("server", folder, "no server runs on this folder");
  } else if (!address.ok()) {
    findings.add(Severity::warning, "server", folder + "/server.lock",
                 "something holds the folder and tells no address (" + server.holder +
                     "): it starts, stops, restores, or was started by another user",
                 "wait a moment and look again");
  } else {
    check_answers(request, server, findings);
  }
  if (!server.holds_lock) server.holder.clear();
  return server;
}

void check_certificate(const ServerSetting& setting, const RunningServer& server,
                       const Clock& clock, Findings& findings) {
  if (!setting.tls) return;
  const auto facts = net::read_certificate(*setting.tls);
  const std::string& file = setting.tls->certificate_file;
  if (!facts.ok()) {
    findings.add(Severity::error, "certificate", file, facts.error().message,
                 "put a certificate and its key there; a running server keeps its former pair");
    return;
  }
  struct stat key{};
  if (stat(setting.tls->key_file.c_str(), &key) == 0 && (key.st_mode & 044) != 0) {
    findings.add(Severity::warning, "certificate", setting.tls->key_file,
                 fmt::format("others may read the private key (mode {:04o})", key.st_mode & 07777),
                 "chmod 600 " + setting.tls->key_file);
  }
  const std::string until = to_rfc3339(facts->expires_at);
  if (facts->expires_at <= clock.now()) {
    findings.add(Severity::error, "certificate", file, "has expired at " + until,
                 "renew it; a running server takes the new files by itself");
  } else if (facts->expires_at <= clock.now() + k_expiry_warning) {
    findings.add(Severity::warning, "certificate", file, "expires at " + until, "renew it");
  } else {
    findings.fine("certificate", file, "is good until " + until);
  }
  if (server.address && server.holds_lock &&
      server.address->trust.public_key_sha256 != facts->public_key_sha256) {
    findings.add(Severity::warning, "certificate", file,
                 "the running server serves another key than this file's",
                 "kill -HUP the server, and look for tls_certificate_kept in its log");
  }
}

}  // namespace bl::ops
