#pragma once

#include "app/settings.h"
#include "base/log.h"

namespace bl::app {

/// Makes room for http.connections_max connections and the store's files: raises the process's
/// limit of open files as far as the system lets it. Where that is not enough, connections_max is
/// lowered to what fits and the log says so: a client too many gets its 503, instead of the store
/// an error for a file that it cannot open.
void fit_open_files(Settings& settings, Log& log);

}  // namespace bl::app
