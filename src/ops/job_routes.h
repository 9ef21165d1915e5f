#pragma once

#include "net/router.h"
#include "store/jobs.h"

namespace bl::ops {

/// `GET /api/v1/background-jobs`: what the servers of this store do in the background, who is at
/// it, and how it ended last (openapi_jobs.yaml). Role writer: a job's sentence may name places.
/// (`/api/v1/jobs` is of build events.) `jobs` outlives the router.
void add_job_routes(net::Router& router, store::Jobs& jobs);

}  // namespace bl::ops
