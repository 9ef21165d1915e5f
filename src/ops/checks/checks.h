#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "net/server_address.h"
#include "ops/doctor.h"

/// The parts of doctor. Each adds what it found, also when all is well. Private to ops.
namespace bl::ops {

struct Findings {
  void add(Finding::Severity severity, std::string check, std::string where, std::string what,
           std::string remedy = "") {
    list.push_back(
        {severity, std::move(check), std::move(where), std::move(what), std::move(remedy)});
  }
  void fine(std::string check, std::string where, std::string what) {
    add(Finding::Severity::fine, std::move(check), std::move(where), std::move(what));
  }
  std::vector<Finding> list;
};

/// The server on the data folder, as seen from outside.
struct RunningServer {
  bool holds_lock = false;
  std::string holder;  ///< `pid 12 since ...`
  std::optional<net::ServerAddress> address;
  json::Value status;  ///< /api/v1/status; null when it does not answer
};

/// Is it there, whose is it, who may read it, how much room is left.
void check_folder(const ServerSetting& setting, Findings& findings);
/// Lock, server.json, readiness, version, limits reached, troubles logged.
RunningServer check_server(const DoctorRequest& request, Disk& disk, Findings& findings);
void check_certificate(const ServerSetting& setting, const RunningServer& server,
                       const Clock& clock, Findings& findings);
void check_open_files(const ServerSetting& setting, const RunningServer& server,
                      Findings& findings);
/// Integrity, left-overs, WAL, schema, facts.
void check_sqlite(const DoctorRequest& request, const Clock& clock, Findings& findings);
/// Settings that lose data, encoding, broken indexes, long transactions, schema, facts.
void check_postgres(const DoctorRequest& request, const Clock& clock, Findings& findings);

/// Of the lake, if one is set: store, catalog, are files missing, is every table published. Takes a
/// key of the store and gives it back.
void check_lake(const ServerSetting& setting, const RunningServer& server, Findings& findings);

/// Migrations and facts of an open store; both kinds of store.
void check_contents(const DoctorRequest& request, store::Database& database, const Clock& clock,
                    Findings& findings);

/// `1.5 GiB`.
std::string readable_bytes(double bytes);

}  // namespace bl::ops
