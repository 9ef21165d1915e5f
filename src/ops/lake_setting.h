#pragma once

#include "lake/lake.h"

namespace bl::ops {

/// The lake of a server, as ServerSetting names it.
struct LakeSetting {
  lake::LakeOptions options;
};

}  // namespace bl::ops
