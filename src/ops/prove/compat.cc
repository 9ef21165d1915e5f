#include "ops/prove/compat.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "base/json.h"
#include "base/program.h"
#include "base/uri.h"
#include "net/client.h"
#include "ops/prove/child_server.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

constexpr std::chrono::seconds k_command_max{120};
constexpr std::chrono::seconds k_browser_max{300};

bool is_allowed(const std::string& host, const std::vector<std::string>& allowed) {
  const bool is_here = host.empty() || host == "localhost" || host == "::1" ||
                       host.starts_with("127.") || host.starts_with('/');
  return is_here || std::ranges::find(allowed, host) != allowed.end();
}

Result<void> check_host(const std::string& address, const std::vector<std::string>& allowed) {
  BL_TRY(const Uri uri, parse_uri(address));
  if (is_allowed(uri.host, allowed)) return {};
  return Error{Code::forbidden, "the host is not among --allow-host: " + uri.host};
}

// Conbench's tables, in one snapshot.
Result<std::vector<store::TableRows>> count_conbench(store::Database& database) {
  BL_TRY(auto all, store::count_rows(database));
  std::erase_if(all, [](const store::TableRows& one) { return !one.table.starts_with("public."); });
  return all;
}

// Nothing of our environment but where programs and their settings are.
bool hides(std::string_view name) {
  return name != "PATH" && name != "HOME" && name != "LANG" && name != "TMPDIR";
}

