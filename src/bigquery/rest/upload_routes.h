#pragma once

#include "bigquery/job_routes.h"

namespace bl::bigquery {

/// Load jobs that come with their files: `/upload/bigquery/v2/projects/{project}/jobs`, multipart
/// and resumable.
void add_upload_routes(net::Router& router, JobPorts ports, const JobRouteOptions& options);

/// Who asks, and whether the job may change something for them.
void put_caller(const net::Request& request, const JobRouteOptions& options, JobRequest& job);

}  // namespace bl::bigquery
