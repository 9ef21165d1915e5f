#pragma once

#include "lake/lake.h"
#include "ops/query_work.h"

namespace bl::ops {

/// The lake of a server, as ServerSetting names it.
struct LakeSetting {
  lake::LakeOptions options;
  QuerySetting query;
};

}  // namespace bl::ops
