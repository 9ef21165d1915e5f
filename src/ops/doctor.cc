#include "ops/doctor.h"

#include "ops/checks/checks.h"

namespace bl::ops {

std::vector<Finding> diagnose(const DoctorRequest& request, Disk& disk, const Clock& clock) {
  Findings findings;
  for (const std::string& warning : request.setting.warnings) {
    findings.add(Finding::Severity::warning, "configuration", "environment", warning,
                 "correct the variable, or remove it");
  }
  check_folder(request.setting, findings);
  const RunningServer server = check_server(request, disk, findings);
  check_certificate(request.setting, server, clock, findings);
  check_open_files(request.setting, server, findings);
  if (request.setting.place.dialect == store::Dialect::sqlite) {
    check_sqlite(request, clock, findings);
  } else {
    check_postgres(request, clock, findings);
  }
  check_lake(request.setting, server, findings);
  return std::move(findings.list);
}

Finding::Severity worst_of(const std::vector<Finding>& findings) {
  auto worst = Finding::Severity::fine;
  for (const Finding& finding : findings) worst = std::max(worst, finding.severity);
  return worst;
}

}  // namespace bl::ops