double milliseconds_of(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

class Prover {
 public:
  Prover(const CompatRequest& request, const Clock& clock, std::string server)
      : request_(request), clock_(clock), server_(std::move(server)) {}

  void ask(const std::string& category, const std::string& path, bool may_refuse) {
    const auto start = clock_.steady_now();
    const auto answer = client_.send(net::Method::get, server_ + path, {}, "");
    const int status = answer.ok() ? answer->status : 0;
    const bool passed = status == 200 || (may_refuse && status >= 400 && status < 500);
    report.probes.push_back(
        {"api", category, path, status, milliseconds_of(clock_.steady_now() - start), passed});
  }

  void run(const std::string& category, std::vector<std::string> words, bool may_refuse) {
    std::string what;
    for (const std::string& word : words) what += (what.empty() ? "" : " ") + word;
    words.insert(words.begin(), request_.program);
    words.insert(words.end(), {"--server", server_});
    const auto start = clock_.steady_now();
    const auto end =
        run_program({.words = words, .variables = {}, .hides = hides, .time_max = k_command_max});
    const int status = end.ok() ? end->exit_code : -1;
    report.probes.push_back({"command", category, what, status,
                             milliseconds_of(clock_.steady_now() - start),
                             status == 0 || (may_refuse && status > 0 && status < 100)});
  }

  // What cannot be compared, or has no history, is refused with a reason: that is an answer.
  void ask_all() {
    for (const auto& [category, sample] : report.samples.categories) {
      const std::string& id = sample.result_id;
      ask(category, "/api/benchmark-results/" + id, false);
      ask(category, "/api/benchmark-results/" + id + "/", false);
      ask(category, "/api/history/" + id, true);
      ask(category, "/api/history/" + id + "/", true);
      ask(category, "/api/history?fingerprint=" + percent_encode(sample.history_fingerprint),
          sample.point_count == 0);
      ask(category, "/api/compare/benchmark-results/" + id + "..." + id + "/", true);
    }
    if (const auto& pair = report.samples.compare) {
      ask("compare",
          "/api/compare/benchmark-results?baseline_result_id=" + pair->baseline_id +
              "&contender_result_id=" + pair->contender_id,
          false);
      run("compare", {"compare", pair->baseline_id, pair->contender_id}, true);
      run("compare", {"history", pair->history_fingerprint}, false);
    }
    if (const auto& ci = report.samples.ci_report) {
      ask_list("ci_report", "/api/ci/report?repository=" + percent_encode(ci->repository) +
                                "&commit_sha=" + ci->commit_sha +
                                "&run_ids=" + percent_encode(ci->run_id));
      ask("ci_report", "/api/benchmark-results?run_id=" + percent_encode(ci->run_id), false);
    }
    for (const char* path : {"/api/benchmark-results", "/api/ping", "/api/ping/", "/readyz"})
      ask("lists", path, false);
    for (const char* path : {"/api/series", "/api/runs/recent"}) ask_list("lists", path);
  }

  // A database that was never migrated has no lists and thresholds: said so, it is no failure.
  void ask_list(const std::string& category, const std::string& path) {
    ask(category, path, false);
    Probe& probe = report.probes.back();
    if (probe.status != 503) return;
    const auto answer = client_.send(net::Method::get, server_ + path, {}, "");
    probe.passed = answer.ok() && answer->body.find("never migrated") != std::string::npos;
  }

  CompatReport report;

 private:
  const CompatRequest& request_;
  const Clock& clock_;
  const std::string server_;
  net::Client client_;
};

Gate gate(std::string name, bool passed, std::string what) {
  return {std::move(name), std::move(what), passed ? Gate::Outcome::passed : Gate::Outcome::failed};
}

Gate probe_gate(const CompatReport& report, const char* kind) {
  std::size_t all = 0, passed = 0;
  for (const Probe& probe : report.probes) {
    if (probe.kind != kind) continue;
    ++all;
    passed += probe.passed ? 1 : 0;
  }
  return gate(kind, all == passed && all > 0,
              std::to_string(passed) + " of " + std::to_string(all) + " passed");
}

Gate browser_gate(const CompatRequest& request, const std::string& server,
                  const std::string& manifest) {
  Gate gate{"browser", "no script was named", Gate::Outcome::not_run};
  if (request.browser_script.empty()) return gate;
  const auto end = run_program({.words = {"node", request.browser_script, server, manifest},
                                .variables = {},
                                .hides = hides,
                                .time_max = k_browser_max,
                                .own_group = true});
  // 3 is the script's word for a browser that it cannot start.
  if (!end.ok() || end->exit_code == 3 || end->exit_code == 127) {
    gate.what = "no browser could be driven";
    return gate;
  }
  gate.outcome = end->exit_code == 0 ? Gate::Outcome::passed : Gate::Outcome::failed;
  gate.what = "exit code " + std::to_string(end->exit_code);
  return gate;
}

// Lines of a log that tell of a write that was refused.
Gate log_gate(const std::vector<std::string>& logs) {
  std::size_t blocked = 0, lines = 0, unreadable = 0;
  for (const std::string& log : logs) {
    std::ifstream file(log);
    if (!file) ++unreadable;
    for (std::string line; std::getline(file, line); ++lines) {
      const bool is_blocked = line.find("read-only transaction") != std::string::npos ||
                              line.find("permission denied for") != std::string::npos;
      blocked += is_blocked ? 1 : 0;
    }
  }
  return gate("logs", blocked == 0 && unreadable == 0,
              std::to_string(blocked) + " blocked writes in " + std::to_string(lines) +
                  " lines of " + std::to_string(logs.size()) + " logs");
}

Result<void> keep(Disk& disk, const std::string& path, std::string_view text) {
  return write_file_atomically(disk, path, text, FileMode::secret);
}

std::string encode(const std::vector<Probe>& probes) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const Probe& probe : probes) {
    writer.begin_object()
        .member("kind", probe.kind)
        .member("category", probe.category)
        .member("what", probe.what)
        .member("status", std::int64_t{probe.status})
        .member("milliseconds", probe.milliseconds)
        .member("passed", probe.passed)
        .end_object();
  }
  writer.end_array();
  return text;
}

const char* band_of(double milliseconds) {
  return milliseconds < 10     ? "under 10 ms"
         : milliseconds < 100  ? "10 to 100 ms"
         : milliseconds < 1000 ? "100 ms to 1 s"
                               : "over 1 s";
}

std::string size_class(std::int64_t rows) {
  if (rows == 0) return "none";
  return "under 1e" + std::to_string(static_cast<int>(std::floor(std::log10(rows))) + 1);
}

}  // namespace

const char* name_of(Gate::Outcome outcome) {
  return outcome == Gate::Outcome::passed   ? "passed"
         : outcome == Gate::Outcome::failed ? "failed"
                                            : "not run";
}

Gate::Outcome CompatReport::outcome() const {
  const auto has = [&](Gate::Outcome outcome) {
    return std::ranges::any_of(gates, [&](const Gate& one) { return one.outcome == outcome; });
  };
  return has(Gate::Outcome::failed)    ? Gate::Outcome::failed
         : has(Gate::Outcome::not_run) ? Gate::Outcome::not_run
                                       : Gate::Outcome::passed;
}

