#pragma once

#include "engine/worker/channel.h"

namespace bl::engine {

/// The worker's whole life: setup, sandbox, one job, its answer. What the query does wrong is
/// answered over the channel. Errors: those of the channel, and of a server that breaks the
/// protocol. Private to this folder.
Result<void> serve_job(Channel& channel);

}  // namespace bl::engine
