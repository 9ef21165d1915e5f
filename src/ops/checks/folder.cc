#include <fmt/format.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "base/terminal.h"
#include "ops/checks/checks.h"

namespace bl::ops {
namespace {

using Severity = Finding::Severity;

constexpr double k_room_error_bytes = 64.0 * (1 << 20);
constexpr double k_room_warning_bytes = 1024.0 * (1 << 20);
constexpr double k_room_warning_share = 0.05;
constexpr rlim_t k_files_beside_connections = 200;  // the store's, logs, sockets that listen

/// False when there is nothing to look at.
bool check_access(const std::string& folder, Findings& findings) {
  struct stat facts{};
  if (stat(folder.c_str(), &facts) != 0) {
    if (errno == ENOENT) {
      findings.add(Severity::note, "data_folder", folder, "the data folder is not there yet",
                   "`benchlake serve --data " + folder + "` makes it");
    } else {
      findings.add(Severity::error, "data_folder", folder,
                   std::string("the data folder cannot be looked at: ") + strerror(errno),
                   "run doctor as the user of the server");
    }
    return false;
  }
  if (!S_ISDIR(facts.st_mode)) {
    findings.add(Severity::error, "data_folder", folder, "this is no folder",
                 "name a folder with --data");
    return false;
  }
  if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    findings.add(Severity::error, "data_folder", folder,
                 "this user may not write into the data folder",
                 fmt::format("run as its owner (uid {}), or chown it", facts.st_uid));
    return false;
  }
  if ((facts.st_mode & 022) != 0) {
    findings.add(
        Severity::warning, "data_folder", folder,
        fmt::format("others may write into the data folder (mode {:04o})", facts.st_mode & 07777),
        "chmod go-w " + folder);
  } else {
    findings.fine("data_folder", folder, "is there and may be written");
  }
  return true;
}

void check_secret(const std::string& file, Findings& findings) {
  struct stat facts{};
  if (stat(file.c_str(), &facts) != 0) return;
  if ((facts.st_mode & 077) == 0) return;
  findings.add(Severity::error, "secrets", file,
               fmt::format("others may read a secret (mode {:04o})", facts.st_mode & 07777),
               "chmod 600 " + file + "; make new tokens if somebody may have read it");
}

void check_room(const std::string& folder, Findings& findings) {
  struct statvfs room{};
  if (statvfs(folder.c_str(), &room) != 0) return;
  const double available = static_cast<double>(room.f_bavail) * static_cast<double>(room.f_frsize);
  const double total = static_cast<double>(room.f_blocks) * static_cast<double>(room.f_frsize);
  const std::string what =
      fmt::format("{} of {} are free", readable_bytes(available), readable_bytes(total));
  const char* remedy =
      "free space, or move the data folder: writes are answered 507 when it is full";
  if (available < k_room_error_bytes) {
    findings.add(Severity::error, "disk_space", folder, what, remedy);
  } else if (available < k_room_warning_bytes || available < total * k_room_warning_share) {
    findings.add(Severity::warning, "disk_space", folder, what, remedy);
  } else {
    findings.fine("disk_space", folder, what);
  }
  if (room.f_files > 0 && room.f_favail < 1000) {
    findings.add(Severity::warning, "disk_files", folder,
                 fmt::format("{} more files can be made", room.f_favail),
                 "remove files on that file system");
  }
}

/// The limit of another process, from /proc; ours when it cannot be read.
rlim_t open_files_max(const RunningServer& server, std::string& whose) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  whose = "this user's limit";
  if (!server.holder.starts_with("pid ")) return limit.rlim_max;
  std::ifstream limits("/proc/" + server.holder.substr(4, server.holder.find(' ', 4) - 4) +
                       "/limits");
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with("Max open files")) continue;
    whose = "the server's limit";
    return std::strtoull(line.c_str() + strlen("Max open files"), nullptr, 10);
  }
  return limit.rlim_max;
}

}  // namespace

std::string readable_bytes(double bytes) {
  return human_value(bytes, "B");
}

void check_folder(const ServerSetting& setting, Findings& findings) {
  if (!check_access(setting.data_folder, findings)) return;
  for (const char* name : {"/operator.token", "/server.json"})
    check_secret(setting.data_folder + name, findings);
  check_room(setting.data_folder, findings);
}

void check_open_files(const ServerSetting& setting, const RunningServer& server,
                      Findings& findings) {
  std::string whose;
  const rlim_t files_max = open_files_max(server, whose);
  const rlim_t wanted = setting.connections_max + k_files_beside_connections;
  const std::string what =
      fmt::format("{} is {} open files, http.connections_max wants {}", whose, files_max, wanted);
  if (files_max >= wanted) return findings.fine("open_files", "ulimit -n", what);
  findings.add(Severity::warning, "open_files", "ulimit -n",
               what + ": the server takes fewer connections",
               "raise the hard limit (systemd: LimitNOFILE=), or lower http.connections_max");
}

}  // namespace bl::ops