Result<void> check_request(const CompatRequest& request, store::Database& database) {
  if (request.confirm != "read-only") {
    return Error{Code::invalid,
                 "say --confirm read-only: what is proved here must not be written to; it says '" +
                     request.confirm + "'"};
  }
  BL_RETURN_IF_ERROR(check_host(request.place.uri, request.allowed_hosts));
  if (!request.server.empty())
    BL_RETURN_IF_ERROR(check_host(request.server, request.allowed_hosts));
  std::string right;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    right.clear();
    return connection.query(
        "select 'superuser' from pg_roles where rolname = current_user and rolsuper "
        "union all select p || ' on ' || c.relname from pg_class c, "
        "unnest(array['insert', 'update', 'delete', 'truncate']) p "
        "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and "
        "has_table_privilege(c.oid, p) limit 1",
        {}, [&](const store::Row& row) {
          right = row.text(0);
          return true;
        });
  }));
  if (right.empty()) return {};
  return Error{
      Code::forbidden,
      "a move is proved by a role of its own that may only read; this one has the right: " + right};
}

Result<CompatReport> prove_compat(const CompatRequest& request, const Clock& clock, Disk& disk) {
  BL_TRY(const OpenedStore opened, open_for_reading(request.place, clock));
  BL_RETURN_IF_ERROR(check_request(request, *opened.database));
  BL_RETURN_IF_ERROR(disk.make_folder(request.folder));
  BL_TRY(const auto before, count_conbench(*opened.database));
  BL_TRY(SampleManifest samples, pick_samples(*opened.database));
  const std::string manifest = request.folder + "/manifest.json";
  BL_RETURN_IF_ERROR(keep(disk, manifest, encode(samples, to_rfc3339(clock.now()))));

  std::unique_ptr<ChildServer> child;
  std::string server = request.server;
  std::vector<std::string> logs = request.logs;
  if (server.empty()) {
    BL_TRY(child, ChildServer::start(request.program, request.place.uri, request.folder, hides));
    server = child->url();
  }
  Prover prover(request, clock, server);
  prover.report.samples = std::move(samples);
  prover.ask_all();
  const Gate browser = browser_gate(request, server, manifest);
  if (child != nullptr) {
    child->stop();
    logs.push_back(child->log());
  }
  CompatReport& report = prover.report;
  BL_TRY(report.rows, count_conbench(*opened.database));
  BL_RETURN_IF_ERROR(keep(disk, request.folder + "/probes.json", encode(report.probes)));
  report.gates = {gate("samples", report.samples.categories.contains("recent_result"),
                       std::to_string(report.samples.categories.size()) + " of " +
                           std::to_string(sample_categories().size()) + " categories have a row"),
                  probe_gate(report, "api"),
                  report.samples.compare ? probe_gate(report, "command")
                                         : Gate{"command", "nothing to compare"},
                  browser,
                  gate("row counts", before == report.rows,
                       before == report.rows ? "the same before and after" : "they changed"),
                  log_gate(logs)};
  return report;
}

std::string sanitised(const CompatReport& report, std::string_view made_at,
                      std::string_view version) {
  std::string text =
      "# Compatibility with a production clone\n\nMade by `benchlake prove compat`: ";
  text.append("aggregates only. Program ").append(version).append(", ").append(made_at);
  text.append(". Outcome: **").append(name_of(report.outcome())).append("**.\n\n");
  text += "| gate | outcome | |\n|---|---|---|\n";
  for (const Gate& one : report.gates)
    text.append("| ")
        .append(one.name)
        .append(" | ")
        .append(name_of(one.outcome))
        .append(" | ")
        .append(one.what)
        .append(" |\n");
  text += "\n| table | rows |\n|---|---|\n";
  for (const store::TableRows& table : report.rows)
    text.append("| ")
        .append(table.table)
        .append(" | ")
        .append(size_class(table.rows))
        .append(" |\n");
  std::map<std::string, std::size_t> bands;
  for (const Probe& probe : report.probes)
    ++bands["| " + probe.kind + " | " + probe.category + " | " + std::to_string(probe.status) +
            " | " + band_of(probe.milliseconds) + " | "];
  text += "\n| probe | category | status | time | number |\n|---|---|---|---|---|\n";
  for (const auto& [band, number] : bands)
    text.append(band).append(std::to_string(number)).append(" |\n");
  if (!report.samples.warnings.empty()) text += "\nWarnings of the samples:\n\n";
  for (const std::string& warning : report.samples.warnings)
    text.append("- ").append(warning).append("\n");
  return text;
}

}  // namespace bl::ops
